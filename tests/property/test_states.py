"""An array in the hands of two handles and a second process, against one of NumPy."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

import zarrpy

FORMS: dict[str, dict[str, Any]] = {
    "chunks": {"chunks": (3, 4)},
    "shards": {"chunks": (3, 4), "shards": (6, 8)},
    "v2": {"chunks": (3, 4), "zarr_format": 2},
    "raw": {"chunks": (5, 2), "compressors": None, "fill_value": 7},
}

#: The other process: a line of JSON in, one out.
OTHER = """
import json, sys, numpy, zarrpy
for line in sys.stdin:
    place, op, arguments = json.loads(line)
    array = zarrpy.open_array(place, mode="r+")
    answer = None
    if op == "read":
        answer = array[...].tolist()
    elif op == "write":
        (top, bottom, left, right), value = arguments
        array[top:bottom, left:right] = value
    elif op == "resize":
        array.resize(arguments)
    elif op == "append":
        array.append(numpy.full((arguments[0], array.shape[1]), arguments[1], "i4"))
    print(json.dumps(answer), flush=True)
"""
HANDS = st.sampled_from(["first", "second", "process"])
VALUES = st.integers(0, 9)


@pytest.fixture(scope="module", autouse=True)
def other():
    """The other process, for all machines."""
    with subprocess.Popen(
        [sys.executable, "-c", OTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        Machine.other = process
        yield
        process.stdin.close()


class Machine(RuleBasedStateMachine):
    """What is done by one of them is what all of them see."""

    other: Any = None

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()

    def teardown(self) -> None:
        """Remove the array."""
        self.folder.cleanup()

    @initialize(form=st.sampled_from(sorted(FORMS)), rows=st.integers(0, 9))
    def create(self, form: str, rows: int) -> None:
        """Make it, and two handles of it."""
        self.place = str(Path(self.folder.name, "x"))
        first = zarrpy.create_array(self.place, shape=(rows, 9), dtype="i4", **FORMS[form])
        self.handles = {"first": first, "second": zarrpy.open_array(self.place, mode="r+")}
        self.fill = int(first.fill_value)
        self.model = np.full((rows, 9), self.fill, "i4")

    def ask(self, op: str, arguments: Any = None) -> Any:
        """Have the other process do something."""
        self.other.stdin.write(json.dumps([self.place, op, arguments]) + "\n")
        self.other.stdin.flush()
        return json.loads(self.other.stdout.readline())

    def hold(self, hand: str) -> Any:
        """Give a handle, opened anew when others have changed its shape."""
        if self.handles[hand].shape != self.model.shape:
            self.handles[hand] = zarrpy.open_array(self.place, mode="r+")
        return self.handles[hand]

    @rule(hand=HANDS, data=st.data(), value=VALUES)
    def write(self, hand: str, data: st.DataObject, value: int) -> None:
        """Write one value to a box; that of the fill value deletes chunks."""
        rows, columns = self.model.shape
        top, bottom = sorted(data.draw(st.tuples(*[st.integers(0, rows)] * 2)))
        left, right = sorted(data.draw(st.tuples(*[st.integers(0, columns)] * 2)))
        self.model[top:bottom, left:right] = value
        if hand == "process":
            self.ask("write", [[top, bottom, left, right], value])
        else:
            self.hold(hand)[top:bottom, left:right] = value

    @rule(hand=HANDS, rows=st.integers(0, 14), columns=st.integers(1, 14))
    def resize(self, hand: str, rows: int, columns: int) -> None:
        """Cut, or grow."""
        model = np.full((rows, columns), self.fill, "i4")
        kept = tuple(map(slice, np.minimum(model.shape, self.model.shape)))
        model[kept] = self.model[kept]
        if hand == "process":
            self.ask("resize", [rows, columns])
        else:
            self.hold(hand).resize((rows, columns))
        self.model = model

    @rule(hand=HANDS, rows=st.integers(1, 5), value=VALUES)
    def append(self, hand: str, rows: int, value: int) -> None:
        """Append rows."""
        more = np.full((rows, self.model.shape[1]), value, "i4")
        if hand == "process":
            self.ask("append", [rows, value])
        else:
            self.hold(hand).append(more)
        self.model = np.concatenate([self.model, more])

    @rule(hand=st.sampled_from(["first", "second"]))
    def reopen(self, hand: str) -> None:
        """Open it anew."""
        self.handles[hand] = zarrpy.open_array(self.place, mode="r+")

    @rule()
    def read_in_the_process(self) -> None:
        """The other process sees the same."""
        assert self.ask("read") == self.model.tolist()

    @invariant()
    def both_handles_see_the_same(self) -> None:
        """Whoever has changed it."""
        for hand in self.handles if hasattr(self, "handles") else ():
            assert np.array_equal(self.hold(hand)[...], self.model)


TestMachine = Machine.TestCase
TestMachine.settings = settings(
    max_examples=settings().max_examples // 2, stateful_step_count=20, deadline=None
)

"""Reading what strangers wrote: an error of zarrpy or right values, never a crash, hang or bomb."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from report import tell

from hostile import stored
from hostile.inputs import Hostile, inputs

if sys.platform != "linux":
    pytest.skip("needs /proc and fork: Linux", allow_module_level=True)

INPUTS = list(inputs())
TESTS = Path(__file__).parents[1]
#: How many inputs were read right, and how many refused.
PASSED: Counter[str] = Counter()


@pytest.fixture(scope="module")
def reader():
    """A process that reads each input in a child of its own."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
    command = [sys.executable, "-P", "-m", "hostile.process"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, **pipes, text=True, env=environment) as process:
        yield process
        process.stdin.close()
        assert process.wait(timeout=60) == 0
    told = ", ".join(f"{count} {how}" for how, count in sorted(PASSED.items()))
    tell("inputs of strangers", [f"{told}; 0 crashes, 0 hangs, 0 over their limit of memory"])


def outcome_of(reader, hostile: Hostile, folder: Path) -> dict:
    """Write the files of an input and have them read."""
    files = hostile.files if isinstance(hostile.files, dict) else hostile.files()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if hostile.prepare is not None:
        hostile.prepare(folder)
    reader.stdin.write(json.dumps({"folder": str(folder), "path": hostile.path}) + "\n")
    reader.stdin.flush()
    outcome: dict = json.loads(reader.stdout.readline())
    return outcome


@pytest.mark.parametrize("hostile", INPUTS, ids=lambda hostile: hostile.name)
def test_an_input_of_a_stranger_is_an_error_or_right(reader, tmp_path, hostile, slack):
    """Within seconds, and in little memory."""
    outcome = outcome_of(reader, hostile, tmp_path)

    assert "failure" not in outcome, outcome
    if hostile.harmless:
        assert "values" in outcome, outcome
    else:
        assert "error" in outcome, outcome
        assert outcome["message"]
    assert outcome["nbytes"] <= hostile.most * slack, outcome
    PASSED["read right" if hostile.harmless else "refused"] += 1


def test_there_are_enough_of_them():
    """At least 150, each under a name of its own."""
    assert len({hostile.name for hostile in INPUTS}) == len(INPUTS) >= 150


def test_arrays_they_are_made_of_are_read(reader, tmp_path):
    """What is refused above is refused for what was done to it."""
    for form, keywords in (stored.FORMS | stored.OTHERS).items():
        folder = tmp_path / form
        outcome = outcome_of(reader, Hostile(form, stored.array(keywords), harmless=True), folder)
        assert "values" in outcome, (form, outcome)

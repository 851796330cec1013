"""What is written again and again, in many layouts, and how it is told what came of it.

Run as a program, it forks writers and kills them, and checks what each of them has left:

    layouts.py LAYOUT PLACE KILLS SEED

State number n of a layout is what its nth change leaves.  A change that was reported is there;
the one that was under way is there or not, in each value as a whole.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sys
import time
import warnings
from typing import Any, ClassVar

import numpy as np

import zarrpy
from zarrpy.errors import NodeNotFoundError
from zarrpy.stores import LocalStore, SQLiteStore, ZipStore

ROWS = 4000


class Layout:
    """An array of four chunks: each change replaces all of it, and then a part of one chunk."""

    array: ClassVar = {"shape": 4 * ROWS, "chunks": ROWS, "dtype": "i4"}
    #: Values that are replaced as a whole, as elements.
    whole = ROWS
    #: The ones that are there or not together, as elements.
    together = ROWS

    def store(self, place: str) -> Any:
        """Open the store."""
        return LocalStore(place)

    def create(self, place: str) -> None:
        """Make state 0."""
        with self.store(place) as store:
            zarrpy.create_array(store, **self.array, config={"write_empty_chunks": True})[...] = 0

    def open(self, place: str) -> Any:
        """Open for writing."""
        return zarrpy.open_array(self.store(place), mode="r+")

    def change(self, node: Any, number: int) -> None:
        """Make state `number` of the one before."""
        node[...] = number
        node[100:200] = -number

    def change_once(self, place: str, number: int) -> None:
        """Open, change, and close."""
        with self.store(place) as store:
            self.change(zarrpy.open_array(store, mode="r+"), number)

    def read(self, place: str, number: int) -> None:
        """Read state `number`."""
        assert self.numbers(place) == {number}, "wrong values were read"

    def settle(self, place: str, number: int) -> None:
        """Complete a change that was under way, over what the killed writer has left."""
        with self.store(place) as store:
            array = zarrpy.open_array(store, mode="r+")
            array[...] = number
            array[100:200] = -number

    def numbers(self, place: str) -> set[int]:
        """Return the states that values are of; fail where one is of none, or of two."""
        with self.store(place) as store:
            values = zarrpy.open_array(store, mode="r")[...]
        part = values[100:200].copy()
        values[100:200] = values[0]
        pieces = values.reshape(-1, self.whole)
        assert (pieces == pieces[:, :1]).all(), "a value is torn"
        groups = values.reshape(-1, self.together)
        assert (groups == groups[:, :1]).all(), "what was written together is not there together"
        found = set(pieces[:, 0].tolist())
        assert (part == part[0]).all(), "a part is torn"
        assert abs(part[0]) == values[0], "a part is of another state"
        if part[0] == values[0] != 0:  # the part of this state has not been reported
            found.add(int(values[0]) - 1)
        return found

    def check(self, place: str, done: int | None, promised: int) -> int:
        """Look at what a killed writer has left; the state to go on from."""
        found = self.numbers(place)
        low, high = min(found), max(found)
        if done is None:  # it was killed before it could report
            assert promised <= low, (promised, found)
            assert high <= promised + 1, (promised, found)
        else:
            assert found <= {done, done + 1}, (done, found)
        return high


class Shards(Layout):
    """Shards of four chunks."""

    array: ClassVar = {"shape": 8 * ROWS, "chunks": ROWS, "shards": 4 * ROWS, "dtype": "i4"}
    whole = together = 4 * ROWS


class InZip(Layout):
    """A zip file."""

    def store(self, place: str) -> Any:
        """Open the file."""
        return ZipStore(place)


class InSQLite(Layout):
    """A SQLite file, where one assignment is one transaction."""

    together = 4 * ROWS

    def store(self, place: str) -> Any:
        """Open the file."""
        return SQLiteStore(place)


class Append(Layout):
    """An array that grows by pieces that end within chunks."""

    array: ClassVar = {"shape": (0, 3), "chunks": (16, 2), "dtype": "i4"}

    def change(self, node: Any, number: int) -> None:
        """Append a piece; begin anew when there are many."""
        if node.shape[0] > 3000:
            node.resize((0, 3))
        node.append(np.full((10, 3), number))

    def settle(self, place: str, number: int) -> None:
        """Nothing is half done."""

    def numbers(self, place: str) -> set[int]:
        """Every piece is whole, and follows the one before it."""
        values = zarrpy.open_array(place, mode="r")[...]
        pieces = values.reshape(-1, 30)
        assert (pieces == pieces[:, :1]).all(), "a piece is torn"
        first = pieces[:, 0]
        assert (np.diff(first) == 1).all(), "a piece is lost"
        return {int(first[-1])} if len(first) else self.empty(place)

    def empty(self, place: str) -> set[int]:
        """Tell the state before the first piece, or between two rows of pieces."""
        return {self.last}

    last = 0

    def check(self, place: str, done: int | None, promised: int) -> int:
        """Remember what an empty array stands for."""
        self.last = promised if done is None else done
        self.last = super().check(place, done, promised)
        return self.last


class Resize(Layout):
    """An array that grows and shrinks; what growing exposes is the fill value."""

    array: ClassVar = {"shape": (30, 7), "chunks": (8, 3), "dtype": "i4"}
    shapes = (30, 7), (9, 12), (21, 2)

    def change(self, node: Any, number: int) -> None:
        """Take another shape, and write all of it."""
        node.resize(self.shapes[number % 3])
        node[...] = number

    def read(self, place: str, number: int) -> None:
        """Read without growing it."""
        values = zarrpy.open_array(place, mode="r")[...]
        assert values.shape == self.shapes[number % 3]
        assert (values == number).all(), "wrong values were read"

    def settle(self, place: str, number: int) -> None:
        """Write what the shape is there for."""
        zarrpy.open_array(place, mode="r+")[...] = number

    def numbers(self, place: str) -> set[int]:
        """The shape of a state, and in it values of that state, the one before, or fill."""
        array = zarrpy.open_array(place, mode="r")
        values = array[...]
        found = set(np.unique(values).tolist()) - {0}
        shape = self.shapes.index(array.shape)
        grown = zarrpy.open_array(place, mode="r+")
        grown.resize((40, 20))
        rest = grown[...]
        assert np.array_equal(rest[: array.shape[0], : array.shape[1]], values)
        rest[: array.shape[0], : array.shape[1]] = 0
        assert not rest.any(), "growing shows old values"
        grown.resize(array.shape)
        newest = max(found, default=0)
        if shape == newest % 3:
            return found or {0}
        assert shape == (newest + 1) % 3, "a shape of no state"
        assert len(found) <= 1, "resized before all was written"
        return found | {newest, newest + 1}


class Attributes(Layout):
    """Attributes of a group, many in one change."""

    def create(self, place: str) -> None:
        """Make state 0."""
        zarrpy.create_group(place, attributes={"number": 0, "text": ""})

    def open(self, place: str) -> Any:
        """Open for writing."""
        return zarrpy.open_group(place, mode="r+")

    def change_once(self, place: str, number: int) -> None:
        """Open and change."""
        self.change(self.open(place), number)

    def change(self, node: Any, number: int) -> None:
        """Change two of them in one step."""
        node.attrs.update(number=number, text="x" * (number * 7919 % 9000))

    def settle(self, place: str, number: int) -> None:
        """Nothing is half done."""

    def numbers(self, place: str) -> set[int]:
        """Both are of one state."""
        attributes = zarrpy.open_group(place, mode="r").attrs
        number = attributes["number"]
        assert len(attributes["text"]) == number * 7919 % 9000, "an attribute is of another state"
        return {number}


class Moves(Attributes):
    """A group with an array in it, which is given another name again and again."""

    def create(self, place: str) -> None:
        """Make state 0, with the files of somebody else in it."""
        group = zarrpy.create_group(place).create_group("0/inner", attributes={"mine": 1})
        group.create_array("data", data=np.arange(40), chunks=10)
        with open(os.path.join(place, "0", "notes"), "w") as file:
            file.write("mine")

    def change(self, node: Any, number: int) -> None:
        """Move it to the name of the new state."""
        node.move(str(number - 1), str(number))

    def numbers(self, place: str) -> set[int]:
        """There is one, and it is whole."""
        group = zarrpy.open_group(place, mode="r+")
        ((name, _),) = group.groups()
        assert np.array_equal(group[name]["inner/data"][...], np.arange(40)), "data are lost"
        assert group[name]["inner"].attrs["mine"] == 1
        return {int(name)}


class Overwrite(Attributes):
    """An array that is replaced by a new one of another shape."""

    def create(self, place: str) -> None:
        """Make state 0."""
        self.change(zarrpy.create_group(place), 0)

    def change(self, node: Any, number: int) -> None:
        """Write a new array in its place."""
        data = np.full(1 + number % 4, number)
        node.create_array("a", data=data, chunks=1, overwrite=True)

    def numbers(self, place: str) -> set[int]:
        """It is whole, and nothing of another is beside it."""
        array = zarrpy.open_array(os.path.join(place, "a"), mode="r+")
        number = int(array[0])
        assert array[...].tolist() == [number] * (1 + number % 4), "two arrays in one"
        return {number}


class Copies(Overwrite):
    """An array that is replaced by a copy of another one, from file to file."""

    def change(self, node: Any, number: int) -> None:
        """Write another one, and copy it into its place."""
        data = np.full(1 + number % 4, number)
        made = node.create_array("made", data=data, chunks=1, overwrite=True)
        zarrpy.copy(made, node, "a", if_exists="replace")


class Create(Attributes):
    """A group in which arrays with data are created where nothing was; two stay."""

    def create(self, place: str) -> None:
        """Make state 0."""
        self.change(zarrpy.create_group(place), 0)

    def change(self, node: Any, number: int) -> None:
        """Create the next one."""
        node.create_array(str(number), data=np.full(12, number), chunks=3, fill_value=-1)
        with contextlib.suppress(KeyError):
            del node[str(number - 2)]

    def numbers(self, place: str) -> set[int]:
        """Each that is there is whole."""
        found = {
            int(name): array[...].tolist() for name, array in zarrpy.open_group(place).arrays()
        }
        assert all(values == [number] * 12 for number, values in found.items()), "a part is there"
        return {max(found)}


class Transaction(Attributes):
    """Two arrays and an attribute that change in one transaction, in which arrays come and go."""

    def store(self, place: str) -> Any:
        """Open the store."""
        return LocalStore(place)

    def create(self, place: str) -> None:
        """Make state 0."""
        with self.store(place) as store:
            group = zarrpy.create_group(store, attributes={"number": 0})
            for name in "ab":
                group.create_array(name, shape=9, chunks=4, dtype="i4", fill_value=-1)[...] = 0
            group.create_array("new/0", data=[0])

    def open(self, place: str) -> Any:
        """Open for writing."""
        return zarrpy.open_group(self.store(place), mode="r+")

    def change_once(self, place: str, number: int) -> None:
        """Open, change, and close."""
        with self.store(place) as store:
            self.change(zarrpy.open_group(store, mode="r+"), number)

    def change(self, node: Any, number: int) -> None:
        """Change all of it."""
        with zarrpy.transaction(node):
            node["a"][...] = number
            node["b"][:5] = number
            node["b"][5:] = number
            node.attrs["number"] = number
            node.create_array(f"new/{number}", data=[number])
            del node[f"new/{number - 1}"]

    def numbers(self, place: str) -> set[int]:
        """All is of one state."""
        with self.store(place) as store:
            group = zarrpy.open_group(store, mode="r")
            number = group.attrs["number"]
            found = {number, *group["a"][...].tolist(), *group["b"][...].tolist()}
            assert found == {number}, "a part of a transaction is there"
            assert list(group["new"]) == [str(number)]
            assert group[f"new/{number}"][...].tolist() == [number]
        return {number}


class TransactionInSQLite(Transaction):
    """The same in a SQLite file."""

    def store(self, place: str) -> Any:
        """Open the file."""
        return SQLiteStore(place)


class Nodes(Attributes):
    """A group of arrays: a new one is created in it, by its own path, and the old one deleted."""

    def create(self, place: str) -> None:
        """Make state 0."""
        zarrpy.create_group(place)
        self._create(place, 0)

    def open(self, place: str) -> Any:
        """Name the place."""
        return place

    def _create(self, place: str, number: int) -> None:
        path = os.path.join(place, f"in/{number}/a")
        zarrpy.create_array(path, data=np.full(50, number), chunks=20, fill_value=-1)

    def change(self, node: Any, number: int) -> None:
        """Create the new one, then delete the old one."""
        self._create(node, number)
        zarrpy.delete(os.path.join(node, f"in/{number - 1}/a"))

    def settle(self, place: str, number: int) -> None:
        """Leave the one of this state."""
        for folder in os.listdir(os.path.join(place, "in")):
            with contextlib.suppress(NodeNotFoundError):
                if int(folder) != number:
                    zarrpy.delete(os.path.join(place, f"in/{folder}/a"))

    def numbers(self, place: str) -> set[int]:
        """Those that are there are whole."""
        found = set()
        for folder in os.listdir(os.path.join(place, "in")):
            with contextlib.suppress(NodeNotFoundError):
                values = zarrpy.open_array(os.path.join(place, f"in/{folder}/a"), mode="r")[...]
                assert values.tolist() == [int(folder)] * 50, "a part is there"
                found.add(int(folder))
        assert found, "both are gone"
        return found


LAYOUTS = {
    "nodes": Nodes,
    "chunks": Layout,
    "shards": Shards,
    "zip": InZip,
    "sqlite": InSQLite,
    "append": Append,
    "resize": Resize,
    "attributes": Attributes,
    "moves": Moves,
    "create": Create,
    "transaction": Transaction,
    "transaction in sqlite": TransactionInSQLite,
    "overwrite": Overwrite,
    "copies": Copies,
}


def write(layout: Layout, place: str, first: int, out: int) -> None:
    """Make changes until killed; report each."""
    node = layout.open(place)
    for number in range(first, first + 10**6):
        layout.change(node, number)
        os.write(out, b"%d\n" % number)


def kill(layout: Layout, place: str, first: int, *, waits: bool) -> int | None:
    """Fork a writer, kill it after a while, and return the last change that it reported."""
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(receive)
            write(layout, place, first, send)
        except BaseException:
            import traceback

            traceback.print_exc()
        os._exit(1)
    os.close(send)
    told = os.read(receive, 64) if waits else b""
    time.sleep(random.uniform(0, 0.03))
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    with os.fdopen(receive, "rb") as rest:
        lines = (told + rest.read()).split(b"\n")[:-1]
    assert os.WIFSIGNALED(status), "the writer failed by itself"
    return int(lines[-1]) if lines else None


def main(name: str, place: str, kills: int, seed: int) -> dict[str, int]:
    """Kill writers; what was counted."""
    random.seed(seed)
    warnings.simplefilter("ignore")  # a zip file that has no directory says so
    layout = LAYOUTS[name]()
    layout.create(place)
    promised = state = 0
    under_way = 0
    for _ in range(kills):
        done = kill(layout, place, state + 1, waits=random.random() < 0.8)
        state = layout.check(place, done, promised)
        under_way += state != (promised if done is None else done)
        layout.settle(place, state)
        promised = state
    left = clean(layout, place)
    return {"kills": kills, "changes": promised, "under way and there": under_way, **left}


def clean(layout: Layout, place: str) -> dict[str, int]:
    """Remove what killed writers have left; nothing else is wrong, and nothing stays."""
    with layout.store(place) as store:
        zarrpy.repair(store)
        report = zarrpy.verify(store, deep=True)
        assert report.ok, str(report)
    left = 0
    if isinstance(layout.store(place), LocalStore):
        left = sum(name.endswith("__lock") for _, _, names in os.walk(place) for name in names)
        assert left == 0, "repair left temporary files"
    return {"temporary files left": left}


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))))

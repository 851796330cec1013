"""Readers of arrays that others replace: what was being moved is not taken for never written."""

import subprocess
import sys

import numpy as np
import pytest
from report import tell

import zarrpy
from zarrpy import small_reads
from zarrpy._native.small import SmallReader
from zarrpy.engine import pool
from zarrpy.errors import NodeNotFoundError, StaleArrayError
from zarrpy.stores import SQLiteStore

OLD = np.arange(1, 41).reshape(8, 5)
LAYOUTS = {"chunks": {"chunks": (2, 5)}, "shards": {"chunks": (1, 5), "shards": (2, 5)}}


def half_replaced(store, layout, **changes):
    """Store an array of which the chunks have gone; returns a handle, and who brings a new one."""
    keywords = {"chunks": (2, 5), "fill_value": -1} | LAYOUTS[layout]
    array = zarrpy.create_array(store, name="a", data=OLD, **keywords)
    for key in [key for key in store.list("a/") if not key.endswith("zarr.json")]:
        store.delete(key)
    keywords |= {"data": OLD + 100, **changes}
    return array, lambda: zarrpy.create_array(store, name="a", overwrite=True, **keywords)


@pytest.fixture
def after_reading(monkeypatch):
    """Have something done after each batch that reads; gives a list of what is left to do."""
    left, run = [], pool.run

    def runs(batch, *args):
        run(batch, *args)
        if not batch.writing and left:
            left.pop(0)()

    class Reader:
        """A `SmallReader` after whose reading the same is done."""

        def __init__(self, *args):
            self._reader = SmallReader(*args)
            self.is_current = self._reader.is_current

        def read(self, key):
            """Read, then do it."""
            found = self._reader.read(key)
            if found is not None and left:
                left.pop(0)()
            return found

    monkeypatch.setattr(pool, "run", runs)
    monkeypatch.setattr(small_reads, "SmallReader", Reader)
    return left


READERS = {
    "whole": lambda array: array[...],
    "a row": lambda array: np.concatenate([array[i : i + 1] for i in range(8)]),
    "error": lambda array: array.read(missing="error"),
    "mask": lambda array: array.read(missing="mask").filled(-1),
    "sum": lambda array: array.sum() - OLD.size * 100 - OLD.sum() + OLD + 100,
}


@pytest.mark.parametrize("has_looked", [False, True])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_chunks_on_their_way_are_not_taken_for_fill_values(
    store, body, after_reading, read, layout, has_looked
):
    """Who finds none, and afterwards an array alike, reads again."""
    array, bring = half_replaced(store, layout)
    if has_looked:
        assert array[0, 0] == -1
    after_reading.append(bring)

    values = read(array)

    assert after_reading == []
    assert np.array_equal(values, OLD + 100)


def test_chunks_of_a_database_are_looked_for_again(tmp_path, after_reading):
    """There a replacement is several transactions."""
    store = SQLiteStore(tmp_path / "x.sqlite")
    array, bring = half_replaced(store, "chunks")
    after_reading.append(bring)

    assert np.array_equal(array[...], OLD + 100)


def test_another_array_that_came_is_named(store, body, after_reading):
    """Its chunks mean something else."""
    array, bring = half_replaced(store, "chunks", data=OLD.astype("f4"))
    after_reading.append(bring)

    with pytest.raises(StaleArrayError, match="data type"):
        array[...]


def test_a_sparse_array_whose_attributes_change_all_the_time_is_read(
    store, body, after_reading, monkeypatch
):
    """Once more, and as long as there is patience."""
    monkeypatch.setattr(sys.modules["zarrpy.array"], "_PATIENCE", 0)
    array = zarrpy.create_array(store, shape=8, dtype="i4", fill_value=-1)
    other = zarrpy.open(store, mode="r+")
    changes = [lambda k=k: other.attrs.update(k=k) for k in range(10)]
    after_reading += changes

    assert array[...].tolist() == [-1] * 8
    assert 1 <= len(changes) - len(after_reading) <= 3


def test_an_array_of_which_nothing_is_absent_is_read_once(store, body, after_reading):
    """Whatever happens to its document."""
    array = zarrpy.create_array(store, data=OLD)
    other = zarrpy.open(store, mode="r+")
    changes = [lambda k=k: other.attrs.update(k=k) for k in range(10)]
    after_reading += changes

    assert np.array_equal(array.read(), OLD)
    assert len(changes) - len(after_reading) == 1


REPLACER = """
import sys, numpy, zarrpy
print("ready", flush=True)
number = 0
while True:
    number += 1
    data = numpy.full((8, 8), number)
    zarrpy.create_array(sys.argv[1], name="a", data=data, chunks=1, overwrite=True)
"""


def read_beside(place, most):
    """Read an array so often, while a process replaces it without end; returns how often."""
    zarrpy.create_array(place, name="a", data=np.full((8, 8), 1), chunks=1)
    replacer = subprocess.Popen([sys.executable, "-c", REPLACER, place], stdout=subprocess.PIPE)
    nread = invented = 0
    try:
        replacer.stdout.readline()
        for _ in range(most):
            try:
                values = zarrpy.open(place, path="a", mode="r")[...]
            except NodeNotFoundError:
                continue  # between two of them
            nread += 1
            invented += bool((values == 0).any())
        assert replacer.poll() is None
    finally:
        replacer.terminate()
        replacer.stdout.close()
        replacer.wait(20)
    assert invented == 0
    return nread


def test_readers_of_an_array_that_is_replaced_without_end_invent_nothing(tmp_path):
    """Each element is one that was stored."""
    assert read_beside(tmp_path / "x", 300)


@pytest.mark.long
def test_many_readers_of_an_array_that_is_replaced_without_end_invent_nothing(tmp_path):
    """One read in thousands would, if chunks were not looked for again."""
    nread = read_beside(tmp_path / "x", 20_000)

    tell("races", [f"replace+read: {nread} reads, 0 with what nobody has stored"])

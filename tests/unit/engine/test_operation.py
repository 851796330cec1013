"""Tests of `zarrpy.engine.operation`: one body, two faces."""

import asyncio
import inspect
import pickle
import pydoc

import pytest

import zarrpy
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.operation import entry, function, operation
from zarrpy.engine.requests import Fetch, Put
from zarrpy.errors import NodeNotFoundError
from zarrpy.stores import LocalStore, MemoryStore


class Shelf:
    """Something that has a store."""

    def __init__(self):
        self.store = MemoryStore()

    @operation
    def keep(self, key, value):
        """Keep a value; return the one before."""
        (before,) = yield Fetch((key,))
        yield Put(((key, value),))
        return before

    @operation
    def keep_twice(self, key, value):
        """Be made of other operations."""
        yield from self.keep.steps(key, value)
        return (yield from self.keep.steps(key, value + value))


def test_an_operation_is_called_or_awaited():
    """With the same result."""
    shelf = Shelf()

    assert shelf.keep("a", b"1") is None
    assert asyncio.run(shelf.keep.aio("a", value=b"2")) == b"1"
    assert shelf.store.get("a") == b"2"


def test_an_operation_can_be_part_of_another():
    """By its steps, in one drive."""
    shelf = Shelf()

    assert shelf.keep_twice("a", b"1") == b"1"
    assert shelf.store.get("a") == b"11"


def test_the_steps_do_nothing_by_themselves():
    """They are requests, until somebody answers."""
    shelf = Shelf()

    steps = shelf.keep.steps("a", b"1")

    assert next(steps) == Fetch(("a",))
    assert steps.send([None]) == Put((("a", b"1"),))
    assert shelf.store.get("a") is None


def test_an_operation_keeps_its_documentation():
    """Help shows what was written, and the arguments."""
    assert Shelf.keep.__doc__ == "Keep a value; return the one before."
    assert zarrpy.create_array.__doc__.startswith("Create an array.")
    assert "compressors" in inspect.signature(zarrpy.create_array).parameters


def test_an_operation_of_an_object_is_documented_as_a_bound_method_is():
    """What ``array.read?`` and completion show is not that it takes anything."""
    array = zarrpy.create_array({}, data=[1, 2, 3])

    shown = inspect.signature(array.read)

    assert inspect.getdoc(array.read).startswith("Read a selection.")
    assert list(shown.parameters)[:2] == ["selection", "out"]
    assert "Steps" not in str(shown.return_annotation)
    assert array.read.__name__ == "read"
    assert "Array.read of <zarrpy.Array" in repr(array.read)
    assert "Read a selection." in pydoc.plain(pydoc.render_doc(array.read))


def test_an_operation_of_an_object_is_equal_pickled_and_hashed_as_a_bound_method_is(tmp_path):
    """So ``pool.map(array.read, selections)`` works with processes."""
    array = zarrpy.create_array(tmp_path / "a", data=[1, 2, 3])
    other = zarrpy.open(tmp_path / "a")

    assert array.read == array.read
    assert array.read != other.read
    assert array.read != array.write
    assert len({array.read, array.read, other.read}) == 2
    assert pickle.loads(pickle.dumps(array.read))(1) == 2


def test_an_entry_begins_with_what_stands_for_a_store(tmp_path):
    """A path, a mapping, a store, or nothing, which is memory."""

    @entry
    def which(store, *, storage_options=None):
        return store
        yield

    assert isinstance(which(tmp_path), LocalStore)
    assert isinstance(which({}), MemoryStore)
    assert isinstance(which(), MemoryStore)
    assert isinstance(asyncio.run(which.aio(store=tmp_path)), LocalStore)


def test_an_entry_says_in_its_errors_where_the_store_is(tmp_path):
    """In both faces."""
    for call in (
        lambda: zarrpy.open(tmp_path / "x", path="a"),
        lambda: asyncio.run(zarrpy.open.aio(tmp_path / "x", path="a")),
    ):
        with pytest.raises(NodeNotFoundError, match=str(tmp_path / "x" / "a")):
            call()


def test_blocking_calls_work_in_a_running_loop(tmp_path):
    """There is no loop of ours that could get in the way."""

    async def main():
        array = zarrpy.create_array(tmp_path / "a", data=[1, 2, 3])
        return array[...].tolist(), (await array.read.aio()).tolist()

    assert asyncio.run(main()) == ([1, 2, 3], [1, 2, 3])


def test_a_function_of_several_stores_names_them_in_its_requests():
    """Its own store is none; the steps are the same in both faces."""

    @function
    def copied(source, target, key):
        (value,) = yield from elsewhere(source, shelf(Fetch((key,))))
        yield from elsewhere(target, shelf(Put(((key, value),))))

    def shelf(request):
        return (yield request)

    ours, theirs = MemoryStore({"a": b"1", "b": b"2"}), MemoryStore()

    copied(ours, theirs, "a")
    asyncio.run(copied.aio(ours, theirs, "b"))

    assert dict(theirs._values) == {"a": b"1", "b": b"2"}
    first = next(copied.steps(ours, theirs, "a"))
    assert (first.store, first.request) == (ours, Fetch(("a",)))

"""Whatever is cancelled is as it was, or done: tried at every request of every operation."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zarrpy
from zarrpy.engine import drive
from zarrpy.stores import LocalStore, MemoryStore, Store

#: More than any operation here has; the last that is tried must come to its end.
MOST_REQUESTS = 120


class Interruption:
    """Runs an operation and cancels it while a certain one of its requests is answered."""

    def __init__(self, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
        self.nrequests = 0
        self._at = at
        self._in_thread = drive._in_thread
        monkeypatch.setattr(drive, "_in_thread", self._counted)

    def run(self, operation: Coroutine[Any, Any, Any]) -> bool:
        """Run it; whether the cancellation was heard."""

        async def main() -> None:
            self._loop = asyncio.get_running_loop()
            self._task = asyncio.create_task(operation)
            await self._task

        try:
            asyncio.run(main())
        except asyncio.CancelledError:
            return True
        return False

    async def _counted(self, work: Callable[[], Any], *more: Any) -> Any:
        """Answer at once; when it is time, in a thread, from which the task is cancelled."""
        self.nrequests += 1
        if self.nrequests != self._at:
            return work()

        def interrupted() -> Any:
            self._loop.call_soon_threadsafe(self._task.cancel)
            asyncio.run_coroutine_threadsafe(asyncio.sleep(0), self._loop).result(60)
            return work()

        return await self._in_thread(interrupted, *more)


def _begin(store: Store, zarr_format: int, consolidated: bool) -> None:
    """Store a hierarchy: arrays of several chunks, in groups."""
    nodes = {
        "": {"attributes": {"title": "old"}},
        "a": {"data": np.arange(6), "chunks": 2, "attributes": {"units": "m"}},
        "g/b": {"data": np.ones((2, 2)), "chunks": 1},
        "odd": {"data": np.arange(5), "chunks": 4},
        "g/h": None,
    }
    zarrpy.create_hierarchy(store, nodes, zarr_format=zarr_format)
    if consolidated:
        zarrpy.consolidate_metadata(store)


LARGE = {"data": np.arange(8), "chunks": 2}

OPERATIONS: dict[str, Callable[[Any, Store], Coroutine[Any, Any, Any]]] = {
    "create_group": lambda g, _: g.create_group.aio("x/y/z", attributes={"n": 1}),
    "create_group, overwrite": lambda g, _: g.create_group.aio("g", overwrite=True),
    "create_array": lambda g, _: g.create_array.aio("x/y", shape=4, dtype="i4"),
    "create_array of data": lambda g, _: g.create_array.aio("x/y", **LARGE),
    "create_array, overwrite": lambda g, _: g.create_array.aio("a", **LARGE, overwrite=True),
    "create_hierarchy": lambda g, _: g.create_hierarchy.aio(
        {"x/y": LARGE, "x/z": None, "q": LARGE}
    ),
    "create_hierarchy, overwrite": lambda g, _: g.create_hierarchy.aio(
        {"a": LARGE, "g": None, "g/new": LARGE, "q": LARGE}, overwrite=True
    ),
    "require_group": lambda g, _: g.require_group.aio("x/y"),
    "require_array": lambda g, _: g.require_array.aio("x/y", shape=4, dtype="i4"),
    "zeros": lambda g, _: g.zeros.aio("z", 5, dtype="i4"),
    "set": lambda g, _: g.set.aio("g", np.arange(3)),
    "set an array": lambda g, _: g.set.aio("x/copy", g["a"]),
    "delete": lambda g, _: g.delete.aio("g"),
    "move": lambda g, _: g.move.aio("g", "x/y/moved"),
    "rename": lambda g, _: g.rename.aio("a", "renamed"),
    "copy": lambda g, _: g.copy.aio("g", "x/copied"),
    "copy, overwrite": lambda g, _: g.copy.aio("a", "g", overwrite=True),
    "attributes, update": lambda g, _: g["a"].attrs.update.aio(n=1, m=2),
    "attributes, put": lambda g, _: g.attrs.put.aio({"n": 1}),
    "attributes, clear": lambda g, _: g["g"].attrs.clear.aio(),
    "update_attributes": lambda g, _: g["g/b"].update_attributes.aio({"n": 1}),
    "consolidate_metadata": lambda g, _: zarrpy.consolidate_metadata.aio(g.store),
    "remove_consolidated": lambda g, _: zarrpy.remove_consolidated.aio(g.store),
    "zarrpy.delete": lambda g, _: zarrpy.delete.aio(g.store, "g"),
    "zarrpy.copy": lambda g, other: zarrpy.copy.aio(g, other, "x/y"),
    "zarrpy.copy_all": lambda g, other: zarrpy.copy_all.aio(g, other),
    "zarrpy.copy_store": lambda g, other: zarrpy.copy_store.aio(g.store, other, "", "x"),
    "zarrpy.move": lambda g, other: zarrpy.move.aio(g["g"], other, "x/y"),
    "zarrpy.save": lambda g, other: zarrpy.save.aio(other, a=np.arange(3), b=g["a"]),
    "zarrpy.save, one": lambda g, other: zarrpy.save.aio(other, np.arange(3)),
    "zarrpy.from_array": lambda g, other: zarrpy.from_array.aio(other, data=g["a"], chunks=4),
    "zarrpy.create_group": lambda g, other: zarrpy.create_group.aio(other, path="x/y"),
    "append": lambda g, _: g["a"].append.aio(np.arange(9)),
    "append within a chunk": lambda g, _: g["odd"].append.aio(np.arange(3)),
    "resize, longer": lambda g, _: g["a"].resize.aio(9),
    "resize, shorter": lambda g, _: g["a"].resize.aio(3),
    "resize, cut a chunk": lambda g, _: g["odd"].resize.aio(2),
    "zarrpy.convert": lambda g, _: zarrpy.convert.aio(
        g.store, zarr_format=5 - g.metadata.zarr_format
    ),
}  # fmt: skip


@pytest.fixture
def new_store(kind: str, tmp_path: Path) -> Callable[[str], Store]:
    """A function that makes empty stores."""
    if kind == "memory":
        return lambda name: MemoryStore()
    return lambda name: LocalStore(tmp_path / name)


def _states(
    operation: Callable[..., Coroutine[Any, Any, Any]],
    new_store: Callable[[str], Store],
    contents: Callable[[Store], dict[str, bytes]],
    begin: Callable[[Store], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Cancel at each request in turn, until there are no more; each time look what is stored."""
    seen = []
    for at in range(MOST_REQUESTS):
        stores = [new_store(f"{name}{at}") for name in ("ours", "theirs")]
        begin(stores[0])
        before = [contents(store) for store in stores]
        group = zarrpy.open_group(stores[0])
        coroutine = operation(group, stores[1])
        with monkeypatch.context() as patch:
            interruption = Interruption(at, patch)
            heard = interruption.run(coroutine)
        after = [contents(store) for store in stores]
        seen.append((at, heard, before, after, interruption.nrequests))
        if at and interruption.nrequests < at:
            break
    else:
        raise AssertionError("the operation has more requests than are tried")
    old, new = seen[0][2], seen[0][3]  # of the run that was never cancelled
    assert not seen[0][1]
    assert old != new or len(seen) > 1
    for at, heard, _, after, _ in seen[1:-1]:
        assert heard, f"nobody heard of the cancellation at request {at}"
        wrong = [
            sorted(key for key in {*a, *o, *n} if a.get(key) not in (o.get(key), n.get(key)))
            for a, o, n in zip(after, old, new, strict=True)
        ]
        assert after in (old, new), f"half done at request {at} of {len(seen) - 2}: {wrong}"
    assert seen[-1][3] == new


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(
    ("kind", "zarr_format", "consolidated"),
    [("memory", 3, False), ("memory", 2, True), ("local", 3, False)],
)
def test_what_is_cancelled_is_as_it_was_or_done(
    name, zarr_format, consolidated, new_store, contents, monkeypatch
):
    """Byte by byte, in all stores that take part, whichever request is in hand."""
    begin = partial(_begin, zarr_format=zarr_format, consolidated=consolidated)

    _states(OPERATIONS[name], new_store, contents, begin, monkeypatch)


@pytest.mark.parametrize("kind", ["memory", "local"])
@pytest.mark.parametrize("name", ["delete", "move", "create_array of data", "zarrpy.copy", "set"])
def test_what_is_consolidated_in_v3_is_true_whenever_an_operation_is_cancelled(
    name, new_store, contents, monkeypatch
):
    """The document of the root is part of the state."""
    begin = partial(_begin, zarr_format=3, consolidated=True)

    _states(OPERATIONS[name], new_store, contents, begin, monkeypatch)


@pytest.mark.parametrize("kind", ["memory", "local"])
@pytest.mark.parametrize("at", range(1, 4))
def test_a_cancelled_write_leaves_each_chunk_old_or_new(at, new_store, monkeypatch):
    """Of an array that is there, chunks are written one by one."""
    store = new_store("ours")
    array = zarrpy.create_array(store, data=np.zeros((4, 4), "i4"), chunks=(2, 2))

    with monkeypatch.context() as patch:
        Interruption(at, patch).run(array.write.aio(..., np.ones((4, 4))))

    values = array[...]
    for i in (0, 2):
        for j in (0, 2):
            assert len(set(values[i : i + 2, j : j + 2].flat)) == 1


def test_cancelling_again_and_again_changes_nothing(contents):
    """What is being cleaned up, or finished, is."""
    store = MemoryStore()
    _begin(store, 3, True)
    before = contents(store)
    group = zarrpy.open_group(store)

    async def main():
        task = asyncio.create_task(group.create_array.aio("x/y", **LARGE))
        while not task.done():
            await asyncio.sleep(0)
            task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())

    assert contents(store) == before

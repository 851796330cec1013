"""What bench/py/growth.py measures at several sizes, and how much it may grow.

The laws: opening, selecting and resizing look at what is asked for and at what is stored, never at
the grid; members and points cost the same each, however many; and so do chunks. Limits are far
from what a quiet machine shows (0.9 to 1.2), so that load does not break them; what grows with the
grid grows by 10,000 here, and what sorts or looks up by more than its share by 10 or more.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import zarrpy

#: Seconds in these units.
UNITS = {"ms": 1e3, "µs": 1e6, "ns": 1e9}
GRIDS = (10**4, 10**5, 10**6, 10**7, 10**8)
MEMBERS = (10, 100, 1000)
POINTS = (10**4, 10**5, 10**6)
CHUNKS = (1, 4, 16, 64, 256)
#: Elements of a chunk of 64 KB, and of the square that points are taken from.
CHUNK, SIDE = 1 << 14, 4096


@dataclass(frozen=True)
class Step:
    """What is timed, and what has to be made ready for it."""

    run: Callable[[], object]
    before: Callable[[], object] | None = None


@dataclass(frozen=True)
class Question:
    """Something whose time is measured at several sizes.

    Parameters
    ----------
    title, unit : str
    counted : str
        What there are more and more of.
    sizes : sequence of int
    prepare : callable
        Makes, in a new store and for a size, what is to be done.
    since : int
        The size that the last one is compared with.
    most : float, optional
        How many times as long it may take there.
    each : bool
        The time is that of one of the counted.
    """

    title: str
    unit: str
    counted: str
    sizes: Sequence[int]
    prepare: Callable[[Any, int], Step]
    since: int
    most: float | None = None
    each: bool = False


# ------------------------------------------------------------------------------------ large grids


def grid(store: Any, nchunks: int) -> zarrpy.Array:
    """Make an array of so many chunks, of which few are stored."""
    shape = (100 * 2, nchunks // 100 * 2)
    array = zarrpy.create_array(store, shape=shape, chunks=(2, 2), dtype="u1")
    fill(array)
    return array


def fill(array: zarrpy.Array) -> None:
    """Store chunks at the beginning, and one at the end."""
    array[:4, :4] = 1
    array[-1, -1] = 1


def opening(store: Any, nchunks: int) -> Step:
    """Open an array."""
    grid(store, nchunks)
    return Step(lambda: zarrpy.open_array(store, mode="r"))


def selecting(store: Any, nchunks: int) -> Step:
    """Read a window of nine chunks, four of which are stored."""
    array = grid(store, nchunks)
    assert int(array[1:5, 1:5].sum()) == 9
    return Step(lambda: array[1:5, 1:5])


def resizing(store: Any, nchunks: int) -> Step:
    """Halve an array, and make it as large as it was."""
    array = grid(store, nchunks)
    full = array.shape
    half = tuple(n // 2 for n in full)

    def resize() -> None:
        array.resize(half)
        array.resize(full)

    return Step(resize, lambda: fill(array))


# ---------------------------------------------------------------------------------------- members


def family(store: Any, count: int) -> zarrpy.Group:
    """Make a group of so many arrays."""
    group = zarrpy.create_group(store)
    for i in range(count):
        group.create_array(f"a{i}", shape=4, chunks=2, dtype="i4")
    return group


def opening_a_group(store: Any, count: int) -> Step:
    """Open a group."""
    family(store, count)
    return Step(lambda: zarrpy.open_group(store, mode="r"))


def listing(store: Any, count: int) -> Step:
    """Open all members of a group."""
    group = family(store, count)
    assert len(dict(group.members())) == count
    return Step(lambda: dict(group.members()))


# ----------------------------------------------------------------------------------------- points


def gathering(**layout: Any) -> Callable[[Any, int], Step]:
    """Read elements all over an array, one by one."""

    def prepare(store: Any, count: int) -> Step:
        values = np.arange(SIDE * SIDE, dtype="i4").reshape(SIDE, SIDE)
        array = zarrpy.create_array(store, data=values, compressors=None, **layout)
        rows, columns = np.random.default_rng(1).integers(0, SIDE, (2, count))
        assert np.array_equal(array[rows, columns], values[rows, columns])
        return Step(lambda: array[rows, columns])

    return prepare


# ----------------------------------------------------------------------------------- whole arrays


def whole(store: Any, count: int) -> tuple[zarrpy.Array, np.ndarray[Any, Any]]:
    """Make an array of so many chunks of 64 KB, all of them stored."""
    values = np.arange(count * CHUNK, dtype="f4")
    return zarrpy.create_array(store, data=values, chunks=CHUNK), values


def reading(store: Any, count: int) -> Step:
    """Read an array into memory that is there."""
    array, values = whole(store, count)
    out = np.empty_like(values)
    assert np.array_equal(array.read(out=out), values)
    return Step(lambda: array.read(out=out))


def writing(store: Any, count: int) -> Step:
    """Write an array over what it was."""
    array, values = whole(store, count)
    return Step(lambda: array.write(..., values))


QUESTIONS = (
    Question("open an array", "µs", "chunks", GRIDS, opening, GRIDS[0], 3),
    Question("read a window of 4x4 elements", "µs", "chunks", GRIDS, selecting, GRIDS[0], 3),
    Question("halve an array and make it whole", "µs", "chunks", GRIDS, resizing, GRIDS[0], 3),
    Question("open a group", "µs", "members", MEMBERS, opening_a_group, MEMBERS[0], 3),
    Question("open all members, one", "µs", "members", MEMBERS, listing, MEMBERS[0], 2, True),
    Question(
        "read points, chunks of 64 KB, one", "ns", "points", POINTS,
        gathering(chunks=(128, 128)), POINTS[0], 2, True,
    ),
    Question(
        "read points, shards of 64 KB chunks, one", "ns", "points", POINTS,
        gathering(chunks=(128, 128), shards=(2048, 2048)), POINTS[0], 2, True,
    ),
    Question("read chunks of 64 KB, one", "µs", "chunks", CHUNKS, reading, 4, 1.5, True),
    Question("write chunks of 64 KB, one", "µs", "chunks", CHUNKS, writing, 4, None, True),
)  # fmt: skip

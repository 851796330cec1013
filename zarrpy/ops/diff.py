"""What is different between two arrays, or two hierarchies."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.array import Array
from zarrpy.display.progress import Progress
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.operation import function
from zarrpy.ops.blocks import Blocks
from zarrpy.ops.nodes import nodes_below
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.group import Group


@dataclass(frozen=True)
class Change:
    """One thing in which two nodes differ.

    Attributes
    ----------
    path : str
        Relative to what was compared.
    what : {"only in first", "only in second", "kind", "shape", "dtype", "fill_value", \
            "dimension_names", "attributes", "elements"}
    first, second : object
        What each of them has; of elements, the first that differ.
    count : int
        Elements that differ.
    index : tuple of int or None
        Where the first of them is.
    """

    path: str
    what: str
    first: Any = None
    second: Any = None
    count: int = 0
    index: tuple[int, ...] | None = None

    def __str__(self) -> str:
        place = f"/{self.path}"
        if self.what.startswith("only"):
            return f"{place}: {self.what}"
        text = f"{place}: {self.what}: {self.first} and {self.second}"
        return text if self.index is None else f"{text} at {self.index}, {self.count} in all"

    def as_dict(self) -> dict[str, Any]:
        """Give the change for JSON, values as text; None where there is nothing to name."""
        found = {name: getattr(self, name) for name in ("first", "second")}
        values = {name: None if each is None else str(each) for name, each in found.items()}
        return {**asdict(self), **values}


@function
def diff(
    first: Any,
    second: Any,
    /,
    *,
    elements: bool = True,
    rtol: float = 0.0,
    atol: float = 0.0,
    equal_nan: bool = True,
    workers: int | None = None,
    progress: Any = None,
    scheduler: Any = None,
) -> Steps[list[Change]]:
    """Compare two arrays or hierarchies, in whatever stores, formats, chunks and codecs.

    Parameters
    ----------
    first, second : Array, Group, str, path-like, mutable mapping or Store
    elements : bool
        Compare elements too, not metadata alone.
    rtol, atol : float
        Elements are equal when they differ by no more than ``atol + rtol * abs(second)``.
    equal_nan : bool
        Whether NaN equals NaN.
    workers : int, optional
        Threads that read and compare; by default as `config.workers` says.
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each block.
    scheduler : {"threads", "processes"}, str or distributed.Client, optional
        Who reads and compares, as of `zarrpy.checksum`.

    Returns
    -------
    list of Change
        Empty when they are the same.

    Raises
    ------
    NodeNotFoundError
        When nothing is stored at one of them.
    """
    nodes = []
    for place in (first, second):
        store, path = yield from _place(place)
        found = yield from elsewhere(store, nodes_below(store, path))
        nodes.append(dict(found))
    changes: list[Change] = []
    told = Progress(progress, None, "blocks")
    for name in sorted({*nodes[0], *nodes[1]}):
        one, other = nodes[0].get(name), nodes[1].get(name)
        if one is None or other is None:
            changes.append(Change(name, f"only in {'second' if one is None else 'first'}"))
            continue
        changes += _metadata(name, one, other)
        comparable = isinstance(one, Array) and isinstance(other, Array)
        if elements and comparable and one.shape == other.shape:
            compare = _Compare(rtol, atol, equal_nan)
            blocks = Blocks((one, other), compare.block, workers, told, scheduler)
            try:
                yield from elsewhere(one.store, blocks.results(compare.take))
            except BaseException:
                told.close()
                raise
            changes += compare.change(name)
    told.close()
    return changes


def _place(place: Any) -> Steps[tuple[Any, str]]:
    """Find the store and the path of what a user names, with all that it has collected there."""
    if hasattr(place, "metadata") and hasattr(place, "path"):
        if isinstance(place, Array):
            yield from elsewhere(place.store, place._settle())
        return place.store, place.path
    return as_store(place), ""


def _metadata(name: str, one: Array | Group, other: Array | Group) -> list[Change]:
    if one.kind != other.kind:
        return [Change(name, "kind", one.kind, other.kind)]
    names = ["shape", "dtype", "fill_value", "dimension_names"] if isinstance(one, Array) else []
    pairs = [(what, getattr(one, what), getattr(other, what)) for what in names]
    pairs.append(("attributes", one.metadata.attributes, other.metadata.attributes))
    return [Change(name, what, a, b) for what, a, b in pairs if not _same(a, b)]


def _same(a: Any, b: Any) -> bool:
    if isinstance(a, np.dtype) and isinstance(b, np.dtype):
        return _native(a) == _native(b)
    try:
        return bool(a == b) or (bool(a != a) and bool(b != b))
    except (TypeError, ValueError):
        return repr(a) == repr(b)


def _native(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """Give a data type in the byte order of this machine; text of any length has none."""
    return dtype if dtype.kind == "T" else dtype.newbyteorder("=")


def _unequal(one: Any, other: Any, equal_nan: bool) -> np.ndarray[Any, np.dtype[np.bool]]:
    """Mark the elements that differ; those of types that nothing compares all do."""
    names = one.dtype.names
    if names and names == other.dtype.names:
        differs = np.zeros(one.shape, np.bool)
        for name in names:  # NumPy has no NaN of structures
            field = _unequal(one[name], other[name], equal_nan)
            differs |= field.reshape(*one.shape, -1).any(axis=-1)
        return differs
    try:
        differs = np.asarray(one != other)
    except (TypeError, ValueError):
        return np.ones(one.shape, np.bool)
    if equal_nan and one.dtype.kind in "fcmM" and other.dtype.kind in "fcmM":
        differs &= ~((one != one) & (other != other))
    return differs


class _Compare:
    """Compares blocks, and counts what differs."""

    def __init__(self, rtol: float, atol: float, equal_nan: bool) -> None:
        self._rtol, self._atol, self._equal_nan = rtol, atol, equal_nan
        self._count = 0
        self._first: tuple[tuple[int, ...], Any, Any] | None = None

    def block(self, box: tuple[slice, ...], one: Any, other: Any) -> Any:
        """Compare one block; None where all is the same."""
        differs = self._differs(one, other)
        count = int(np.count_nonzero(differs))
        if not count:
            return None
        place = np.unravel_index(int(np.argmax(differs)), differs.shape)
        index = tuple(int(i) + part.start for i, part in zip(place, box, strict=True))
        return count, (index, one[place], other[place])

    def _differs(self, one: Any, other: Any) -> np.ndarray[Any, np.dtype[np.bool]]:
        numbers = one.dtype.kind in "biufc" and other.dtype.kind in "biufc"
        if numbers and (self._rtol or self._atol):
            close = np.isclose(one, other, self._rtol, self._atol, self._equal_nan)
            return np.atleast_1d(~close).reshape(one.shape)
        return _unequal(one, other, self._equal_nan)

    def take(self, found: Any) -> None:
        """Take in what was found in a block; they come in C order."""
        if found is not None:
            self._count += found[0]
            self._first = self._first or found[1]

    def change(self, name: str) -> list[Change]:
        """Give what was found in all of them."""
        if self._first is None:
            return []
        index, a, b = self._first
        return [Change(name, "elements", a, b, self._count, index)]

"""Put every key of a store into another one, as directories into files and out of them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from zarrpy.display.progress import Progress
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.operation import function
from zarrpy.engine.requests import Commit, Delete, Fetch, ListSizes, Put
from zarrpy.engine.undo import undone_unless_committed
from zarrpy.errors import NodeExistsError, NodeNotFoundError
from zarrpy.metadata.names import LOCK_SUFFIX, OURS
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

__all__ = ["Packed", "pack", "unpack"]

#: Bytes of values that are read before they are written, in one go.
_BATCH_NBYTES = 16 << 20
_BATCH_KEYS = 1024
#: What makes a store one of Zarr's.
_DOCUMENTS = ("zarr.json", ".zarray", ".zgroup")


class Packed(NamedTuple):
    """What was put where it is now.

    Attributes
    ----------
    nkeys : int
    nbytes : int
    """

    nkeys: int
    nbytes: int


@function
def pack(
    source: Any, target: Any, *, overwrite: bool = False, progress: Any = None
) -> Steps[Packed]:
    """Copy a whole store into another one, key by key, as it is stored.

    ``pack("run.zarr", "run.zip")`` makes a zip file of a directory, ``pack("run.zip", "run.zarr")``
    takes it apart; so with SQLite files (``run.sqlite``) and stores of any kind. Locks and what
    killed writers left are not copied. Documents come last, so that a copy that is cut off is not
    taken for whole.

    Parameters
    ----------
    source, target : str, path-like, mutable mapping or Store
    overwrite : bool
        Replace what is at the target: keys of the same names are, others are deleted.
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each key.

    Returns
    -------
    Packed
        How many keys and bytes there are.

    Raises
    ------
    NodeNotFoundError
        When there is no Zarr at the source.
    NodeExistsError
        When there is something at the target already and `overwrite` is false.

    Examples
    --------
    >>> import zarrpy
    >>> source, target = {}, {}
    >>> array = zarrpy.create_array(source, data=[1, 2, 3])
    >>> pack(source, target).nkeys, zarrpy.open(target)[...]
    (2, array([1, 2, 3]))
    """
    ours, theirs = as_store(source), as_store(target)
    found: list[tuple[str, int]] = yield from elsewhere(ours, _sizes())
    sizes = {key: nbytes for key, nbytes in found if not _left_over(key)}
    if not any(key.rpartition("/")[2] in _DOCUMENTS for key in sizes):
        raise NodeNotFoundError(f"there is no array or group in {ours!r}")
    there: list[tuple[str, int]] = yield from elsewhere(theirs, _sizes())
    if there and not overwrite:
        raise NodeExistsError(
            f"there are {len(there)} keys in {theirs!r} already",
            hint="overwrite=True replaces all of them",
        )
    told = Progress(progress, len(sizes), "keys")
    gone = tuple(key for key, _ in there if key not in sizes and not _left_over(key))
    steps = _copied(ours, sizes, gone, told)
    try:
        if overwrite:
            yield Commit()  # what is gone cannot be brought back
            yield from elsewhere(theirs, steps)
        else:
            yield from elsewhere(theirs, undone_unless_committed(steps))
    finally:
        told.close()
        for place, store in ((source, ours), (target, theirs)):
            if isinstance(place, str | os.PathLike):
                store.close()
    return Packed(len(sizes), sum(sizes.values()))


@function
def unpack(
    source: Any, target: Any, *, overwrite: bool = False, progress: Any = None
) -> Steps[Packed]:
    """Copy what is in a file into a directory, or into any other store; as `pack` does."""
    steps = pack.steps(source, target, overwrite=overwrite, progress=progress)
    return (yield from steps)


def _copied(
    source: Store, sizes: dict[str, int], gone: tuple[str, ...], told: Progress
) -> Steps[None]:
    for batch in _batches(sorted(sizes, key=_documents_last), sizes):
        values = yield from elsewhere(source, _values(batch))
        pairs = zip(batch, values, strict=True)
        yield Put(tuple((key, value) for key, value in pairs if value is not None))
        nbytes = sum(sizes[key] for key in batch)
        told.advance(len(batch), nbytes, nbytes, batch[-1])
    if gone:
        yield Delete(gone)


def _left_over(key: str) -> bool:
    """Whether a key is of somebody who writes, or did until he was killed."""
    parts = key.split("/")
    return key.endswith(LOCK_SUFFIX) or any(part.startswith(OURS) for part in parts)


def _documents_last(key: str) -> tuple[bool, int, str]:
    """Put documents behind chunks, and those of the upper nodes last."""
    name = key.rpartition("/")[2]
    is_document = name.startswith(".z") or name == "zarr.json"
    return is_document, -key.count("/") if is_document else 0, key


def _batches(keys: list[str], sizes: dict[str, int]) -> list[list[str]]:
    """Gather keys of small values, so that stores of one file write them together."""
    batches: list[list[str]] = []
    nbytes = 0
    for key in keys:
        full = nbytes + sizes[key] > _BATCH_NBYTES
        if not batches or full or len(batches[-1]) >= _BATCH_KEYS:
            batches.append([])
            nbytes = 0
        batches[-1].append(key)
        nbytes += sizes[key]
    return batches


def _sizes() -> Steps[list[tuple[str, int]]]:
    found: list[tuple[str, int]] = yield ListSizes("")
    return found


def _values(keys: list[str]) -> Steps[list[Any]]:
    found: list[Any] = yield Fetch(tuple(keys))
    return found

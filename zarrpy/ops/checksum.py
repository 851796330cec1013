"""A name for what data are, however they are stored; and one for the stored bytes."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from zarrpy.array import Array
from zarrpy.display.progress import Progress
from zarrpy.engine.drive import drive
from zarrpy.engine.nodes import key_of
from zarrpy.engine.operation import entry
from zarrpy.engine.requests import Close, Fetch, ListKeys, Take
from zarrpy.engine.scheduler import begun, count_of
from zarrpy.errors import NodeNotFoundError
from zarrpy.metadata.names import LOCK_SUFFIX, OURS, normalise_path
from zarrpy.ops.blocks import Blocks
from zarrpy.ops.nodes import nodes_below

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

KINDS = ("content", "tree")
#: Values that a worker reads before it hashes them.
_WINDOW = 8


@entry
def checksum(
    store: Store,
    /,
    *,
    path: str | None = None,
    kind: str = "content",
    workers: int | None = None,
    progress: Any = None,
    scheduler: Any = None,
    storage_options: dict[str, Any] | None = None,
) -> Steps[str]:
    """Compute a digest of an array or a hierarchy.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    path : str, optional
        Of a node within the store.
    kind : {"content", "tree"}
        "content" is the same for equal names, shapes, data types, attributes and elements, whatever
        the format, chunks, codecs, byte order and store: a conversion or a copy keeps it. "tree" is
        of keys and stored bytes, as they are.
    workers : int, optional
        Threads that read and hash; by default as `config.workers` says.
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each block, or key.
    scheduler : {"threads", "processes"}, str or distributed.Client, optional
        Who reads and hashes: this process, processes of this machine, or the workers of a cluster
        of Dask, named by a client or by the address of its scheduler.
    storage_options : dict, optional

    Returns
    -------
    str
        The kind and the SHA-256 digest in hexadecimal digits.

    Raises
    ------
    NodeNotFoundError
        When nothing is stored there.
    ChunkError
        When a chunk cannot be decoded.

    Notes
    -----
    The content of an array is hashed by blocks that its shape determines (`zarrpy.ops.blocks`),
    each in C order and little-endian; that of a hierarchy by the digests of its nodes in the order
    of their paths. Elements are compared by their bits: 0.0 and -0.0 differ, as do NaNs.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(map(repr, KINDS))}, not {kind!r}")
    where = normalise_path(path or "")
    digest = hashlib.sha256()
    by = _By(workers, scheduler)
    told = Progress(progress, None, "keys" if kind == "tree" else "blocks")
    try:
        if kind == "tree":
            yield from _hash_tree(digest, store, where, by, told)
        else:
            for name, node in (yield from nodes_below(store, where)):
                _add(digest, name)
                _add(digest, _canonical(node.metadata.attributes))
                if isinstance(node, Array):
                    _add(digest, (yield from _content(node, by, told)))
    finally:
        told.close()
    return f"{kind}-sha256:{digest.hexdigest()}"


class _By(NamedTuple):
    """Who works."""

    workers: int | None
    scheduler: Any


def _add(digest: Any, part: str | bytes) -> None:
    """Take in a part together with its length, so that no two lists of parts look alike."""
    data = part.encode() if isinstance(part, str) else part
    digest.update(len(data).to_bytes(8, "little"))
    digest.update(data)


def _canonical(attributes: Any) -> str:
    return json.dumps(attributes, sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def _content(array: Array, by: _By, told: Progress) -> Steps[bytes]:
    """Hash shape, data type, names of dimensions and all elements of an array."""
    digest = hashlib.sha256()
    for part in (array.shape, _type_name(array.dtype), array.dimension_names):
        _add(digest, repr(part))
    blocks = Blocks((array,), _hash_block, by.workers, told, by.scheduler)
    yield from blocks.results(digest.update)
    return digest.digest()


def _type_name(dtype: np.dtype[Any]) -> str:
    if dtype.kind in "TO":
        return "variable length"
    return str(np.lib.format.dtype_to_descr(dtype.newbyteorder("<")))


def _hash_block(box: Any, block: np.ndarray[Any, Any]) -> bytes:
    digest = hashlib.sha256()
    if block.dtype.kind in "TO":
        for element in block.flat:
            _add(digest, _of_any_length(element))
    else:
        plain = np.ascontiguousarray(block, block.dtype.newbyteorder("<"))
        digest.update(plain.reshape(-1).view("u1").data)
    return digest.digest()


def _of_any_length(element: Any) -> bytes:
    if isinstance(element, str):
        return element.encode("utf-8", "surrogatepass")
    if isinstance(element, bytes):
        return element
    return repr(element.tolist() if isinstance(element, np.ndarray) else element).encode()


def _hash_tree(digest: Any, store: Store, path: str, by: _By, told: Progress) -> Steps[None]:
    keys: Iterable[str] = yield ListKeys(key_of(path, "") if path else "")
    start = len(path) + 1 if path else 0
    kept = sorted(key for key in keys if not _passing(key[start:]))
    if not kept:
        raise NodeNotFoundError(f"nothing is stored at {path or '/'!r}", path=path)
    told.expect(len(kept))
    stream = begun(
        by.scheduler,
        (tuple(kept[first : first + _WINDOW]) for first in range(0, len(kept), _WINDOW)),
        _HashValues(store),
        workers=by.workers,
        ahead=count_of(by.scheduler, by.workers) + 1,
        reads=[store],
    )
    try:
        while (taken := (yield Take(stream))) is not None:
            if taken.error is not None:
                raise taken.error
            for key, (hashed, nbytes) in zip(taken.task, taken.value, strict=True):
                _add(digest, key[start:])
                _add(digest, hashed)
                told.advance(1, nbytes, 0, key)
    finally:
        yield Close(stream)


@dataclass(frozen=True)
class _HashValues:
    """Hashes values of a store; one that is not there any more has no digest."""

    store: Store

    def __call__(self, keys: tuple[str, ...], begin: Any) -> list[tuple[bytes, int]]:
        values = drive(self.store, _fetched(keys))
        return [
            (b"", 0) if value is None else (hashlib.sha256(value).digest(), len(value))
            for value in values
        ]


def _fetched(keys: tuple[str, ...]) -> Steps[list[Any]]:
    values: list[Any] = yield Fetch(keys)
    return values


def _passing(name: str) -> bool:
    """Whether a key is there for a while only."""
    return name.endswith(LOCK_SUFFIX) or any(part.startswith(OURS) for part in name.split("/"))

"""What below a node is Zarr, and what is somebody else's: only the former may be deleted.

Zarr are the documents of nodes, the chunks of arrays by their own key encoding, the locks of both,
and what a replacement keeps for a while.  Everything else is *foreign*: a README, a picture, a
chunk of an array that nobody describes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from zarrpy.engine.requests import Fetch, ListEntries, ListNames, Lock, Quiet
from zarrpy.errors import MetadataError
from zarrpy.metadata import json
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.model import ArrayMetadata
from zarrpy.metadata.names import DOCUMENTS, LOCK_SUFFIX, OURS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps

# A chunk of an array whose document cannot be understood.
_LIKE_A_CHUNK = re.compile(r"(?:c|(?:c[./])?[0-9]+(?:[./][0-9]+)*/?)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Contents:
    """Everything below a node, by paths relative to it; those of links to directories end in "/".

    Parameters
    ----------
    documents : tuple of str
        Documents of the node itself, what makes it a node first.
    others : tuple of str
        The rest of what is Zarr.
    foreign : tuple of str
        What is not.
    is_link : bool
        Whether the directory of the node is a link to one elsewhere, which is not looked into.
    scattered : tuple of str
        Folders of arrays whose storage transformers may keep chunks elsewhere.
    """

    documents: tuple[str, ...]
    others: tuple[str, ...]
    foreign: tuple[str, ...]
    is_link: bool = False
    scattered: tuple[str, ...] = ()

    def without(self, starts: Iterable[str]) -> Contents:
        """Leave out the rest of what is Zarr where its name begins with one of these."""
        left_out = tuple(starts)
        others = tuple(name for name in self.others if not name.startswith(left_out))
        return replace(self, others=others)


class _ChunkKeys:
    """The chunk keys of one array, whether or not all of its document can be understood."""

    def __init__(
        self, encoding: ChunkKeyEncoding | None, ndim: int, *, scattered: bool = False
    ) -> None:
        self._encoding = encoding
        self._ndim = ndim
        self.scattered = scattered

    def has(self, key: str) -> bool:
        """Whether a key is one of a chunk, or a linked directory one of chunks."""
        if self._encoding is None:
            return _LIKE_A_CHUNK.match(key) is not None
        if not key.endswith("/"):
            return self._is_chunk(key)
        return any(self._is_chunk(key + "/".join("0" * n)) for n in range(1, self._ndim + 1))

    def _is_chunk(self, key: str) -> bool:
        assert self._encoding is not None
        try:
            self._encoding.grid_index(key, self._ndim)
        except MetadataError:
            return False
        return True


def contents(path: str) -> Steps[Contents]:
    """Tell apart what is below a path."""
    start = path + "/" if path else ""
    entries = (yield ListEntries(start)) or []
    if start and entries == [start]:
        return Contents((), (), (), is_link=True)
    names = [entry[len(start) :] for entry in entries]
    nodes = yield from _nodes(start, names)
    own = sorted((name for name in names if name in DOCUMENTS), key=_last_attributes)
    others: list[str] = []
    foreign: list[str] = []
    for name in names:
        if name in DOCUMENTS:
            continue
        (others if _is_zarr(name, nodes) else foreign).append(name)
    scattered = (folder for folder, keys in nodes.items() if any(each.scattered for each in keys))
    return Contents(tuple(own), tuple(others), tuple(foreign), scattered=tuple(scattered))


def _last_attributes(name: str) -> tuple[bool, str]:
    return name in (".zattrs", ".zmetadata"), name


def late_chunks(path: str, before: Contents) -> Steps[list[str]]:
    """Find chunks that were stored since, by those who did not see that the node is to go.

    The documents of the node are gone, so that nobody begins to write any more; those who have
    begun are waited for.
    """
    start = path + "/" if path else ""
    yield Quiet(path)
    yield from _wait_for(start, before.others)
    known = {*before.others, *before.foreign}
    tops = {name.partition("/")[0] for name in known}
    names = [name for name in (yield ListNames(start)) if not name.startswith(OURS)]
    if tops.issuperset(names) and known.isdisjoint(covering(before.others, before.foreign)):
        return []  # they are in directories that leave whole
    entries = yield ListEntries(start)
    yield from _wait_for(start, (entry[len(start) :] for entry in entries))
    names = [entry[len(start) :] for entry in (yield ListEntries(start))]
    return [name for name in names if name not in known and _LIKE_A_CHUNK.match(name)]


def _wait_for(start: str, names: Iterable[str]) -> Steps[None]:
    """Wait for those who hold the locks among some names."""
    for name in names:
        if name.endswith(LOCK_SUFFIX) and not name.startswith(OURS):
            with (yield Lock(start + name.removesuffix(LOCK_SUFFIX))):
                pass


def in_the_way(contents: Contents, metadata: ArrayMetadata) -> list[str]:
    """Foreign files that a new array in this place would take for its chunks."""
    keys = _ChunkKeys(metadata.chunk_keys, metadata.ndim)
    folder = metadata.chunk_keys.prefix.rstrip("/.")
    return [name for name in contents.foreign if keys.has(name) or name == folder]


def leaves_room(names: Iterable[str], metadata: Metadata) -> bool:
    """Whether what stands in a directory lets a new node have all its names there.

    Of a group nobody knows yet what they are, nor of the chunks of an array with other keys.
    """
    if not isinstance(metadata, ArrayMetadata) or not metadata.chunk_keys.plain:
        return not any(names)
    return not any(name in DOCUMENTS or _LIKE_A_CHUNK.match(name) for name in names)


def covering(names: Iterable[str], foreign: Collection[str]) -> list[str]:
    """Directories, or single names, that hold all of these names and nothing foreign."""
    mixed = {folder for name in foreign for folder in _folders(name)}
    found: dict[str, None] = {}
    for name in names:
        top = next((folder for folder in _folders(name) if folder not in mixed), name)
        found[top] = None
    return list(found)


def _folders(name: str) -> Iterable[str]:
    """Directories that a name is in, outermost first."""
    end = name.find("/")
    while 0 <= end < len(name) - 1:
        yield name[:end]
        end = name.find("/", end + 1)


def _is_zarr(name: str, nodes: dict[str, list[_ChunkKeys]]) -> bool:
    """Whether the nearest node above a name knows it."""
    if name.endswith("/") and name[:-1] in nodes:
        return True  # a link to a node
    if name.startswith(OURS):
        return True
    folder = name.rstrip("/")
    while folder:
        folder = folder.rpartition("/")[0]
        if folder in nodes:
            rest = name[len(folder) + 1 :] if folder else name
            rest = rest.removesuffix(LOCK_SUFFIX)
            known = rest in DOCUMENTS or rest.startswith(OURS)
            return known or any(keys.has(rest) for keys in nodes[folder])
    return False


def _nodes(start: str, names: list[str]) -> Steps[dict[str, list[_ChunkKeys]]]:
    """Find the nodes below a path, each with the chunk keys of the arrays that it is."""
    links = {name[:-1] for name in names if name.endswith("/")}
    keys = [(folder, name) for folder in links for name in _NODES]
    found = (name.rpartition("/")[::2] for name in names if _last(name) in _NODES)
    keys = sorted({*keys, *found})  # of what is listed, no more is read than is there
    values = yield Fetch(tuple(start + (f"{f}/{name}" if f else name) for f, name in keys))
    nodes: dict[str, list[_ChunkKeys]] = {}
    for (folder, name), value in zip(keys, values, strict=True):
        if value is not None:
            nodes.setdefault(folder, []).extend(_chunk_keys(name, value))
    return nodes


_NODES = ("zarr.json", ".zarray", ".zgroup")


def _last(name: str) -> str:
    return name.rpartition("/")[2]


def _chunk_keys(name: str, value: Any) -> list[_ChunkKeys]:
    """Read no more of a document than what tells its chunks; a group has none."""
    if name == ".zgroup":
        return []
    try:
        document = json.loads(value, path=name)
        if document.get("node_type") == "group":
            return []
        if name == ".zarray":
            encoding = ChunkKeyEncoding("v2", document.get("dimension_separator") or ".")
        else:
            encoding = ChunkKeyEncoding.from_v3(document["chunk_key_encoding"])
        scattered = bool(document.get("storage_transformers"))
        return [_ChunkKeys(encoding, len(document["shape"]), scattered=scattered)]
    except (MetadataError, KeyError, TypeError):
        return [_ChunkKeys(None, 0)]

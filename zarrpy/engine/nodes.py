"""Find and read nodes: the only place that knows which documents make one.

A node at ``path`` is an array or a group.  Zarr v3 keeps it in ``zarr.json``; v2 in ``.zarray`` or
``.zgroup`` with attributes in ``.zattrs``.  Where both stand, v3 counts.
"""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from zarrpy.engine.consolidate import InlineForm, forget, record
from zarrpy.engine.expected import check_kind
from zarrpy.engine.parsing import Metadata, made, parsed
from zarrpy.engine.requests import (
    Commit,
    Delete,
    Fetch,
    ListNames,
    Put,
    Recover,
    Restore,
    Steps,
    Update,
)
from zarrpy.errors import (
    NEVER_CREATES,
    ArrayNotFoundError,
    GroupNotFoundError,
    MetadataError,
    NodeKindError,
    NodeNotFoundError,
    StaleArrayError,
    StoreError,
)
from zarrpy.metadata import json, v2, v3
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import DOCUMENTS, MOVES, home_of, is_taken_for_node
from zarrpy.notice import warn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from zarrpy.engine.consolidate import Documents, Index

_V3 = "zarr.json"
#: A node has one of these; attributes alone, or what nobody knows, make none.
_MAKE_NODES = frozenset({_V3, ".zarray", ".zgroup"})
_V2 = (".zarray", ".zgroup", ".zattrs")
_NAMES = {3: (_V3,), 2: _V2, None: (_V3, *_V2)}


#: How many directories are looked into for a node below one without a document.
SEARCHED = 1000

#: What a store says that cannot list, or lists nothing to us: nodes are known by their paths there.
NO_LISTING = (errno.ENOTSUP, errno.EACCES)

#: What to think when a node that was opened is not there.
VANISHED = (
    "it was deleted, or its file system went away, since it was opened; where it is back, open it "
    "again"
)


class MixedFormatsWarning(UserWarning):
    """A node has documents of both formats; v3 is used."""


def implied(path: str) -> Steps[GroupMetadata | None]:
    """Find the group of Zarr v3 that has no document, but a node below it; None when there is none.

    Drafts of the format had such groups, and arrays that were written then are still there.
    """
    level = [path]
    left = SEARCHED
    while level and left > 0:
        below: list[str] = []
        for parent in level:
            try:
                names = yield from child_names(parent)
            except StoreError as error:
                if error.errno not in NO_LISTING:
                    raise
                return None
            below += [key_of(parent, name) for name in names]
        level = below[:left]
        left -= len(level)
        values = yield Fetch(tuple(key_of(each, _V3) for each in level))
        if any(value is not None for value in values):
            return GroupMetadata(zarr_format=3)
    return None


def key_of(path: str, name: str) -> str:
    """Key of something in the directory of a node."""
    return f"{path}/{name}" if path else name


def read_node(
    path: str, zarr_format: int | None = None, kind: type[Metadata] | None = None
) -> Steps[Metadata | None]:
    """Read the node at a path; None when there is none.

    Where an array is expected, documents of a group are asked for only when there is none.
    """
    if zarr_format is not None:
        format_of(zarr_format)
    several: tuple[tuple[str, ...], ...] = (_NAMES[zarr_format],)
    if kind is ArrayMetadata and zarr_format == 2:
        several = (".zarray", ".zattrs"), (".zgroup", ".zattrs")
    yield Recover((path,))
    for names in several:
        values = yield Fetch(tuple(key_of(path, name) for name in names))
        found = _parse_node(path, dict(zip(names, values, strict=True)))
        if found is not None:
            return found
    return None


def try_nodes(
    paths: list[str], prefer: int | None = None, names: tuple[str, ...] | None = None
) -> Steps[list[Metadata | MetadataError | None]]:
    """Read several nodes; one whose documents cannot be understood is there as its error.

    Parameters
    ----------
    paths : list of str
    prefer : {3, 2}, optional
        The format that counts where a node has both.
    names : tuple of str, optional
        Of the documents to read; by default of both formats.
    """
    names = _NAMES[None] if names is None else names
    yield Recover(tuple(paths))
    values = yield Fetch(tuple(key_of(path, name) for path in paths for name in names))
    n = len(names)
    found: list[Metadata | MetadataError | None] = []
    for i, path in enumerate(paths):
        documents = dict(zip(names, values[i * n : (i + 1) * n], strict=True))
        try:
            found.append(_parse_node(path, documents, prefer))
        except MetadataError as error:
            found.append(error)
    return found


def read_groups(paths: list[str], prefer: int) -> Steps[list[Metadata | None]]:
    """Read nodes without the attributes of Zarr v2; the other format only where there is none."""
    found = yield from _preferred(paths, prefer, but=".zattrs")
    return [_understood(node) for node in found]


def _preferred(
    paths: list[str], prefer: int, but: str = ""
) -> Steps[list[Metadata | MetadataError | None]]:
    """Read nodes; the other format's documents only where there are none of the preferred one.

    Requests cost money, and a hierarchy of two formats is rare.
    """
    names = {number: tuple(name for name in _NAMES[number] if name != but) for number in (2, 3)}
    found = yield from try_nodes(paths, prefer, names[prefer])
    absent = [i for i, node in enumerate(found) if node is None]
    if absent:
        others = yield from try_nodes([paths[i] for i in absent], prefer, names[5 - prefer])
        for i, node in zip(absent, others, strict=True):
            found[i] = node
    return found


def find_nodes(
    paths: list[str], prefer: int, *, restore: bool
) -> Steps[list[Metadata | MetadataError | None]]:
    """Read nodes as `try_nodes` does; groups of Zarr v3 may be implied.

    Parameters
    ----------
    paths : list of str
    prefer : {3, 2}
    restore : bool
        First put back those whose replacement was cut off, by a killed process for one.
    """
    found = yield from _preferred(paths, prefer)
    absent = [i for i, node in enumerate(found) if node is None]
    if restore and absent and (yield from _restored([paths[i] for i in absent])):
        found = yield from _preferred(paths, prefer)
    for i in absent if prefer == 3 else ():
        if found[i] is None:
            found[i] = yield from implied(paths[i])
    return found


def _restored(paths: list[str]) -> Steps[bool]:
    """Put back what was cut off of some nodes; whether there was any."""
    done = False
    with suppress(StoreError):  # below a file there is nothing to ask for
        records = yield Fetch(tuple(key_of(path, MOVES) for path in paths))
        for path, record in zip(paths, records, strict=True):
            if record is not None:
                done |= bool((yield Restore(path)))
    return done


def _understood(found: Metadata | MetadataError | None) -> Metadata | None:
    if isinstance(found, MetadataError):
        raise found
    return found


def _parse_node(path: str, values: dict[str, Any], prefer: int | None = None) -> Metadata | None:
    in_v2 = values.get(".zarray") is not None or values.get(".zgroup") is not None
    if values.get(_V3) is not None and not (in_v2 and prefer == 2):
        if in_v2 and prefer is None:
            warn(
                f"the node at {path or '/'!r} has metadata of Zarr v3 and of v2; v3 is used"
                " (zarr_format=2 reads the other)",
                MixedFormatsWarning,
            )
        return parsed(path, {_V3: values[_V3]})
    if not in_v2:
        return None
    return parsed(path, {name: values[name] for name in _V2 if values.get(name) is not None})


def given_node(path: str, document: dict[str, Any]) -> Metadata:
    """Make a node of one document that somebody has: of v2 with its attributes in it.

    Raises
    ------
    MetadataError
        When it does not describe a node.
    """
    if document.get("zarr_format") != 2:
        return made(path, {_V3: document})
    document = dict(document)
    attributes = document.pop("attributes", None)
    name = ".zarray" if "shape" in document else ".zgroup"
    return made(path, {name: document, ".zattrs": attributes})


def given_array(path: str, document: dict[str, Any]) -> ArrayMetadata:
    """Make an array of its document, as `given_node` does."""
    found = given_node(path, document)
    if isinstance(found, ArrayMetadata):
        return found
    raise MetadataError("must be 'array'", path=path, field="node_type", value="group")


def consolidated_node(path: str, documents: Documents | None) -> Metadata | MetadataError | None:
    """Make a node of documents that were found in consolidated metadata."""
    try:
        if documents is None or _MAKE_NODES.isdisjoint(documents):
            return None
        return made(path, documents)
    except MetadataError as error:
        return error


def consolidated_names(path: str, index: Index) -> list[str]:
    """Name the nodes directly below a group of which consolidated metadata have a document."""
    documents = ((name, index.documents(key_of(path, name))) for name in index.names(path))
    return [name for name, found in documents if found and not _MAKE_NODES.isdisjoint(found)]


def consolidated_children(path: str, index: Index) -> dict[str, Metadata | MetadataError]:
    """Make the nodes directly below a group of what consolidated metadata say, by name."""
    below = [(name, key_of(path, name)) for name in index.names(path)]
    found = ((name, consolidated_node(each, index.documents(each))) for name, each in below)
    return {name: node for name, node in found if node is not None}


def documents_of(path: str, metadata: Metadata) -> tuple[tuple[str, bytes], ...]:
    """Write a node as keys and values, attributes before what makes it a node."""
    documents = dump(metadata)
    names = sorted(documents, key=lambda name: name != ".zattrs")
    rows = InlineForm.rows
    return tuple((key_of(path, name), json.dumps(documents[name], rows=rows)) for name in names)


def document_key(path: str, metadata: ArrayMetadata) -> str:
    """Give the key of the document that describes an array."""
    return key_of(path, _V3 if metadata.zarr_format == 3 else ".zarray")


def dump(metadata: Metadata) -> Documents:
    """Write a node as documents by their names."""
    return v3.dump(metadata) if metadata.zarr_format == 3 else v2.dump(metadata)


def array_key(path: str, zarr_format: int) -> str:
    """Key of the document that says the shape of an array."""
    return key_of(path, _V3 if zarr_format == 3 else ".zarray")


def array_document(path: str, metadata: ArrayMetadata) -> bytes:
    """Write the document that says the shape of an array."""
    return dict(documents_of(path, metadata))[array_key(path, metadata.zarr_format)]


def parse_array(path: str, key: str, value: Any) -> ArrayMetadata:
    """Read what `array_key` names alone, so without the attributes of Zarr v2."""
    if value is None:
        raise ArrayNotFoundError(f"no array at {path or '/'!r}", path=path, hint=VANISHED)
    found = _parse_node(path, {key.rpartition("/")[2]: value})
    if not isinstance(found, ArrayMetadata):
        raise StaleArrayError(
            f"there is a group at {path or '/'!r} now, where an array was opened",
            path=path,
            hint="open it again",
        )
    return found


def keep_recorded(path: str, metadata: Metadata) -> Steps[None]:
    """Say in the consolidated documents above a node what it is, whoever changes it meanwhile.

    Another writer may have changed the node since, and its entry before us; so what was entered is
    compared with what is stored, until both agree.
    """
    places = home_of(path) if isinstance(metadata, ArrayMetadata) else (path,)
    while (yield from record(places, {path: dump(metadata)})):
        found = yield from read_node(path, metadata.zarr_format)
        if found is None:  # deleted meanwhile, before we named it
            yield from forget(path)
            return
        if dump(found) == dump(metadata):
            return
        metadata = found


def replace_format(path: str, metadata: Metadata) -> Steps[None]:
    """Write the documents of a node in another format, and delete those of the old one."""
    yield Commit()
    yield Put(documents_of(path, metadata))
    old = {2: _NAMES[3], 3: (*_NAMES[2], ".zmetadata")}[metadata.zarr_format]
    yield Delete(tuple(key_of(path, name) for name in old))


def change_attributes(
    path: str,
    zarr_format: int,
    kind: type[Metadata],
    change: Callable[[dict[str, Any]], Any],
    check: Callable[[Any], None],
) -> Steps[Metadata]:
    """Apply a function to the attributes as they are stored; no other writer's change is lost.

    Parameters
    ----------
    path : str
    zarr_format : int
    kind : type
        That of metadata which has to be there.
    change : callable
        Changes the attributes in place.
    check : callable
        Is given the metadata as they are stored, and raises an error where they are of another
        node than is meant.

    Returns
    -------
    ArrayMetadata or GroupMetadata
        The node with its new attributes.
    """
    names = _NAMES[zarr_format]
    values = yield Fetch(tuple(key_of(path, name) for name in names))
    required = yield from require_opened(path, zarr_format, kind)
    name = _V3 if zarr_format == 3 else ".zattrs"
    changed: list[Metadata] = []

    def rewrite(value: Any) -> bytes:
        node = _parse_node(path, {**dict(zip(names, values, strict=True)), name: value})
        if node is None and not required.document:
            node = required  # a group that is implied has its document from now on
        if node is None:
            raise NodeNotFoundError(f"no node at {path or '/'!r}", path=path, hint=VANISHED)
        check(node)
        attributes = dict(node.attributes)
        change(attributes)
        changed[:] = [node.with_attributes(attributes)]
        return dict(documents_of(path, changed[0])).get(key_of(path, name), b"{}")

    yield Commit()
    yield Update(key_of(path, name), rewrite)
    yield from keep_recorded(path, changed[0])
    return changed[0]


def require_node(
    path: str, zarr_format: int | None = None, kind: type[Metadata] | None = None
) -> Steps[Metadata]:
    """Read the node at a path, which has to be there and of that kind."""
    found = yield from read_node(path, zarr_format, kind)
    if found is None and kind is not ArrayMetadata and zarr_format != 2:
        found = yield from implied(path)
    if found is None:
        raise (yield from not_found(path, kind, zarr_format))
    check_kind(path, found, kind)
    return found


def require_opened(path: str, zarr_format: int, kind: type[Metadata]) -> Steps[Metadata]:
    """Read the node at a path, which was there when it was opened."""
    try:
        return (yield from require_node(path, zarr_format, kind))
    except NodeNotFoundError as error:
        error.hint = VANISHED
        raise


def check_format(path: str, metadata: Metadata, zarr_format: int | None) -> None:
    """Refuse to treat a node as one of another format."""
    if zarr_format not in (None, metadata.zarr_format):
        raise NodeKindError(
            f"{path or '/'!r} is Zarr v{metadata.zarr_format}, not v{zarr_format}",
            path=path,
            hint=f"leave zarr_format out, or write its values, node[...], as v{zarr_format}",
        )


def not_found(
    path: str,
    kind: type[Metadata] | None = None,
    zarr_format: int | None = None,
    *,
    opening: bool = True,
) -> Steps[NodeNotFoundError]:
    """Make the error for a missing node, with the names that are like the one asked for.

    Where one was asked for in one format and is there in the other, that is said instead. Who was
    not `opening` the node is not told how others open what is not there.
    """
    error, what = NodeNotFoundError, "array or group"
    if kind is ArrayMetadata:
        error, what = ArrayNotFoundError, "array"
    elif kind is GroupMetadata:
        error, what = GroupNotFoundError, "group"
    if zarr_format is not None and (other := (yield from _other_format(path, zarr_format))):
        return error(
            f"no {what} of Zarr v{zarr_format} at {path or '/'!r}: "
            f"there is a node of Zarr v{other}",
            path=path,
            hint=f"leave zarr_format out, or give zarr_format={other}",
        )
    hint = NEVER_CREATES if opening else "list(group) and group.members() name what is there"
    with suppress(StoreError):  # below a file there is nothing to ask for
        (record,) = yield Fetch((key_of(path, MOVES),))
        if record is not None:
            hint = "its replacement was cut off; opening with mode='r+' puts that right"
    parent, _, name = path.rpartition("/")
    nearest: list[str] = []
    if path:
        names: list[str] = []
        with suppress(StoreError):  # to name what is near is a favour
            names = yield ListNames(parent + "/" if parent else "")
        nearest = _nearest(name, (other for other in names if other not in {*DOCUMENTS, name}))
    return error(
        f"no {what} at {path or '/'!r}",
        path=path,
        nearest=[key_of(parent, other) for other in nearest],
        hint=hint,
    )


def _other_format(path: str, zarr_format: int) -> Steps[int | None]:
    """Tell which other format the node at a path has, where there is one."""
    number = {2: 3, 3: 2}[zarr_format]
    names = [name for name in _NAMES[number] if name != ".zattrs"]
    with suppress(StoreError):  # below a file there is nothing to ask for
        if any(value is not None for value in (yield Fetch(tuple(key_of(path, n) for n in names)))):
            return number
    return None


def _nearest(name: str, others: Iterable[str]) -> list[str]:
    from difflib import get_close_matches

    return get_close_matches(name, list(others), n=3)


def child_names(path: str) -> Steps[list[str]]:
    """Names in the directory of a group that may be nodes."""
    names = yield ListNames(path + "/" if path else "", folders=True)
    return [name for name in names if is_taken_for_node(name) and name not in DOCUMENTS]


def read_children(path: str, prefer: int, *, restore: bool = False) -> Steps[dict[str, Metadata]]:
    """Read the nodes directly below a group of format `prefer`, by name; as `try_children`."""
    found = yield from try_children(path, prefer, restore=restore)
    for node in found.values():
        _understood(node)
    return {name: node for name, node in found.items() if not isinstance(node, MetadataError)}


#: Called with the path of what lies in a group and is no node; set while zarrpy is served in the
#: place of a library that warns of such.
on_stray: Callable[[str], None] | None = None


def try_children(
    path: str, prefer: int, *, restore: bool = False
) -> Steps[dict[str, Metadata | MetadataError]]:
    """Read the nodes directly below a group, by name; errors stand for those not understood.

    Those whose replacement was cut off are put back when `restore` asks for it.
    """
    names = yield from child_names(path)
    found = yield from find_nodes([key_of(path, name) for name in names], prefer, restore=restore)
    if on_stray is not None:
        for name, node in zip(names, found, strict=True):
            if node is None:
                on_stray(key_of(path, name))
    return {name: node for name, node in zip(names, found, strict=True) if node is not None}

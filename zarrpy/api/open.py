"""Open arrays and groups, and create them where that is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, TypeVar

from zarrpy.array import Array
from zarrpy.codecs.given import checked
from zarrpy.config import check_metadata_ttl, check_prefetch
from zarrpy.creation import (
    check_as_described,
    check_keyword,
    chosen_format,
    created,
)
from zarrpy.engine.cache import checked_limit
from zarrpy.engine.consolidate import StaleMetadataWarning, index_of, verify
from zarrpy.engine.existing import find_to_change
from zarrpy.engine.expected import check_kind
from zarrpy.engine.lifecycle import create_node
from zarrpy.engine.nodes import read_node, require_node
from zarrpy.engine.operation import entry
from zarrpy.engine.recent import recently
from zarrpy.engine.requests import Restore
from zarrpy.engine.without_attributes import read_without_attributes
from zarrpy.errors import MetadataError, NodeExistsError, NodeNotFoundError, ReadOnlyStoreError
from zarrpy.group import Group
from zarrpy.keywords import auto_keyword, refuse_chunk_store
from zarrpy.metadata.attributes import normalise
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata
from zarrpy.metadata.names import check_path, normalise_path
from zarrpy.notice import warn
from zarrpy.reopening import Reopening

if TYPE_CHECKING:
    from zarrpy.engine.consolidate import Index
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.stores.base import Store

T = TypeVar("T")
N = TypeVar("N", Array, Group, Array | Group)

#: Whether the members of a group are told by its consolidated metadata; see `open`.
Consolidated: TypeAlias = Literal["verify"] | bool | None

_MODES = ("r", "r+", "a", "w", "w-", "x", None)


def _check_mode(mode: str | None) -> str | None:
    if mode not in _MODES:
        raise ValueError(f"mode must be one of 'r', 'r+', 'a', 'w', 'w-', not {mode!r}")
    return "w-" if mode == "x" else mode


def _check_keywords(caller: str, keywords: dict[str, Any]) -> None:
    """Refuse a misspelt keyword, whether or not anything is going to be created."""
    for name in auto_keyword(keywords):
        check_keyword(name, caller, ("mode", "path", "overwrite"))


def _node(
    store: Store,
    path: str,
    metadata: Any,
    read_only: bool,
    consolidated: Consolidated = None,
    given: tuple[Any, ...] = (),
    max_age: float | None = None,
) -> Steps[Array | Group]:
    if isinstance(metadata, ArrayMetadata):
        array = Array(store, path, metadata, read_only=read_only)
        array.given = given
        array.codecs  # noqa: B018 - an unknown codec is an error now, not at the first read
        return array
    max_age = 0 if consolidated == "verify" else max_age
    index = yield from recently(max_age, _index(path, metadata, consolidated))
    if consolidated is False:
        metadata = replace(metadata, told=_nothing)
    group = Group(store, path, metadata, read_only=read_only, index=index)
    group.given = given
    return group


def _nothing() -> None:
    """Tell nothing of members: what is consolidated is not used."""


def _with(node: N, cache: int | None, prefetch: int | None, metadata_ttl: float | None) -> N:
    """Give a handle, and the members that it gives, settings of their own."""
    node.cache, node.prefetch, node.metadata_ttl = cache, prefetch, metadata_ttl
    return node


def _own(
    cache: bool | int | str | None, prefetch: bool | int | None, metadata_ttl: float | None
) -> tuple[int | None, int | None, float | None]:
    """Check such settings."""
    return checked_limit(cache), check_prefetch(prefetch), check_metadata_ttl(metadata_ttl)


def _index(path: str, metadata: GroupMetadata, consolidated: Consolidated) -> Steps[Index | None]:
    """Find the consolidated metadata of a group, as far as they are wanted."""
    if consolidated is False:
        return None
    index = yield from index_of(path, metadata.zarr_format, metadata.document)
    if index is None and consolidated is True:
        raise MetadataError(
            f"the group at {path or '/'!r} has no consolidated metadata",
            path=path,
            hint="consolidate_metadata(store) makes them; leave use_consolidated out otherwise",
        )
    if index is not None and consolidated == "verify":
        differences = yield from verify(path, metadata.zarr_format)
        if differences:
            warn(
                f"consolidated metadata of {path or '/'!r} are stale, and are not used: "
                f"{'; '.join(map(str, differences[:5]))}",
                StaleMetadataWarning,
            )
            return None
    return index


def _check_consolidated(consolidated: Any) -> Consolidated:
    if not isinstance(consolidated, bool | None) and consolidated != "verify":
        raise ValueError(
            f"use_consolidated must be None, True, False or 'verify', not {consolidated!r}"
        )
    checked: Consolidated = consolidated
    return checked


def _read(path: str, mode: str | None, zarr_format: int | None) -> Steps[Metadata | None]:
    """Read a node; a mode that may write also ends what a killed process has begun."""
    find = read_node if mode == "r" else find_to_change
    return (yield from find(path, zarr_format))


def _require(
    path: str, mode: str | None, zarr_format: int | None, kind: type[Metadata] | None = None
) -> Steps[Metadata]:
    """Read a node that has to be there, as `_read` does."""
    if kind is ArrayMetadata:
        alone = yield from read_without_attributes(path, zarr_format)
        if alone is not None:
            return alone
    try:
        found = yield from require_node(path, zarr_format, kind)
    except NodeNotFoundError:
        if mode == "r" or not (yield Restore(path)):
            raise
    else:
        # a group without a document may be one whose document was just on its way
        if mode == "r" or isinstance(found, ArrayMetadata) or found.document:
            return found
        if not (yield Restore(path)):
            return found
    return (yield from require_node(path, zarr_format, kind))


def _in_mode(mode: str | None, steps: Steps[T]) -> Steps[T]:
    """Create, and in an error speak of modes."""
    try:
        return (yield from steps)
    except NodeExistsError as error:
        if mode == "w-":
            error.hint = "mode='w-' never replaces: mode='r+' opens what is there, 'w' replaces it"
        raise


def _refuse_to_create(store: Store, mode: str | None) -> None:
    if store.read_only:
        raise ReadOnlyStoreError(
            f"mode {mode!r} creates, but the store is read-only",
            store=repr(store),
            hint=store.way_to_write,
        )


@entry
def open(
    store: Store,
    /,
    *,
    mode: str | None = None,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    use_consolidated: Consolidated = None,
    cache: bool | int | str | None = None,
    codecs: Iterable[Any] = (),
    prefetch: bool | int | None = None,
    metadata_ttl: float | None = None,
    **keywords: Any,
) -> Steps[Array | Group]:
    """Open an array or a group.

    Parameters
    ----------
    store : str, path-like, mutable mapping or Store
    mode : {None, "r", "r+", "a", "w", "w-"}
        "r" reads, "r+" changes what exists, "a" creates what is missing, "w" replaces, "w-"
        creates and fails when something exists. None is "r+", and creates when `shape` or `data`
        is given and nothing exists. An array that is there is not changed; when its shape or data
        type is not the one given, that is an error.
    zarr_format : {3, 2}, optional
        By default found out.
    path : str, optional
        Of the node within the store.
    storage_options : dict, optional
    use_consolidated : {None, True, False, "verify"}
        Whether consolidated metadata of a group tell its members: None where there are any, True
        insists on them, False asks the store, "verify" compares them with the store first, and
        where they differ warns and goes by what the store holds.
    cache : bool, int or str, optional
        Keep decoded chunks in memory, for the next time that they are read: so many bytes for the
        whole process, such as ``"512MiB"``; True for 256 MiB, False for none; by default as
        ``config.cache`` says, which is none. Only chunks of files are kept, and one that anybody
        changed is read again. The members of a group do as the group.
    codecs : codec objects, optional
        What encodes and decodes where a document names a codec that is not known, or is refused as
        ``pickle`` is: objects of zarrpy, numcodecs or zarr-python. The members of a group do as the
        group.
    prefetch : bool or int, optional
        Chunks that are fetched ahead where successive reads walk through the array; by default as
        ``config.prefetch`` says. Only stores that are neither files nor memory, and that tell
        versions, are read ahead; what anybody changed meanwhile is read again.
    metadata_ttl : float, optional
        Seconds that the documents of the node, and of members that it gives, may be old; by default
        as ``config.metadata_ttl`` says, which is 0. What this process changes is seen at once.
    **keywords
        As of `create_array`, for an array that is created.

    Returns
    -------
    Array or Group

    Raises
    ------
    NodeNotFoundError
        When nothing is there; names what lies nearest.
    ShapeMismatchError
        A ValueError, when the array there has another shape than the one given.
    NodeKindError
        A TypeError, when it has another data type than the one given.

    Examples
    --------
    >>> store = {}
    >>> array = open(store, path="a", data=[1, 2, 3])
    >>> list(open(store))
    ['a']
    """
    mode, where = _check_mode(mode), normalise_path(path or "")
    _check_keywords("open", keywords)
    _check_consolidated(use_consolidated)
    own, given = _own(cache, prefetch, metadata_ttl), checked(codecs)
    if keywords.get("shape") is not None or keywords.get("data") is not None:
        steps = _open_array(store, where, mode, zarr_format, keywords, given, own[2])
        return _with((yield from steps), *own)
    creates = mode in ("w", "w-")
    if creates or (mode == "a" and (yield from _read(where, mode, zarr_format)) is None):
        made = _open_group(store, where, mode, zarr_format, None, compat=keywords.get("compat"))
        return _with((yield from made), *own)
    metadata = yield from recently(own[2], _require(where, mode, zarr_format))
    node = yield from _node(
        store, where, metadata, mode == "r", use_consolidated, given, max_age=own[2]
    )
    return _with(node, *own)


@entry
def open_array(
    store: Store,
    /,
    *,
    mode: str | None = None,
    zarr_format: int | None = None,
    path: str | None = None,
    storage_options: dict[str, Any] | None = None,
    cache: bool | int | str | None = None,
    codecs: Iterable[Any] = (),
    prefetch: bool | int | None = None,
    metadata_ttl: float | None = None,
    **keywords: Any,
) -> Steps[Array]:
    """Open an array; parameters as of `open`.

    Raises
    ------
    ArrayNotFoundError
        When nothing is there.
    NodeKindError
        When a group is there.
    """
    where = normalise_path(path or keywords.pop("name", None) or "")
    _check_keywords("open_array", keywords)
    own = _own(cache, prefetch, metadata_ttl)
    how, given = _check_mode(mode), checked(codecs)
    steps = _open_array(store, where, how, zarr_format, keywords, given, own[2])
    return _with((yield from steps), *own)


def _open_array(
    store: Store,
    path: str,
    mode: str | None,
    zarr_format: int | None,
    keywords: dict[str, Any],
    given: tuple[Any, ...] = (),
    max_age: float | None = None,
) -> Steps[Array]:
    keywords = auto_keyword(keywords)
    describes = keywords.get("shape") is not None or keywords.get("data") is not None
    maybe = mode not in ("w", "w-")
    found: Metadata | None = None
    if maybe and (mode in ("r", "r+") or not describes):
        found = yield from recently(max_age, _require(path, mode, zarr_format, ArrayMetadata))
    elif maybe:
        found = yield from read_without_attributes(path, zarr_format)
        if found is None:
            found = yield from read_node(path, zarr_format, ArrayMetadata)
    if found is not None:
        return (yield from _opened_array(store, path, found, mode, keywords, given))
    _refuse_to_create(store, mode)
    overwrite = keywords.pop("overwrite", False) or mode == "w"
    if keywords.get("data") is None:
        keywords.setdefault("dtype", "float64")
    keywords["zarr_format"] = zarr_format
    made = created(store, check_path(path), keywords, overwrite=overwrite)
    try:
        return (yield from _in_mode(mode, made))
    except NodeExistsError:  # somebody else was first, or a replacement was cut off
        found = (yield from _read(path, mode, zarr_format)) if maybe else None
        if found is None:
            raise
    return (yield from _opened_array(store, path, found, mode, keywords, given))


def _opened_array(
    store: Store,
    path: str,
    metadata: Metadata,
    mode: str | None,
    keywords: dict[str, Any],
    given: tuple[Any, ...],
) -> Steps[Array]:
    """Open a node that has to be an array, as far as keywords say how it is."""
    check_kind(path, metadata, ArrayMetadata)
    opened = yield from _node(store, path, metadata, mode == "r", given=given)
    assert isinstance(opened, Array)
    check_as_described(opened, keywords)
    return opened


open.shortcut = open_array.shortcut = Reopening


@entry
def open_group(
    store: Store,
    /,
    *,
    mode: str | None = None,
    path: str | None = None,
    zarr_format: int | None = None,
    attributes: Mapping[str, Any] | None = None,
    storage_options: dict[str, Any] | None = None,
    use_consolidated: Consolidated = None,
    cache: bool | int | str | None = None,
    prefetch: bool | int | None = None,
    metadata_ttl: float | None = None,
    compat: str | None = None,
    codecs: Iterable[Any] = (),
    cache_attrs: bool | None = None,
    synchronizer: Any = None,
    chunk_store: Any = None,
    meta_array: Any = None,
) -> Steps[Group]:
    """Open a group; parameters as of `open`.

    `cache_attrs`, `synchronizer` and `meta_array` are taken for zarr-python's sake, and not looked
    at: attributes are read as they are stored, and writers are kept apart in any case.

    Raises
    ------
    GroupNotFoundError
        When nothing is there; `mode="a"` creates it then.
    NodeKindError
        When an array is there.
    """
    refuse_chunk_store(chunk_store)
    where, how = normalise_path(path or ""), _check_mode(mode)
    wanted = _check_consolidated(use_consolidated)
    own, given = _own(cache, prefetch, metadata_ttl), checked(codecs)
    made = _open_group(store, where, how, zarr_format, attributes, wanted, compat, own[2])
    opened = _with((yield from made), *own)
    opened.given = given
    return opened


def _open_group(
    store: Store,
    path: str,
    mode: str | None,
    zarr_format: int | None,
    attributes: Mapping[str, Any] | None,
    consolidated: Consolidated = None,
    compat: str | None = None,
    max_age: float | None = None,
) -> Steps[Group]:
    found: Metadata | None = None
    if mode == "a":
        found = yield from read_node(path, zarr_format)
    elif mode not in ("w", "w-"):
        found = yield from recently(max_age, _require(path, mode, zarr_format, GroupMetadata))
    if found is not None:
        return (yield from _opened_group(store, path, found, mode, consolidated, max_age))
    _refuse_to_create(store, mode)
    number = chosen_format(zarr_format, compat)
    made = GroupMetadata(normalise(attributes or {}, path=path), number)
    try:
        yield from _in_mode(mode, create_node(check_path(path), made, overwrite=mode == "w"))
    except NodeExistsError:  # somebody else was first, or a replacement was cut off
        found = (yield from _read(path, mode, zarr_format)) if mode == "a" else None
        if found is None:
            raise
    else:
        return Group(store, path, made)
    return (yield from _opened_group(store, path, found, mode, consolidated, max_age))


def _opened_group(
    store: Store,
    path: str,
    metadata: Metadata,
    mode: str | None,
    consolidated: Consolidated,
    max_age: float | None,
) -> Steps[Group]:
    """Open a node that has to be a group."""
    check_kind(path, metadata, GroupMetadata)
    opened = yield from _node(store, path, metadata, mode == "r", consolidated, max_age=max_age)
    assert isinstance(opened, Group)
    return opened


@entry
def group(
    store: Store,
    /,
    *,
    overwrite: bool = False,
    path: str | None = None,
    zarr_format: int | None = None,
    attributes: Mapping[str, Any] | None = None,
    storage_options: dict[str, Any] | None = None,
    cache_attrs: bool | None = None,
    synchronizer: Any = None,
    chunk_store: Any = None,
    meta_array: Any = None,
) -> Steps[Group]:
    """Open a group; create it when it is missing; parameters as of `open_group`."""
    refuse_chunk_store(chunk_store)
    mode = "w" if overwrite else "a"
    return (
        yield from _open_group(store, normalise_path(path or ""), mode, zarr_format, attributes)
    )

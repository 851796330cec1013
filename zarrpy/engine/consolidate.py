"""Consolidated metadata: one document of a group that holds those of all nodes below it.

Opening a hierarchy then takes one request instead of one a node.  The price is that two places
say the same: so every change that zarrpy makes to a node is also made in the consolidated
documents above it, the node itself first when it is written, the documents first when it is
deleted.  Changes by others are not seen; `verify` finds them.

Zarr v3 keeps it as a member of the group's ``zarr.json``, v2 in a document of its own,
``.zmetadata``.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.requests import Delete, Enclosing, Fetch, ListNames, Put, Steps, Update
from zarrpy.errors import GroupNotFoundError, MetadataError, ZarrError
from zarrpy.metadata import json
from zarrpy.metadata.names import check_key, home_of, is_taken_for_node

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    #: Changes the entries of a form in a group, given the place of the store's root.
    _Enter: TypeAlias = "Callable[[str, str, Form, Entries], None]"

#: Documents of one node by their names.
Documents: TypeAlias = "dict[str, dict[str, Any]]"
#: Documents of the nodes below a group, by their paths relative to it.
Entries: TypeAlias = "dict[str, Documents]"


# Nodes of a consolidated document of some size.
_MANY = 1000


class StaleMetadataWarning(UserWarning):
    """Consolidated metadata do not say what the store holds."""


class InlineForm:
    """Zarr v3: a member of ``zarr.json``, with a document a path."""

    key = "zarr.json"
    names = ("zarr.json",)
    rows = ("consolidated_metadata", "metadata")
    #: What a group would have that drafts of the format let be without documents.
    implied: ClassVar[Documents] = {"zarr.json": {"zarr_format": 3, "node_type": "group"}}

    @staticmethod
    def may_hold(value: Any) -> bool:
        """Tell without parsing it whether a document can be a consolidated one."""
        return b'"consolidated_metadata"' in bytes(value)

    @staticmethod
    def read(document: dict[str, Any], path: str) -> Entries | None:
        """Take the entries out of a document; None when it is no consolidated one."""
        found = document.get("consolidated_metadata")
        if not isinstance(found, dict) or found.get("kind") != "inline":
            return None
        field = "consolidated_metadata.metadata"
        entries = _mapping(found.get("metadata"), field, path)
        for name, entry in entries.items():
            _checked_name(name, field, path)
            if not isinstance(entry, dict):
                _mapping(entry, f"{field}[{name!r}]", path)
        with json.collector_paused(len(entries) > _MANY):
            return {name: {"zarr.json": entry} for name, entry in entries.items()}

    @staticmethod
    def written(document: dict[str, Any], entries: Entries) -> dict[str, Any]:
        """Put entries into a document."""
        rows = {path: _bare(entries[path]["zarr.json"]) for path in sorted(entries, key=_depth)}
        member = {"kind": "inline", "must_understand": False, "metadata": rows}
        return {**document, "consolidated_metadata": member}

    @staticmethod
    def is_group(documents: Documents) -> bool:
        """Tell a group from an array."""
        return documents["zarr.json"].get("node_type") == "group"


class FileForm:
    """Zarr v2: ``.zmetadata``, with a document a key, those of the group itself included."""

    key = ".zmetadata"
    names = (".zarray", ".zgroup", ".zattrs")
    rows = ("metadata",)
    implied: ClassVar[Documents | None] = None

    @staticmethod
    def may_hold(value: Any) -> bool:
        """Tell without parsing it whether a document can be a consolidated one."""
        return True

    @staticmethod
    def read(document: dict[str, Any], path: str) -> Entries | None:
        """Take the entries out of a document; None when it is no consolidated one."""
        if document.get("zarr_consolidated_format") != 1:
            return None
        entries: Entries = {}
        for key, entry in _mapping(document.get("metadata"), "metadata", path).items():
            node, _, name = _checked_name(key, "metadata", path).rpartition("/")
            entries.setdefault(node, {})[name] = _mapping(entry, f"metadata[{key!r}]", path)
        return entries

    @staticmethod
    def written(document: dict[str, Any], entries: Entries) -> dict[str, Any]:
        """Put entries into a document."""
        rows = {
            f"{path}/{name}" if path else name: entries[path][name]
            for path in sorted(entries, key=_depth)
            for name in sorted(entries[path])
        }
        return {"zarr_consolidated_format": 1, "metadata": rows}

    @staticmethod
    def is_group(documents: Documents) -> bool:
        """Tell a group from an array."""
        return ".zgroup" in documents and ".zarray" not in documents


Form: TypeAlias = InlineForm | FileForm
FORMS: dict[int, Form] = {2: FileForm(), 3: InlineForm()}


def document_apart(zarr_format: int) -> str | None:
    """Name the consolidated document of a group; None where it is part of another."""
    form = FORMS[zarr_format]
    return None if form.key in form.names else form.key


def _mapping(value: Any, field: str, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MetadataError("must be an object", path=path, field=field, value=value)
    return value


def _checked_name(name: str, field: str, path: str) -> str:
    """Refuse a name that leads out of the group."""
    try:
        return check_key(name)
    except MetadataError as error:
        raise MetadataError(error.message, path=path, field=field) from None


def _depth(path: str) -> tuple[int, str]:
    """Sort near nodes first, then by name without regard to case."""
    import unicodedata  # tables of its own, for the few that consolidate

    return path.count("/"), unicodedata.normalize("NFKC", path).casefold()


def _bare(document: dict[str, Any]) -> dict[str, Any]:
    """Leave out of an entry what is consolidated in it: its nodes have entries of their own."""
    return {key: value for key, value in document.items() if key != "consolidated_metadata"}


def _key(*parts: str) -> str:
    return "/".join(part for part in parts if part)


# ------------------------------------------------------------------------------------- reading

_clock = count(1)
#: Number of the last change of metadata by this process; an older index is read again.
_now = 0


def note_change() -> None:
    """Make every index of this process look again before it answers."""
    global _now
    _now = next(_clock)


class Index:
    """What the consolidated document of a group says, shared by all nodes opened through it.

    Parameters
    ----------
    path : str
        Of the group.
    form : InlineForm or FileForm
    entries : dict
        As `form` reads them.
    """

    def __init__(self, path: str, form: Form, entries: Entries) -> None:
        self.path = path
        self._form = form
        self._seen = _now
        self._raw: bytes | None = None
        self._set(entries)

    def _set(self, entries: Entries | None) -> None:
        self._entries = entries
        self._below: dict[str, list[str]] | None = None

    def refresh(self) -> Steps[bool]:
        """Read the document again if this process has changed any; False when it is gone."""
        if self._seen != _now:
            now = _now
            raw, entries = yield from _load(self.path, self._form, self._raw)
            if raw is None or raw != self._raw:
                self._set(entries)
            self._raw, self._seen = raw, now
        return self._entries is not None

    def documents(self, path: str) -> Documents | None:
        """Give the documents of the node at a path of the store; None when there is no node."""
        assert self._entries is not None
        return self._entries.get(_relative(self.path, path))

    def below(self, path: str) -> Any:
        """Tell of the members of a group, as `zarrpy.engine.told.ConsolidatedMetadata`."""
        start = _relative(self.path, path)
        told = import_module("zarrpy.engine.told")  # which is built on this module
        return told.ConsolidatedMetadata.of_entries(
            self._entries or {}, f"{start}/" if start else ""
        )

    def names(self, path: str) -> list[str]:
        """List the names of the nodes directly below a group at a path of the store."""
        assert self._entries is not None
        if self._below is None:
            below: dict[str, list[str]] = {}
            for each in self._entries:
                if each:
                    parent, _, name = each.rpartition("/")
                    below.setdefault(parent, []).append(name)
            self._below = {parent: sorted(names) for parent, names in below.items()}
        return self._below.get(_relative(self.path, path), [])


def index_of(path: str, zarr_format: int, document: Mapping[str, Any]) -> Steps[Index | None]:
    """Find what is consolidated in a group whose documents were read; None when nothing is."""
    form = FORMS[zarr_format]
    if form.key in form.names and document:
        entries = form.read(dict(document), _key(path, form.key))
    else:
        _, entries = yield from _load(path, form)
    return None if entries is None else Index(path, form, entries)


def _load(
    path: str, form: Form, known: bytes | None = None
) -> Steps[tuple[bytes | None, Entries | None]]:
    """Read the consolidated document of a group; not parsed again when it is as known."""
    key = _key(path, form.key)
    (value,) = yield Fetch((key,))
    if value is None or not form.may_hold(value):
        return None, None
    raw = bytes(value)
    if raw == known:
        return raw, None
    return raw, form.read(json.loads(raw, path=key), key)


# ------------------------------------------------------------------------------------- changing


def consolidate(path: str, zarr_format: int) -> Steps[None]:
    """Collect the documents of all nodes below a group in one document of it."""
    form = FORMS[zarr_format]
    entries, others = yield from _stored(path, form)
    if others:
        raise MetadataError(
            f"the node at {_key(path, others[0])!r} has another format than the group at "
            f"{path or '/'!r}, whose consolidated metadata cannot name it",
            path=_key(path, others[0]),
            hint="keep nodes of one format in a hierarchy that is consolidated",
        )
    if form.key in form.names:
        yield from _change(path, form, lambda document: form.written(document, entries))
    else:
        document = form.written({}, entries)
        yield Put(((_key(path, form.key), json.dumps(document, rows=form.rows)),))
    note_change()


def remove(path: str, zarr_format: int) -> Steps[None]:
    """Take away what is consolidated; the nodes stay as they are."""
    form = FORMS[zarr_format]
    if form.key in form.names:
        yield from _change(path, form, _bare)
    else:
        yield Delete((_key(path, form.key),))
    note_change()


def _change(
    path: str, form: Form, change: Callable[[dict[str, Any]], dict[str, Any]]
) -> Steps[None]:
    """Replace a document that is there by what a function makes of it."""
    key = _key(path, form.key)

    def rewrite(value: Any) -> bytes:
        if value is None:
            raise GroupNotFoundError(f"no group at {path or '/'!r}", path=path)
        return json.dumps(change(json.loads(value, path=key)), rows=form.rows)

    yield Update(key, rewrite)


def record(paths: Sequence[str], nodes: Mapping[str, Documents]) -> Steps[bool]:
    """Say in the consolidated documents at some paths and above them what nodes there now are.

    Returns whether there are such documents. Those of other formats than the nodes have cannot
    name them, and are not looked at.

    Parameters
    ----------
    paths : sequence of str
    nodes : mapping of str to documents
        By their paths in the store.
    """
    named = [set(documents) for documents in nodes.values()]
    forms = [form for form in FORMS.values() if any(each <= {*form.names} for each in named)]

    def enter(place: str, group: str, form: Form, entries: Entries) -> None:
        for each, documents in nodes.items():
            node = _key(place, each)
            if set(documents) <= set(form.names) and _within(group, node, form):
                entries[_relative(group, node)] = documents
        if place:
            _connect(entries, form)

    return (yield from _amend(paths, enter, forms))


def forget(path: str) -> Steps[None]:
    """Take a node, and what is below it, out of the consolidated documents above it."""

    def leave(place: str, group: str, form: Form, entries: Entries) -> None:
        gone = _relative(group, _key(place, path))
        for each in [name for name in entries if name == gone or name.startswith(gone + "/")]:
            del entries[each]

    yield from _amend(home_of(path), leave, list(FORMS.values()))


def _amend(paths: Sequence[str], amend: _Enter, forms: Sequence[Form]) -> Steps[bool]:
    """Change the consolidated documents at some paths and above them, those that there are.

    Those of groups that the root of the store lies in are changed, too; `amend` is told which
    place that root has in the store of a document.  Returns whether there are some in this store.
    """
    note_change()
    groups: dict[str, None] = {}
    for path in paths:
        parts = path.split("/") if path else []
        groups.update(("/".join(parts[:i]), None) for i in range(len(parts) + 1))
    amended = bool(groups) and (yield from _amend_in(groups, partial(amend, ""), forms))
    names = tuple(form.key for form in forms)
    for store, place in (yield Enclosing(names)) or ():
        try:
            yield from elsewhere(store, _amend_in({"": None}, partial(amend, place), forms))
        except ZarrError as error:  # what was asked for is done
            warnings.warn(
                f"the consolidated metadata of {store.place_of('')} do not follow: {error}",
                StaleMetadataWarning,
                stacklevel=2,
            )
    note_change()
    return amended


def _amend_in(groups: Mapping[str, None], amend: Any, forms: Sequence[Form]) -> Steps[bool]:
    """Change the consolidated documents of some groups of a store."""
    amended = False
    places = [(group, form) for group in groups for form in forms]
    values = yield Fetch(tuple(_key(group, form.key) for group, form in places))
    for (group, form), value in zip(places, values, strict=True):
        if value is None or not form.may_hold(value):
            continue

        def rewrite(document: dict[str, Any], group: str = group, form: Form = form) -> Any:
            entries = form.read(document, _key(group, form.key))
            if entries is None:
                return document
            amend(group, form, entries)
            return form.written(document, entries)

        try:
            yield from _change(group, form, rewrite)
            amended = True
        except GroupNotFoundError:  # deleted meanwhile, and the entries with it
            continue
    return amended


def _relative(group: str, path: str) -> str:
    return path[len(group) :].lstrip("/")


def _within(group: str, path: str, form: Form) -> bool:
    """Whether the documents of a path are among those that a group consolidates."""
    if path == group:
        return form.key not in form.names  # a document does not hold itself
    return not group or path.startswith(group + "/")


# ------------------------------------------------------------------------------------- checking


@dataclass(frozen=True, slots=True)
class Difference:
    """One node of which consolidated metadata say something else than the store.

    Parameters
    ----------
    path : str
        Of the node, relative to the group.
    problem : {"not consolidated", "not stored", "different", "of another format"}
        The last is a node that consolidated metadata of the group cannot name.
    """

    path: str
    problem: str

    def __str__(self) -> str:
        return f"{self.path or '/'}: {self.problem}"


def verify(path: str, zarr_format: int) -> Steps[tuple[Difference, ...]]:
    """Compare what is consolidated in a group with every node.

    Raises
    ------
    MetadataError
        When nothing is consolidated there.
    """
    form = FORMS[zarr_format]
    _, entries = yield from _load(path, form)
    if entries is None:
        raise MetadataError(f"the group at {path or '/'!r} has no consolidated metadata", path=path)
    stored, others = yield from _stored(path, form)
    found = []
    for each in sorted({*entries, *stored, *others}, key=_depth):
        if each in others:
            found.append(Difference(each, "of another format"))
        elif each not in entries:
            found.append(Difference(each, "not consolidated"))
        elif each not in stored:
            found.append(Difference(each, "not stored"))
        elif _compared(entries[each]) != _compared(stored[each]):
            found.append(Difference(each, "different"))
    return tuple(found)


def _compared(documents: Documents) -> bytes:
    """Bring documents into a form in which true is not 1, and the order of members is none."""
    kept = {name: _bare(json.copy(each)) for name, each in documents.items()}
    if not kept.get(".zattrs"):
        kept.pop(".zattrs", None)
    return json.dumps(_sorted(kept))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(each) for each in value] if isinstance(value, list) else value


def _stored(path: str, form: Form) -> Steps[tuple[Entries, list[str]]]:
    """Read the documents of all nodes below a group; a level of the hierarchy in one request.

    Returns
    -------
    entries : dict
    others : list of str
        Nodes that have documents of another format only; what is below them is not looked at.
    """
    entries: Entries = {}
    others: list[str] = []
    level = [""]
    while level:
        found, strangers = yield from _read_level(path, level, form)
        entries.update(found)
        others += strangers
        above, level = level, []
        for each in above:
            if each in found and not form.is_group(found[each]):
                continue
            if each in strangers or (each not in found and not form.implied):
                continue
            here = _key(path, each)
            names = yield ListNames(here + "/" if here else "", folders=True)
            level.extend(_key(each, name) for name in names if is_taken_for_node(name))
    if "" not in entries:
        raise GroupNotFoundError(f"no group at {path or '/'!r}", path=path)
    if form.implied:
        entries = _with_implied(entries, form.implied)
    if form.key in form.names:
        del entries[""]
    return entries, others


def _connect(entries: Entries, form: Form) -> None:
    """Name the groups above nodes that have no documents, or leave such nodes out."""
    if form.implied:
        entries |= _with_implied(entries, form.implied)
        return
    for each in sorted(entries, key=_depth):
        parent = each.rpartition("/")[0]
        if parent and parent not in entries:
            del entries[each]


def _with_implied(entries: Entries, documents: Documents) -> Entries:
    """Name the groups that have no document of their own, but nodes below them."""
    found = dict(entries)
    for each in entries:
        parts = each.split("/")
        for i in range(1, len(parts)):
            found.setdefault("/".join(parts[:i]), documents)
    return found


def _read_level(path: str, nodes: list[str], form: Form) -> Steps[tuple[Entries, set[str]]]:
    """Read the documents of some nodes, and tell which have only those of another format."""
    names = [name for each in FORMS.values() for name in each.names]
    values = yield Fetch(tuple(_key(path, each, name) for each in nodes for name in names))
    values = iter(values)
    entries: Entries = {}
    others: set[str] = set()
    for each in nodes:
        held = {name: next(values) for name in names}
        documents = {
            name: json.loads(held[name], path=_key(path, each, name))
            for name in form.names
            if held[name] is not None
        }
        if documents.keys() - {".zattrs"}:
            entries[each] = documents
        elif any(held[name] is not None for name in names if name != ".zattrs"):
            others.add(each)
    return entries, others

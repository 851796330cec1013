"""Names of nodes, their paths, and keys: what is a valid one, and what leads out of a store.

Two strengths of the same rule.  A path that is only *opened* has to stay inside the store:
no ``..``, no empty segment, no backslash.  A name that is *created* has also to be one that
the specification allows and that other readers find again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from zarrpy.errors import MetadataError
from zarrpy.notice import warn

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "DOCUMENTS",
    "GUARD",
    "LOCK_SUFFIX",
    "LONG",
    "MOVES",
    "OURS",
    "QUARANTINE",
    "SHRINK",
    "STAGE",
    "TRANSACTION",
    "check_key",
    "check_keys",
    "check_name",
    "check_path",
    "home_of",
    "is_taken_for_node",
    "normalise_path",
]

#: Documents of nodes: a child of this name would hide one.
DOCUMENTS = frozenset(("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata"))

#: How names begin that are there for a while only, while a node is replaced; no node has one.
OURS = ".__zp-"
#: Begins the names of where one process makes a new node.
STAGE = f"{OURS}new-"
#: Begins the names of what a journal lets go on: whoever clears up after a kill leaves it.
LONG = f"{OURS}long-"
#: Record of renames that are under way.
MOVES = ".__zp-moves"
#: Leads from a node to a transaction while it is committed; with a token, names its journal.
TRANSACTION = ".__zp-txn"
#: Its lock keeps out those who replace a node, or change the shape of an array.
GUARD = ".__zp-guard"
#: Names how far values may be stored beyond the shape of an array, while that changes.
SHRINK = ".__zp-shrink"
#: Where damaged values of a node are set aside.
QUARANTINE = ".__zp-quarantine"

#: A writer's lock on a key (docs/adr/0003); in a directory such names are not listed.
LOCK_SUFFIX = ".__lock"

_PORTABLE = re.compile(r"[A-Za-z0-9._-]+\Z", re.ASCII)
_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\.|\Z)", re.ASCII | re.IGNORECASE)
_WINDOWS_ONLY = re.compile(r'[<>:"|?*\x01-\x1f]')


def normalise_path(path: str) -> str:
    """Bring the path of a node into its one form: no slash at either end.

    Raises
    ------
    MetadataError
        If the path is not one inside the store.

    Examples
    --------
    >>> normalise_path("/a/b/")
    'a/b'
    """
    if not isinstance(path, str):
        raise MetadataError(f"the path of a node must be a string, not {path!r}")
    stripped = path.strip("/")
    if stripped:
        for segment in stripped.split("/"):
            problem = _escape(segment)
            if problem is not None:
                raise MetadataError(f"the path {path!r} {problem}")
    return stripped


def home_of(path: str) -> tuple[str, ...]:
    """Give the path of the group that a node lies in; nothing for the root.

    Examples
    --------
    >>> home_of("a/b"), home_of("a"), home_of("")
    (('a',), ('',), ())
    """
    return (path.rpartition("/")[0],) if path else ()


#: Reserved names that xarray gives to a variable without one, and that other libraries take.
_TAKEN = frozenset(("__xarray_dataarray_variable__", "__values__"))


def is_taken_for_node(name: str) -> bool:
    """Whether what has a name may be a node: reserved ones are none, but for those of others.

    Nor is what no path leads to, as ``..`` among the keys of a file that somebody made.
    """
    return name in _TAKEN or not (name.startswith((".__", "__")) or _escape(name))


def check_path(path: str) -> str:
    """Bring a path into its one form, and check that each of its names may be created."""
    path = normalise_path(path)
    if path:
        for segment in path.split("/"):
            check_name(segment)
    return path


def check_name(name: str, *, portable: bool = False) -> str:
    """Check that a node of this name may be created.

    Parameters
    ----------
    name : str
        One name, without slashes.
    portable : bool
        Refuse names that not every file system can hold; otherwise they give a warning.

    Raises
    ------
    MetadataError
        If the specification rules the name out.
    """
    if not isinstance(name, str):
        raise MetadataError(f"the name of a node must be a string, not {name!r}")
    problem = (
        "is empty" if not name else _escape(name) or (None if name in _TAKEN else _reserved(name))
    )
    if problem is not None:
        raise MetadataError(f"the name {name!r} {problem}")
    problem = _not_portable(name)
    if problem is not None:
        message = f"the name {name!r} {problem}"
        if portable:
            raise MetadataError(message, hint="use only letters, digits, '-', '_' and '.'")
        warn(message)
    return name


def check_key(key: str) -> str:
    """Check that a key stays inside the store.

    Raises
    ------
    MetadataError
        If it is empty, begins with a slash, or has a segment that is empty or leads upwards.
    """
    if not isinstance(key, str):
        raise MetadataError(f"a key must be a string, not {key!r}")
    plain = not (  # as nearly all are, and stores ask this of each chunk
        "/." in key
        or "//" in key
        or "\\" in key
        or "\0" in key
        or key[:1] in "/."
        or key[-1] == "/"
    )
    if plain:
        return key
    if not key:
        raise MetadataError("the key is empty")
    for segment in key.split("/"):
        problem = _escape(segment)
        if problem is not None:
            raise MetadataError(f"the key {key!r} {problem}")
    return key


def check_keys(keys: Sequence[str]) -> None:
    """Check several keys as `check_key` does, by one look at all of them.

    Raises
    ------
    MetadataError
        If one of them is none.
    """
    try:
        check_key("/".join(keys))
    except (MetadataError, TypeError):  # which of them, if there is any
        for key in keys:
            check_key(key)


def _escape(segment: str) -> str | None:
    """Say why a segment is not a name at all, or None."""
    if segment == "":
        return "has an empty segment; write one '/' between names"
    if segment in (".", ".."):
        return f"has the segment {segment!r}, which leads elsewhere"
    if "/" in segment:
        return "has a '/'; give one name"
    if "\\" in segment:
        return "has a backslash; separate names by '/'"
    if "\0" in segment:
        return "has a NUL character"
    return None


def _reserved(name: str) -> str | None:
    """Say why the specification keeps a name for itself, or None."""
    if name.startswith("__"):
        return "begins with '__', which is reserved"
    if not name.strip("."):
        return "has only dots"
    if name.endswith(LOCK_SUFFIX):
        return f"ends in {LOCK_SUFFIX!r}, as the locks of directories do"
    if name.startswith(OURS):
        return f"begins with {OURS!r}, as what is there while a node is replaced does"
    if name in DOCUMENTS:
        return "is the name of a metadata document"
    try:
        name.encode()
    except UnicodeEncodeError:
        return "has half of a surrogate pair, which UTF-8 cannot write"
    return None


def _not_portable(name: str) -> str | None:
    """Say where a name would not work, or None."""
    if _PORTABLE.match(name) and not name.endswith(".") and not _DEVICE.match(name):
        return None
    if _DEVICE.match(name):
        return "is a device on Windows"
    if name[-1] in ". ":
        return "ends in a dot or a space, which Windows drops"
    if _WINDOWS_ONLY.search(name):
        return "has a character that Windows does not allow"
    return None

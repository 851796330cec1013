"""From a path on the command line to a store and a path within it.

``run.zarr/grid/lat`` is a node of the hierarchy ``run.zarr``, and ``run.zip/grid/lat`` of one in a
file: changes go through the root, so that consolidated metadata and groups on the way stay right.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    import argparse
    from typing import Any

    from zarrpy.stores.base import Store

_DOCUMENTS = ("zarr.json", ".zgroup", ".zarray")

#: Endings of directories and files that are hierarchies.
_HIERARCHIES = (".zarr", ".zip", ".sqlite", ".sqlite3")
#: Endings of files that others than Zarr's programs write.
_FOREIGN = (".npy", ".npz", ".h5", ".hdf5", ".nc", ".nc4")


def located(place: str, arguments: argparse.Namespace, *, read_only: bool = False) -> Any:
    """Find the store of a path, and the path within it.

    Parameters
    ----------
    place : str
    arguments : Namespace
        With the options for stores behind a URL.
    read_only : bool

    Returns
    -------
    tuple of (Store, str)
    """
    root, inner = split(place)
    return store_of(root, arguments, read_only), inner


def located_anew(place: str, arguments: argparse.Namespace) -> Any:
    """Find the store of a path where something is created, and the path within it.

    Of ``new.zarr/a/b``, where nothing is, the hierarchy is ``new.zarr``: the groups on the way are
    created, which nobody could do who had but a store at the end of the path.
    """
    root, inner = split(place)
    if not inner and not _is_node(root) and not os.path.isfile(root):
        root, inner = _ending_anew(root)
    return store_of(root, arguments), inner


def _ending_anew(place: str) -> tuple[str, str]:
    """Split a path behind its first part that is not there, or the first that has an ending."""
    if _is_elsewhere(place):
        return place, ""
    parts = place.rstrip("/").split("/")
    roots = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    new = [root for root in roots if root and not os.path.exists(root)]
    if not new:
        return place, ""
    root = next((each for each in new if each.lower().endswith(_HIERARCHIES)), new[0])
    return root, place[len(root) :].strip("/")


def _is_elsewhere(place: str) -> bool:
    """Whether a place is named by a URL, or by a path in a file after a bar."""
    return "|" in place or "://" in place or place.startswith(("file:", "sqlite:"))


def store_of(root: str, arguments: argparse.Namespace, read_only: bool = False) -> Store:
    """Find the store at a path."""
    from zarrpy.stores import as_store

    if root.lower().endswith(_FOREIGN) and os.path.isfile(root):
        from zarrpy.cli.exits import UsageError

        raise UsageError(f"{root} is no Zarr store -> zarrpy import {root} PATH.zarr")
    options = storage_options(arguments) or None
    if options and not _is_url(root):
        if not any(map(_is_url, vars(arguments).values())):
            from zarrpy.cli.exits import UsageError

            raise UsageError(f"-o {next(iter(options))}: {root} takes no options, as URLs do")
        options = None  # they are for the other place
    return as_store(root, read_only=read_only, storage_options=options)


def _is_url(value: object) -> bool:
    return isinstance(value, str) and "://" in value


def opened(place: str, arguments: argparse.Namespace, *, write: bool = False) -> Any:
    """Open the array or group at a path."""
    import zarrpy

    store, path = located(place, arguments, read_only=not write)
    return zarrpy.open(store, path=path, mode="r+" if write else "r")


def opened_array(place: str, arguments: argparse.Namespace, *, write: bool = False) -> Any:
    """Open the array at a path; a group is an error that tells so."""
    import zarrpy

    store, path = located(place, arguments, read_only=not write)
    return zarrpy.open_array(store, path=path, mode="r+" if write else "r")


def split(place: str) -> tuple[str, str]:
    """Split a path where the hierarchy begins that it leads into.

    Examples
    --------
    >>> split("nowhere.zarr/a")
    ('nowhere.zarr/a', '')
    """
    if _is_elsewhere(place):
        return place, ""
    parts = [part for part in place.replace(os.sep, "/").split("/") if part not in ("", ".")]
    start = "/" if place.startswith("/") else ""
    for count in range(1, len(parts)):
        root = start + "/".join(parts[:count])
        if os.path.isfile(root) or _is_node(root):
            return root, "/".join(parts[count:])
    return place, ""


def _is_node(folder: str) -> bool:
    return any(os.path.isfile(os.path.join(folder, name)) for name in _DOCUMENTS)


def storage_options(arguments: argparse.Namespace) -> dict[str, Any]:
    """Read ``-o key=value``; values that are JSON mean what they mean there."""
    from zarrpy.cli.exits import UsageError

    options = {}
    for each in getattr(arguments, "option", ()):
        name, equals, value = each.partition("=")
        if not equals:
            raise UsageError(f"-o takes KEY=VALUE, not {each!r}")
        options[name] = value_of(value)
    return options


def value_of(text: str) -> Any:
    """Read a value that is JSON, or else a text."""
    import json

    try:
        return json.loads(text)
    except ValueError:
        return text


def shape_of(text: str) -> tuple[int, ...]:
    """Read lengths such as ``365,10,10``, for the parser."""
    import argparse

    try:
        lengths = tuple(int(word) for word in text.replace("x", ",").split(",") if word.strip())
    except ValueError:
        lengths = (-2,)
    if any(n < -1 for n in lengths):
        raise argparse.ArgumentTypeError(f"{text!r} is no shape: give lengths, as in 365,10,10")
    return lengths


def size_of(text: str) -> int:
    """Read a number of bytes such as ``2GiB``, for the parser."""
    import argparse

    from zarrpy.config import parse_size

    try:
        return parse_size(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def selection_of(text: str) -> Any:
    """Read a selection as NumPy's brackets have it: ``0,10:20,::-1`` or ``...,3``."""
    from zarrpy.cli.exits import UsageError

    words = [word.strip() for word in text.strip("[] ").split(",")]
    try:
        found = tuple(_index(word) for word in words if word)
    except ValueError:
        raise UsageError(f"{text!r} is no selection: give such as 0,10:20,::2") from None
    if any(isinstance(each, slice) and each.step == 0 for each in found):
        raise UsageError(f"{text!r}: the step of a slice cannot be 0")
    return found


def _index(word: str) -> Any:
    if word == "...":
        return Ellipsis
    if ":" not in word:
        return int(word)
    parts = [int(part) if part.strip() else None for part in word.split(":")]
    if len(parts) > 3:
        raise ValueError(word)
    return slice(*parts)

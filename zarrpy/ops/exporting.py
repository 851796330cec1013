"""Write arrays as files that other programs read: .npy, .npz and raw bytes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.api.open import open as open_node
from zarrpy.api.recode import regions
from zarrpy.array import Array
from zarrpy.display.progress import Progress
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.operation import function
from zarrpy.errors import MetadataError, NodeKindError
from zarrpy.group import Group
from zarrpy.stores import as_store

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps

__all__ = ["export_to"]

_FORMS = ("npy", "npz", "raw")


@function
def export_to(
    source: Any,
    target: str | os.PathLike[str],
    *,
    form: str | None = None,
    overwrite: bool = False,
    progress: Any = None,
) -> Steps[Path]:
    """Write an array to a .npy file or as raw bytes, or the arrays of a group to a .npz file.

    A part of an array is in memory at a time. Raw bytes are the elements in C order, the lowest
    byte first.

    Parameters
    ----------
    source : Array, Group, str, path-like, mutable mapping or Store
    target : str or path-like
    form : {"npy", "npz", "raw"}, optional
        By default as the ending says; any other is raw.
    overwrite : bool
        Replace a file that is there.
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each part.

    Returns
    -------
    Path
        The file; what `target` holds until it is complete is left as it is.

    Raises
    ------
    FileExistsError
        When the file is there and `overwrite` is false.
    NodeKindError
        When a group is to be written as one array, or the other way round.
    MetadataError
        When elements have no length of their own.
    """
    path = Path(target)
    form = path.suffix.lstrip(".") if form is None else form
    if form not in _FORMS:
        form = "raw"
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} is there already: overwrite=True replaces it")
    node = yield from _node(source)
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    told = Progress(progress, None, "parts")
    try:
        if form == "npz":
            yield from _archive(node, beside)
        else:
            yield from _file(node, beside, form, told)
        os.replace(beside, path)
    finally:
        told.close()
        beside.unlink(missing_ok=True)
    return path


def _node(source: Any) -> Steps[Array | Group]:
    if isinstance(source, Array | Group):
        return source
    store = as_store(source)
    return (yield from elsewhere(store, open_node.steps(store, mode="r")))


def _file(node: Array | Group, path: Path, form: str, told: Progress) -> Steps[None]:
    if isinstance(node, Group):
        raise NodeKindError(f"{node} is a group: write one of its arrays, or a .npz file")
    if node.dtype.hasobject or node.dtype.kind == "T":
        raise MetadataError(
            f"elements of {node.metadata.data_type.name} have no length of their own",
            hint="node[...].astype('U') gives texts one",
        )
    dtype = node.dtype.newbyteorder("<") if form == "raw" else node.dtype
    if form == "raw" and node.size == 0:
        path.touch()
        return
    if form == "npy":
        out: Any = np.lib.format.open_memmap(path, "w+", dtype, node.shape)
    else:
        out = np.memmap(path, dtype, "w+", 0, node.shape or (1,))
    for region in regions(node):
        values = yield from elsewhere(node.store, node.read.steps(region))
        out[region or ...] = values
        told.advance(1, values.nbytes, values.nbytes)
    out.flush()


def _archive(node: Array | Group, path: Path) -> Steps[None]:
    if isinstance(node, Array):
        raise NodeKindError(f"{node} is an array: a .npz file holds those of a group")
    found: dict[str, Any] = {}
    for name, member in (yield from elsewhere(node.store, node.members.steps(None))):
        if isinstance(member, Array):
            found[name] = yield from elsewhere(node.store, member.read.steps())
    with path.open("wb") as file:
        np.savez(file, **found)

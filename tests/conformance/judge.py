"""Open what a case stores, and say what is wrong with what comes out of it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

import zarrpy
from conformance.corpus import Bits, Case, Group, Refusal


def opened(case: Case, store: dict[str, bytes] | None = None, mode: str = "r") -> Any:
    """Open the node of a case; warnings are not what the corpus is about."""
    store = dict(case.stored) if store is None else store
    with warnings.catch_warnings(action="ignore"):
        return zarrpy.open(store, mode=mode, path=case.path or None)


def outcome(case: Case) -> Any:
    """Give what a reader makes of a case: elements, a `Group`, or the error that it raised."""
    try:
        node = opened(case)
        if isinstance(node, zarrpy.Group):
            with warnings.catch_warnings(action="ignore"):
                return Group({name: kind(member) for name, member in node.items()},
                             dict(node.attrs))  # fmt: skip
        elements = node[...]
    except zarrpy.errors.ZarrError as error:
        return error
    wrong = [
        f"{name} is {getattr(node, name)!r} and not {value!r}"
        for name, value in case.facts.items()
        if getattr(node, name) != value
    ]
    return "; ".join(wrong) or elements


def kind(node: Any) -> str:
    """Name what a node is."""
    return "group" if isinstance(node, zarrpy.Group) else "array"


def complaint(case: Case, found: Any) -> str | None:
    """Say how an outcome differs from what the case expects; None when it does not."""
    expected = case.expected
    if isinstance(expected, Refusal):
        return _not_refused(expected, found)
    if isinstance(found, Exception):
        return f"refused: {type(found).__name__}: {found}"
    if isinstance(expected, Group) or isinstance(found, Group | str):
        return None if found == expected else f"{found!r} and not {expected!r}"
    return _different(expected, np.asarray(found))


def _not_refused(expected: Refusal, found: Any) -> str | None:
    if not isinstance(found, Exception):
        return f"not refused, but read as {found!r}"
    if not isinstance(found, expected.error):
        return f"{type(found).__name__} and not {expected.error.__name__}: {found}"
    missing = [word for word in expected.words if word not in str(found)]
    return f"the error does not say {', '.join(map(repr, missing))}: {found}" if missing else None


def _different(expected: np.ndarray | Bits, found: np.ndarray) -> str | None:
    whole = isinstance(expected, np.ndarray)
    elements = expected if isinstance(expected, np.ndarray) else expected.elements
    if found.shape != elements.shape:
        return f"of shape {found.shape} and not {elements.shape}"
    if whole and elements.dtype.kind == "O":
        same = [_text(each) for each in found.flat] == [_text(each) for each in elements.flat]
        return None if same else f"{found.tolist()} and not {elements.tolist()}"
    if whole and found.dtype != elements.dtype:
        return f"of data type {found.dtype} and not {elements.dtype}"
    same = found.tobytes() == elements.tobytes()
    return None if same else f"{found.tobytes().hex()} and not {elements.tobytes().hex()}"


def _text(element: Any) -> Any:
    """Give an element of variable length as Python's own type, whatever stands for it."""
    return bytes(element) if isinstance(element, bytes | bytearray | memoryview) else str(element)

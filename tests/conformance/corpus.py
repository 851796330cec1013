"""The vocabulary of the corpus: what a case is, and short ways to write one.

A case is what lies in a store, and what a reader has to make of it: elements, a group with
its members, or a refusal.  Families of cases are the modules of ``families``, each with a
list ``CASES``; expected elements are written down or computed by NumPy, never by zarrpy.
"""

from __future__ import annotations

import json
import pkgutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from zarrpy import errors

Document = dict[str, Any]
Chunk = bytes | str | np.ndarray

#: A member given so is left out of the document.
ABSENT: Any = object()


@dataclass(frozen=True)
class Refusal:
    """The store must be refused.

    Parameters
    ----------
    error : type
        The class of the error, or a parent of it.
    words : tuple of str
        What the message has to say: the name, the member or the value that is wrong.
    """

    error: type[Exception]
    words: tuple[str, ...]


@dataclass(frozen=True)
class Bits:
    """Elements of a type that NumPy may not have: their shape and their bytes in memory."""

    elements: np.ndarray


@dataclass(frozen=True)
class Group:
    """A group: its attributes, and what its members are by name, "array" or "group"."""

    members: Mapping[str, str] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One store and what it means.

    Parameters
    ----------
    name : str
        Unique; the family comes before it.
    rule : str
        What the specification says, in our words.
    stored : mapping of str to bytes
        Every key and its value.
    expected : ndarray, Bits, Group or Refusal
        An ndarray of objects stands for elements of variable length.
    path : str
        Of the node that is opened.
    facts : mapping of str to object
        Attributes of the opened node and their values.
    """

    name: str
    rule: str
    stored: Mapping[str, bytes]
    expected: np.ndarray | Bits | Group | Refusal
    path: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


#: The array of most cases about documents: five numbers in chunks of two, the last one absent.
NUMBERS: dict[str, Chunk] = {"c/0": "0102", "c/1": "0304"}
NUMBERS_V2: dict[str, Chunk] = {"0": "0102", "1": "0304"}
FILL = 9
FIVE = np.array([1, 2, 3, 4, FILL], np.uint8)

BYTES: Document = {"name": "bytes"}
LITTLE: Document = {"name": "bytes", "configuration": {"endian": "little"}}
BIG: Document = {"name": "bytes", "configuration": {"endian": "big"}}


def codec(name: str, /, **configuration: Any) -> Document:
    """Write an extension of v3 with its configuration."""
    return {"name": name, "configuration": configuration}


def regular(*chunk_shape: int) -> Document:
    """Write a regular chunk grid."""
    return codec("regular", chunk_shape=list(chunk_shape))


def array(**members: Any) -> Document:
    """Write a v3 array, the one of `NUMBERS` unless members say otherwise."""
    document = {
        "zarr_format": 3,
        "node_type": "array",
        "shape": [5],
        "data_type": "uint8",
        "chunk_grid": regular(2),
        "chunk_key_encoding": codec("default", separator="/"),
        "fill_value": FILL,
        "codecs": [LITTLE],
    }
    return _changed(document, members)


def group(**members: Any) -> Document:
    """Write a v3 group."""
    return _changed({"zarr_format": 3, "node_type": "group"}, members)


def array_v2(**members: Any) -> Document:
    """Write a v2 array, the one of `NUMBERS_V2` unless members say otherwise."""
    document = {
        "zarr_format": 2,
        "shape": [5],
        "chunks": [2],
        "dtype": "|u1",
        "compressor": None,
        "fill_value": FILL,
        "order": "C",
        "filters": None,
    }
    return _changed(document, members)


def _changed(document: Document, members: Document) -> Document:
    merged = {**document, **members}
    return {name: value for name, value in merged.items() if value is not ABSENT}


def opens(
    name: str,
    rule: str,
    document: Document | bytes,
    expected: Any = FIVE,
    chunks: Mapping[str, Chunk] | None = None,
    *,
    attributes: Document | None = None,
    **facts: Any,
) -> Case:
    """Make a case of an array at the root that has to be read; v2 goes by its `zarr_format`."""
    v2 = isinstance(document, dict) and document.get("zarr_format") == 2
    if chunks is None:
        chunks = NUMBERS_V2 if v2 else NUMBERS
    stored = {".zarray" if v2 else "zarr.json": written(document)}
    if attributes is not None:
        stored[".zattrs"] = written(attributes)
    stored |= {key: _chunk(value) for key, value in chunks.items()}
    return Case(name, rule, stored, expected, facts=facts)


def refused(
    name: str,
    rule: str,
    document: Document | bytes,
    error: type[Exception] | str,
    *words: str,
    chunks: Mapping[str, Chunk] | None = None,
    v2: bool = False,
) -> Case:
    """Make a case of an array at the root that must not be read."""
    kind = getattr(errors, error) if isinstance(error, str) else error
    v2 = v2 or (isinstance(document, dict) and "chunks" in document)
    made = opens(name, rule, document, Refusal(kind, words), chunks or {})
    if v2 and "zarr.json" in made.stored:
        return replace(made, stored={".zarray": made.stored["zarr.json"]})
    return made


def hierarchy(
    name: str,
    rule: str,
    stored: Mapping[str, Document | Chunk],
    expected: Any,
    path: str = "",
    **facts: Any,
) -> Case:
    """Make a case of several nodes, by key."""
    values = {
        key: written(value) if isinstance(value, dict) else _chunk(value)
        for key, value in stored.items()
    }
    return Case(name, rule, values, expected, path, facts)


def written(document: Document | bytes) -> bytes:
    """Write a document, unless it is written already."""
    return document if isinstance(document, bytes) else json.dumps(document).encode()


def _chunk(value: Chunk) -> bytes:
    """Give the bytes of a chunk, of which text is the hexadecimal."""
    if isinstance(value, np.ndarray):
        return value.tobytes()
    return bytes.fromhex(value) if isinstance(value, str) else value


def objects(*values: Any, shape: tuple[int, ...] | None = None) -> np.ndarray:
    """Make the expected array of elements of variable length."""
    made = np.empty(len(values), object)
    made[:] = values
    return made.reshape(len(values) if shape is None else shape)


def crc32c(data: bytes) -> bytes:
    """Compute the Castagnoli checksum bit by bit, as its polynomial defines it."""
    remainder = 0xFFFFFFFF
    for byte in data:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (0x82F63B78 if remainder & 1 else 0)
    return (remainder ^ 0xFFFFFFFF).to_bytes(4, "little")


@cache
def all_cases() -> dict[str, Case]:
    """Give every case of every family by its full name."""
    found: dict[str, Case] = {}
    for name, case in _named(_families()):
        if name in found:
            raise ValueError(f"two cases are called {name!r}")
        found[name] = case
    return found


def _families() -> Iterable[tuple[str, list[Case]]]:
    from conformance import families

    for module in sorted(pkgutil.iter_modules(families.__path__), key=lambda each: each.name):
        yield module.name, import_module(f"conformance.families.{module.name}").CASES


def _named(families: Iterable[tuple[str, list[Case]]]) -> Iterable[tuple[str, Case]]:
    for family, cases in families:
        for case in cases:
            yield f"{family}: {case.name}", case

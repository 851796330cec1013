"""Chunk key encodings that programs and packages add, and what is known of all of them.

A `ChunkKeyEncoder` spells keys and reads them back.  What it gives is checked, because a key that
is no key, or one that two chunks share, would be lost data: see `spelled` and `read`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from typing import Any, ClassVar, Self

from zarrpy.errors import MetadataError
from zarrpy.registry import PlugInInfo, Registry

__all__ = [
    "ChunkKeyEncoder",
    "available_chunk_key_encodings",
    "find",
    "register_chunk_key_encoding",
    "unregister_chunk_key_encoding",
]

FIELD = "chunk_key_encoding"
_RESERVED = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")


class ChunkKeyEncoder:
    """Spells the keys of chunks; a frozen dataclass whose fields are its configuration.

    Attributes
    ----------
    name : str
        As in ``zarr.json``.
    version : str, optional
        For `available_chunk_key_encodings`.

    Examples
    --------
    >>> class Flat(ChunkKeyEncoder):
    ...     name = "example.flat"
    ...     def encode(self, grid_index): return "chunk-" + "-".join(map(str, grid_index))
    ...     def decode(self, key, ndim): return tuple(map(int, key.split("-")[1:]))
    >>> Flat().encode((1, 2))
    'chunk-1-2'
    """

    name: ClassVar[str]

    def encode(self, grid_index: Sequence[int]) -> str:
        """Spell the key of a chunk, relative to the array; no two chunks may share one."""
        raise NotImplementedError

    def decode(self, key: str, ndim: int) -> tuple[int, ...]:
        """Read a key.

        Raises
        ------
        ValueError
            When it is not the key of a chunk.
        """
        raise NotImplementedError

    @classmethod
    def from_config(cls, configuration: dict[str, Any]) -> Self:
        """Make the encoding that a metadata document describes."""
        known = cls._parameters()
        for member, value in configuration.items():
            if member not in known:
                raise MetadataError(
                    "is not a parameter",
                    field=f"{FIELD}.configuration.{member}",
                    value=value,
                    hint=f"{cls.name} has {', '.join(known) or 'no parameters'}",
                )
        try:
            return cls(**configuration)
        except MetadataError:
            raise
        except (TypeError, ValueError) as error:
            raise MetadataError(
                f"does not suit {cls.name!r}: {error}",
                field=f"{FIELD}.configuration",
                value=configuration,
            ) from error

    def to_config(self) -> dict[str, Any]:
        """Say the configuration as JSON."""
        return {name: getattr(self, name) for name in self._parameters()}

    @classmethod
    def _parameters(cls) -> tuple[str, ...]:
        return tuple(each.name for each in fields(cls)) if is_dataclass(cls) else ()


_known: Registry[Any] = Registry(
    "chunk key encoding",
    built_in=dict.fromkeys(
        ("default", "v2", "zarrs.default_suffix"), "zarrpy.metadata.chunk_keys:ChunkKeyEncoding"
    ),
    entry_points="zarrpy.chunk_key_encodings",
)


def register_chunk_key_encoding(encoding: type[ChunkKeyEncoder], *, force: bool = False) -> None:
    """Make a chunk key encoding known by its `name`.

    Parameters
    ----------
    encoding : type
        A child of `ChunkKeyEncoder`.
    force : bool
        Replace what a program has registered under the name.

    Raises
    ------
    ValueError
        When the name is taken and `force` is false, or is that of a built-in encoding.
    TypeError
        When it is no class of encodings.
    """
    of_ours = isinstance(encoding, type) and issubclass(encoding, ChunkKeyEncoder)
    if not of_ours or not isinstance(getattr(encoding, "name", None), str):
        raise TypeError(
            f"{encoding!r} is no class of chunk key encodings: derive it from "
            "zarrpy.ChunkKeyEncoder, with name, encode and decode"
        )
    if _known.is_built_in(encoding.name):
        raise ValueError(
            f"the chunk key encoding {encoding.name!r} is built in, and is not replaced: it would "
            "lose the chunks of every array"
        )
    _known.register(encoding.name, encoding, force=force)


def unregister_chunk_key_encoding(name: str) -> None:
    """Forget a chunk key encoding.

    Raises
    ------
    KeyError
        When nothing was registered under the name.
    """
    _known.unregister(name)


def available_chunk_key_encodings() -> list[PlugInInfo]:
    """Tell about every chunk key encoding that is known, in alphabetical order.

    Examples
    --------
    >>> [each.name for each in available_chunk_key_encodings()]
    ['default', 'v2', 'zarrs.default_suffix']
    """
    return _known.infos()


def find(name: str) -> type[ChunkKeyEncoder] | None:
    """Find a class that was registered, or that a package announces; None for any other name."""
    return None if _known.is_built_in(name) else _known.get(name)


def names() -> list[str]:
    """List the names of all encodings."""
    return _known.names()


def spelled(encoder: ChunkKeyEncoder, grid_index: Sequence[int]) -> str:
    """Let an encoding spell a key, and check that it is one, of that chunk alone."""
    index = tuple(grid_index)
    key = encoder.encode(index)
    parts = key.split("/") if isinstance(key, str) else [""]
    bad = any(part in ("", ".", "..") or part.startswith("__") for part in parts)
    if bad or "\0" in key or "\\" in key or parts[-1] in _RESERVED:
        raise MetadataError(
            f"of the encoding {encoder.name!r} gives no key for chunk {index}",
            field=FIELD,
            value=key,
            hint="a key is relative to the array, as 'c/0/1' is, and is not that of a document",
        )
    if _decoded(encoder, key, len(index)) != index:
        raise MetadataError(
            f"of the encoding {encoder.name!r} gives chunk {index} a key that it does not read as "
            "that of this chunk",
            field=FIELD,
            value=key,
            hint="no two chunks may share a key, and decode(encode(index)) must be the index",
        )
    return key


def _decoded(encoder: ChunkKeyEncoder, key: str, ndim: int) -> tuple[int, ...] | None:
    """Let an encoding read a key; None where it does not."""
    try:
        return encoder.decode(key, ndim)
    except (ValueError, TypeError, LookupError):
        return None


def read(encoder: ChunkKeyEncoder, key: str, ndim: int) -> tuple[int, ...]:
    """Let an encoding read a key; only the one spelling that it gives a chunk counts."""
    found = _decoded(encoder, key, ndim)
    if (
        not isinstance(found, tuple)
        or len(found) != ndim
        or not all(type(i) is int and i >= 0 for i in found)
        or encoder.encode(found) != key
    ):
        raise MetadataError(
            f"is not the key of a chunk of {ndim} dimensions by the encoding {encoder.name!r}",
            field=repr(key),
        )
    return found

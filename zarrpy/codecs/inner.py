"""Codecs within the configuration of another codec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.codecs.notation import parse_codec
from zarrpy.codecs.parameters import reject
from zarrpy.config import config
from zarrpy.metadata import v3

if TYPE_CHECKING:
    from zarrpy.codecs.base import ChunkSpec, Codec

__all__ = ["bound", "made"]


def made(codec: str, parameter: str, given: Any) -> tuple[Codec, ...]:
    """Take codecs as people write them."""
    if not isinstance(given, list | tuple) or not 0 < len(given) <= config.limits.codecs:
        reject(codec, parameter, given, f"a list of at most {config.limits.codecs} codecs")
    return tuple(parse_codec(each) for each in given)


def bound(codec: str, parameter: str, documents: Any, spec: ChunkSpec | None) -> list[Codec]:
    """Make the codecs of a list of documents; `spec` is what the first of them takes."""
    from zarrpy.codecs.chain import made_codecs  # which imports all kinds of codecs

    field = f"{codec}.{parameter}"
    return made_codecs(v3.parse_codecs(documents, field), spec, field)

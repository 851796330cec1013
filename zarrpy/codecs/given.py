"""Codec objects that a caller passes for names that are not known, or are refused.

They serve the one array or group that they are passed for; `zarrpy.register_codec` makes a codec
known to all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from zarrpy.codecs import find
from zarrpy.codecs.base import ArrayToBytes, Codec
from zarrpy.codecs.external import adopted, is_foreign
from zarrpy.codecs.notation import codec_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from zarrpy.metadata.model import NamedConfig

__all__ = ["checked", "found_among", "objects_among"]


def checked(given: Iterable[Any] | Any) -> tuple[Any, ...]:
    """Check what a caller passes as codec objects, several or one.

    Raises
    ------
    TypeError
        When one is no codec object of zarrpy, numcodecs or zarr-python.
    """
    alone = isinstance(given, Codec) or is_foreign(given)
    objects = (given,) if alone else tuple(given)
    for each in objects:
        if not isinstance(each, Codec) and not is_foreign(each):
            raise TypeError(
                f"codecs must be codec objects, not {each!r}: a name or a dict says nothing about "
                "how to decode"
            )
    return objects


def objects_among(*keywords: Any) -> tuple[Any, ...]:
    """Take those codec objects out of what was given for codecs that have no known name."""
    flat = (
        each
        for given in keywords
        for each in (given if isinstance(given, list | tuple) else (given,))
    )
    return tuple(each for each in flat if _is_unknown(each))


def _is_unknown(given: Any) -> bool:
    if isinstance(given, Codec):
        return find(given.name) is None and (given.v2_id is None or find(given.v2_id, 2) is None)
    name = codec_name(given) if is_foreign(given) else ""
    return bool(name) and all(find(*each) is None for each in ((name, 2), (name, 3)))


def found_among(
    given: Sequence[Any], document: NamedConfig, before: Sequence[Codec]
) -> Codec | None:
    """Find the object for a codec that a document names.

    Parameters
    ----------
    given : sequence of codec objects
    document : NamedConfig
    before : sequence of Codec
        The codecs in front of it, which tell what it takes.
    """
    for each in given:
        if isinstance(each, Codec):
            names = (each.v2_id,) if document.dialect == 2 else (each.name, *each.aliases)
            if document.name in names:
                return each
        elif codec_name(each) == document.name.removeprefix("numcodecs."):
            return as_ours(each, _kind(document.name, before))
    return None


def as_ours(theirs: Any, kind: str | None) -> Codec:
    """Run an object of numcodecs or zarr-python as a codec of ours."""
    return cast(Codec, cast(Any, adopted(type(theirs), kind))(theirs))


def _kind(name: str, before: Sequence[Codec]) -> str:
    if any(isinstance(codec, ArrayToBytes) for codec in before):
        return "bytes -> bytes"
    from zarrpy.metadata.dtypes_variable import OBJECT_CODECS  # few codecs are not ours

    known = name.removeprefix("numcodecs.")
    return "array -> bytes" if known in OBJECT_CODECS else "array -> array"

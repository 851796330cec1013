"""Registries by zarr-python's names."""

from __future__ import annotations

from typing import Any

from zarrpy import codecs
from zarrpy.compat.buffers import Buffer, NDBuffer
from zarrpy.errors import UnsupportedExtensionError

__all__ = [
    "fully_qualified_name",
    "get_buffer_class",
    "get_codec_class",
    "get_ndbuffer_class",
    "get_numcodec",
    "register_codec",
]


def get_codec_class(key: str, reload_config: bool = False) -> type[Any]:
    """Find the class of a codec by its name in ``zarr.json``.

    Raises
    ------
    UnsupportedExtensionError
        When there is none of this name.
    """
    found = codecs.find(key)
    if found is None:
        raise UnsupportedExtensionError("is not known", kind="codec", name=key)
    return found


def get_numcodec(data: Any) -> Any:
    """Make a codec of numcodecs of its configuration, which names it by ``id``.

    Raises
    ------
    UnsupportedExtensionError
        When there is none of this name.
    """
    import numcodecs.registry  # type: ignore[import-untyped]
    from numcodecs.errors import UnknownCodecError  # type: ignore[import-untyped]

    try:
        return numcodecs.registry.get_codec(data := dict(data))
    except UnknownCodecError as error:
        if (name := data.get("id")) is None or f"{name!r}" not in str(error):
            raise  # of another codec, which is in this one
        raise UnsupportedExtensionError("is not known", kind="codec", name=str(name)) from error


def register_codec(key: str, codec_cls: type[Any], *, qualname: str | None = None) -> None:
    """Make a codec known: one of zarrpy, of numcodecs or of zarr-python."""
    codecs.register_codec(codec_cls, force=True)


def fully_qualified_name(cls: type[Any]) -> str:
    """Name a class with the module that it is in."""
    return f"{cls.__module__}.{cls.__qualname__}"


def get_buffer_class(reload_config: bool = False) -> type[Buffer]:
    """Give the class of buffers of bytes."""
    return Buffer


def get_ndbuffer_class(reload_config: bool = False) -> type[NDBuffer]:
    """Give the class of buffers of elements."""
    return NDBuffer

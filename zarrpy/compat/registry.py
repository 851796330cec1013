"""Registries by zarr-python's names."""

from __future__ import annotations

from typing import Any

from zarrpy import codecs
from zarrpy.compat.buffers import Buffer, NDBuffer
from zarrpy.errors import UnsupportedExtensionError

__all__ = ["get_buffer_class", "get_codec_class", "get_ndbuffer_class", "register_codec"]


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


def register_codec(key: str, codec_cls: type[Any], *, qualname: str | None = None) -> None:
    """Make a codec known: one of zarrpy, of numcodecs or of zarr-python."""
    codecs.register_codec(codec_cls, force=True)


def get_buffer_class(reload_config: bool = False) -> type[Buffer]:
    """Give the class of buffers of bytes."""
    return Buffer


def get_ndbuffer_class(reload_config: bool = False) -> type[NDBuffer]:
    """Give the class of buffers of elements."""
    return NDBuffer

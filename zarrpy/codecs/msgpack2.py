"""The ``msgpack2`` codec: a chunk as a MessagePack document (array -> bytes)."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Self

from zarrpy.codecs.base import ArrayToBytes, Buffer, ChunkSpec
from zarrpy.codecs.itemised import check_items, from_items, to_items
from zarrpy.codecs.parameters import boolean
from zarrpy.config import config
from zarrpy.errors import CodecError, CorruptChunkError, MissingDependencyError

if TYPE_CHECKING:
    import numpy as np


@dataclass(frozen=True, slots=True)
class MsgPack2(ArrayToBytes):
    """Store any objects that MessagePack has a form of: those of JSON, and bytes.

    Parameters
    ----------
    use_single_float : bool
        Store floats in 4 bytes.
    use_bin_type : bool
        Store bytes as bytes; without it they come back as text.
    raw : bool
        Read text as bytes.

    Notes
    -----
    Types that are not of the format itself, such as its timestamps, need the package msgpack; it
    is imported when a chunk with one is read or written.
    """

    name: ClassVar[str] = "numcodecs.msgpack2"
    v2_id: ClassVar[str] = "msgpack2"
    v3: ClassVar[bool] = False

    use_single_float: bool = False
    use_bin_type: bool = True
    raw: bool = False

    def __post_init__(self) -> None:
        for parameter in self.parameters():
            boolean(self.name, parameter, getattr(self, parameter))

    def fitted(self, spec: ChunkSpec) -> Self:
        """Return the codec itself, which needs nothing from the chunk but to fit it."""
        check_items(spec, self.name)
        return self

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        items = to_items(array)
        try:
            if "native" not in config.disable:
                from zarrpy._native.msgpack import ExtensionError, pack

                try:
                    return pack(items, self.use_bin_type, self.use_single_float)
                except ExtensionError:
                    pass  # which the package knows
            packed: bytes = _msgpack().packb(
                items, use_bin_type=self.use_bin_type, use_single_float=self.use_single_float
            )
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise CodecError(str(error), codec=self.name, direction="encode") from error
        return packed

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        return from_items(self._items(data), spec, self.name)

    def _items(self, data: Buffer) -> object:
        """Read the document of a chunk."""
        if "native" not in config.disable:
            from zarrpy._native.msgpack import ExtensionError, unpack

            try:
                return unpack(data, self.raw)
            except ExtensionError:
                pass  # which the package knows
            except ValueError as error:
                raise self._corrupt(error) from error
        msgpack = _msgpack()
        try:
            return msgpack.unpackb(bytes(data), raw=self.raw)
        except (ValueError, TypeError, msgpack.UnpackException, RecursionError) as error:
            raise self._corrupt(error) from error

    def _corrupt(self, error: Exception) -> CorruptChunkError:
        reason = str(error) or type(error).__name__
        return CorruptChunkError(f"is not MessagePack: {reason}", codec=self.name)


def _msgpack() -> Any:
    try:
        return import_module("msgpack")
    except ImportError as error:
        raise MissingDependencyError(
            "a chunk of msgpack2 with an extension type needs the package msgpack",
            extra="msgpack",
            command="pip install 'zarrpy[msgpack]'",
        ) from error

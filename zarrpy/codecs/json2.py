"""The ``json2`` codec: a chunk as a JSON document (array -> bytes)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from zarrpy.codecs.base import ArrayToBytes, Buffer, ChunkSpec
from zarrpy.codecs.itemised import check_items, from_items, to_items
from zarrpy.codecs.parameters import boolean, reject
from zarrpy.errors import CodecError, CorruptChunkError

if TYPE_CHECKING:
    import numpy as np

_SWITCHES = ("strict", "check_circular", "skipkeys", "ensure_ascii", "allow_nan", "sort_keys")


@dataclass(frozen=True, slots=True)
class JSON2(ArrayToBytes):
    """Store any objects that JSON has a form of.

    Parameters
    ----------
    encoding : str
        Of the document.
    skipkeys, ensure_ascii, check_circular, allow_nan, sort_keys, strict : bool
        As in Python's `json`.
    indent : int or str, optional
        For people who look into chunks.
    separators : tuple of str, optional
        Between elements and after keys; by default without spaces, unless there is an indent.

    Notes
    -----
    A list comes back where a tuple was stored, and strings where keys were numbers.

    Examples
    --------
    >>> import numpy as np
    >>> JSON2().encode(np.array([{"a": 1}, None], object))
    b'[{"a":1},null,"|O",[2]]'
    """

    name: ClassVar[str] = "numcodecs.json2"
    v2_id: ClassVar[str] = "json2"
    v3: ClassVar[bool] = False

    encoding: str = "utf-8"
    skipkeys: bool = False
    ensure_ascii: bool = True
    check_circular: bool = True
    allow_nan: bool = True
    indent: int | str | None = None
    separators: tuple[str, str] | None = None
    sort_keys: bool = True
    strict: bool = True

    def __post_init__(self) -> None:
        for parameter in _SWITCHES:
            boolean(self.name, parameter, getattr(self, parameter))
        try:
            "".encode(self.encoding)
        except (LookupError, TypeError):
            reject(self.name, "encoding", self.encoding, "an encoding such as 'utf-8'")
        if self.indent is not None and (
            isinstance(self.indent, bool) or not isinstance(self.indent, int | str)
        ):
            reject(self.name, "indent", self.indent, "null, an integer or a string")
        given: Any = self.separators
        if given is None:
            given = (",", ":") if self.indent is None else (", ", ": ")
        if not isinstance(given, list | tuple) or [type(each) for each in given] != [str, str]:
            reject(self.name, "separators", given, "two strings")
        object.__setattr__(self, "separators", tuple(given))

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        config = super(JSON2, self).to_config(dialect)
        return {**config, "separators": list(self.separators or ())}

    def fitted(self, spec: ChunkSpec) -> Self:
        """Return the codec itself, which needs nothing from the chunk but to fit it."""
        check_items(spec, self.name)
        return self

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        encoder = json.JSONEncoder(
            skipkeys=self.skipkeys,
            ensure_ascii=self.ensure_ascii,
            check_circular=self.check_circular,
            allow_nan=self.allow_nan,
            sort_keys=self.sort_keys,
            indent=self.indent,
            separators=self.separators,
        )
        try:
            return encoder.encode(to_items(array)).encode(self.encoding)
        except (TypeError, ValueError, RecursionError) as error:
            raise CodecError(str(error), codec=self.name, direction="encode") from error

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        try:
            text = bytes(data).decode(self.encoding)
            items = json.JSONDecoder(strict=self.strict).decode(text)
        except (ValueError, RecursionError) as error:
            raise CorruptChunkError(f"is not JSON: {error}", codec=self.name) from error
        return from_items(items, spec, self.name)

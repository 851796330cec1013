"""Chunk key encodings: from the place of a chunk in the grid to its key, and back.

============ ========= ========== ===========
name         separator key of 1,2 key of 0-d
============ ========= ========== ===========
``default``  ``/``     ``c/1/2``  ``c``
``default``  ``.``     ``c.1.2``  ``c``
``v2``       ``.``     ``1.2``    ``0``
``v2``       ``/``     ``1/2``    ``0``
============ ========= ========== ===========

``zarrs.default_suffix`` is ``default`` with a suffix behind every key, such as ``c/1/2.bin``.
Others are added by `zarrpy.metadata.key_encoders`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata import key_encoders
from zarrpy.metadata.json import JSON
from zarrpy.metadata.members import check_known, choice, reject, understood

__all__ = ["ChunkKeyEncoding"]

FIELD = "chunk_key_encoding"
SUFFIXED = "zarrs.default_suffix"

# One spelling per number: another would let two keys name one chunk.
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)\Z", re.ASCII)
# A digit in front would run into the last number.
_NOT_IN_SUFFIX = re.compile(r"\A[0-9]|[/\\\0]")
_MEMBERS = (("separator",), ("separator", "suffix"))


@dataclass(frozen=True, slots=True)
class ChunkKeyEncoding:
    """How the keys of chunks are spelled.

    Parameters
    ----------
    name : {"default", "v2", "zarrs.default_suffix"}
    separator : {"/", "."}, optional
        Between the numbers; ``.`` for ``v2`` and ``/`` for the others if not given.
    suffix : str
        Behind every key; only ``zarrs.default_suffix`` has one.
    encoder : ChunkKeyEncoder, optional
        Spells the keys of an encoding that is not built in, whose name is `name` then.

    Examples
    --------
    >>> ChunkKeyEncoding("default").key((1, 23))
    'c/1/23'
    """

    SEPARATORS: ClassVar[dict[str, str]] = {"default": "/", "v2": ".", SUFFIXED: "/"}

    name: str = "default"
    separator: str = ""
    suffix: str = ""
    encoder: "key_encoders.ChunkKeyEncoder | None" = None

    def __post_init__(self) -> None:
        if self.encoder is not None:
            return
        default = self.SEPARATORS.get(self.name)
        if default is None:
            raise UnsupportedExtensionError(
                "is not supported",
                kind="chunk key encoding",
                name=self.name,
                field=FIELD,
                hint=f"known: {', '.join(key_encoders.names())}; "
                "zarrpy.register_chunk_key_encoding adds one",
            )
        if self.separator == "":
            object.__setattr__(self, "separator", default)
        choice(self.separator, f"{FIELD}.configuration.separator", ("/", "."))
        suffix: object = self.suffix
        if not isinstance(suffix, str) or bool(suffix) != (self.name == SUFFIXED):
            right = "a string that is not empty" if self.name == SUFFIXED else "empty"
            reject(f"{FIELD}.configuration.suffix", suffix, right)
        if _NOT_IN_SUFFIX.search(self.suffix):
            right = "without a slash, and not begin with a digit"
            reject(f"{FIELD}.configuration.suffix", suffix, right)

    @property
    def plain(self) -> bool:
        """Whether keys are made of prefix, numbers, separator and suffix."""
        return self.encoder is None

    @property
    def prefix(self) -> str:
        """What every key begins with: ``"c/"``, ``"c."`` or nothing."""
        return "" if not self.plain or self.name == "v2" else "c" + self.separator

    @property
    def zero(self) -> str:
        """The key of the one chunk of an array without dimensions, up to the suffix."""
        return "0" if self.name == "v2" else "c"

    def key(self, grid_index: Sequence[int]) -> str:
        """Spell the key of a chunk."""
        if self.encoder is not None:
            return key_encoders.spelled(self.encoder, grid_index)
        if not grid_index:
            return self.zero + self.suffix
        return self.prefix + self.separator.join(map(str, grid_index)) + self.suffix

    def grid_index(self, key: str, ndim: int) -> tuple[int, ...]:
        """Read the key of a chunk.

        Raises
        ------
        MetadataError
            If it is not the key of a chunk of an array with so many dimensions.
        """
        if self.encoder is not None:
            return key_encoders.read(self.encoder, key, ndim)
        head, whole = key.removesuffix(self.suffix), key.endswith(self.suffix)
        if ndim == 0:
            numbers, valid = [], whole and head == self.zero
        else:
            numbers = head[len(self.prefix) :].split(self.separator)
            valid = whole and head.startswith(self.prefix) and len(numbers) == ndim
        if not valid or not all(map(_NUMBER.match, numbers)):
            example = self.key((0,) * ndim)
            raise MetadataError(
                f"is not the key of a chunk of {ndim} dimensions, such as {example!r}",
                field=repr(key),
            )
        return tuple(map(int, numbers))

    def encode_chunk_key(self, chunk_coords: Sequence[int]) -> str:
        """Spell the key of a chunk, by zarr-python's name."""
        return self.key(chunk_coords)

    def decode_chunk_key(self, chunk_key: str) -> tuple[int, ...]:
        """Read the key of a chunk of as many dimensions as it has numbers.

        Raises
        ------
        MetadataError
            When it is no key of a chunk.
        """
        if self.plain and chunk_key == self.zero + self.suffix and self.name != "v2":
            return ()
        try:
            return self.grid_index(
                chunk_key, len(chunk_key.split(self.separator)) - bool(self.prefix)
            )
        except MetadataError as error:
            raise MetadataError(f"Invalid chunk key: {chunk_key!r}: {error.message}") from error

    @classmethod
    def from_v3(cls, document: JSON) -> "ChunkKeyEncoding":
        """Read the member ``chunk_key_encoding`` of a v3 document."""
        name, configuration = understood(document, FIELD)
        if name not in cls.SEPARATORS:
            kind = key_encoders.find(name)
            return cls(name, encoder=None if kind is None else kind.from_config(configuration))
        field = f"{FIELD}.configuration"
        check_known(configuration, _MEMBERS[name == SUFFIXED], field)
        separator = configuration.get("separator", cls.SEPARATORS[name])
        return cls(
            name,
            choice(separator, f"{field}.separator", ("/", ".")),
            configuration.get("suffix", ""),
        )

    def to_v3(self) -> dict[str, Any]:
        """Write the member ``chunk_key_encoding`` of a v3 document."""
        if self.encoder is not None:
            given = {"configuration": told} if (told := self.encoder.to_config()) else {}
            return {"name": self.name, **given}
        configuration = {"separator": self.separator}
        if self.suffix:
            configuration["suffix"] = self.suffix
        return {"name": self.name, "configuration": configuration}

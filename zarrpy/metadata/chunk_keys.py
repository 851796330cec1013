"""Chunk key encodings: from the place of a chunk in the grid to its key, and back.

============ ========= ========== ===========
name         separator key of 1,2 key of 0-d
============ ========= ========== ===========
``default``  ``/``     ``c/1/2``  ``c``
``default``  ``.``     ``c.1.2``  ``c``
``v2``       ``.``     ``1.2``    ``0``
``v2``       ``/``     ``1/2``    ``0``
============ ========= ========== ===========
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata.json import JSON
from zarrpy.metadata.members import check_known, choice, understood

__all__ = ["ChunkKeyEncoding"]

FIELD = "chunk_key_encoding"

# One spelling per number: another would let two keys name one chunk.
_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class ChunkKeyEncoding:
    """How the keys of chunks are spelled.

    Parameters
    ----------
    name : {"default", "v2"}
    separator : {"/", "."}, optional
        Between the numbers; ``/`` for ``default`` and ``.`` for ``v2`` if not given.

    Examples
    --------
    >>> ChunkKeyEncoding("default").key((1, 23))
    'c/1/23'
    """

    SEPARATORS: ClassVar[dict[str, str]] = {"default": "/", "v2": "."}

    name: str = "default"
    separator: str = ""

    def __post_init__(self) -> None:
        default = self.SEPARATORS.get(self.name)
        if default is None:
            raise UnsupportedExtensionError(
                "is not supported",
                kind="chunk key encoding",
                name=self.name,
                field=FIELD,
                hint=f"known: {', '.join(self.SEPARATORS)}",
            )
        if self.separator == "":
            object.__setattr__(self, "separator", default)
        choice(self.separator, f"{FIELD}.configuration.separator", ("/", "."))

    @property
    def prefix(self) -> str:
        """What comes before the first number: ``"c/"``, ``"c."`` or nothing."""
        return "c" + self.separator if self.name == "default" else ""

    @property
    def zero(self) -> str:
        """The key of the one chunk of an array without dimensions."""
        return "c" if self.name == "default" else "0"

    def key(self, grid_index: Sequence[int]) -> str:
        """Spell the key of a chunk."""
        if not grid_index:
            return self.zero
        return self.prefix + self.separator.join(map(str, grid_index))

    def grid_index(self, key: str, ndim: int) -> tuple[int, ...]:
        """Read the key of a chunk.

        Raises
        ------
        MetadataError
            If it is not the key of a chunk of an array with so many dimensions.
        """
        if ndim == 0:
            numbers, valid = [], key == self.zero
        else:
            numbers = key[len(self.prefix) :].split(self.separator)
            valid = key.startswith(self.prefix) and len(numbers) == ndim
        if not valid or not all(map(_NUMBER.match, numbers)):
            example = self.key((0,) * ndim)
            raise MetadataError(
                f"is not the key of a chunk of {ndim} dimensions, such as {example!r}",
                field=repr(key),
            )
        return tuple(map(int, numbers))

    @classmethod
    def from_v3(cls, document: JSON) -> "ChunkKeyEncoding":
        """Read the member ``chunk_key_encoding`` of a v3 document."""
        name, configuration = understood(document, FIELD)
        if name in cls.SEPARATORS and configuration:
            field = f"{FIELD}.configuration"
            check_known(configuration, ("separator",), field)
            separator = configuration["separator"]
            return cls(name, choice(separator, f"{field}.separator", ("/", ".")))
        return cls(name)

    def to_v3(self) -> dict[str, Any]:
        """Write the member ``chunk_key_encoding`` of a v3 document."""
        return {"name": self.name, "configuration": {"separator": self.separator}}

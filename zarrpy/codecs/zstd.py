"""The ``zstd`` codec: Zstandard compression (bytes -> bytes)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from zarrpy.codecs.base import BytesToBytes, ChunkSpec, Step
from zarrpy.codecs.parameters import boolean, integer
from zarrpy.config import config

if TYPE_CHECKING:
    import numpy as np

MIN_LEVEL, MAX_LEVEL = -131072, 22


# enum zp_zstd_variant of csrc/codec.h
_ANY, _BYTES, _NUMBERS = 0, 1, 4
# Both are one for the library.
_DEFAULT_LEVELS = (0, 3)


@dataclass(frozen=True, slots=True)
class Zstd(BytesToBytes):
    """Compress each chunk as one Zstandard frame.

    Parameters
    ----------
    level : int, default 0
        Compression level; 0 lets the library choose, negative levels trade size for speed.
    checksum : bool, default False
        Append a content checksum and verify it on reading.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/zstd

    Frames without a stored content size (some v2 writers) are read as well, and so are several
    frames in a row.  Every reader verifies a checksum that is there, whatever metadata says; some
    refuse Zarr v2 documents that speak of it.  So what is created in v2 never does, and its frames
    carry a checksum.

    Examples
    --------
    >>> codec = Zstd(level=3)
    >>> codec.decode(codec.encode(b"aaaa" * 100)) == b"aaaa" * 100
    True
    """

    name: ClassVar[str] = "zstd"
    v2_id: ClassVar[str] = "zstd"
    aliases: ClassVar[tuple[str, ...]] = ("numcodecs.zstd",)

    level: int = 0
    checksum: bool = False

    def __post_init__(self) -> None:
        integer(self.name, "level", self.level, MIN_LEVEL, MAX_LEVEL)
        boolean(self.name, "checksum", self.checksum)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        if dialect == 2:
            configuration = {"checksum": True, **configuration}
        return super(Zstd, cls).from_config(configuration, dialect=dialect, spec=spec)

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        config: dict[str, Any] = {"level": self.level}
        if dialect == 3:  # where some readers want the key even when it is false
            config["checksum"] = self.checksum
        return config

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form for chunks of `spec`.

        The default level suits the size of the numbers that a chunk is of: frames are about as
        large and are made faster.
        """
        is_default = self.level in _DEFAULT_LEVELS and "tuned" not in config.disable
        return self._step(_variant(spec.dtype) if is_default else _ANY)

    def step_of_bytes(self, spec: ChunkSpec) -> Step:
        """Give the native form for bytes of no known kind."""
        return self._step(_ANY)

    def _step(self, variant: int) -> Step:
        return Step("zstd", level=self.level, checksum=self.checksum, variant=variant)


def _variant(dtype: np.dtype[Any]) -> int:
    if dtype.itemsize == 1:
        return _BYTES if dtype.kind in "biu" else _ANY
    # Matches of 5 bytes are more than a number of 4. Of wider ones, which are often whole or small,
    # they are its zeros: frames would be up to three times as large.
    return _NUMBERS if dtype.str[1:] in ("f4", "i4", "u4", "c8") else _ANY

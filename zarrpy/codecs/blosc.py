"""The ``blosc`` codec: Blosc1 chunks of any of its compressors (bytes -> bytes)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from zarrpy.codecs.base import BytesToBytes, ChunkSpec, Step, unstored
from zarrpy.codecs.parameters import boolean, chosen, integer, reject

#: The compressors, with the engine's numbers.
COMPRESSORS = {"blosclz": 0, "lz4": 1, "lz4hc": 2, "snappy": 3, "zlib": 4, "zstd": 5}
_FILTERS = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}
_NUMBERS = {**_FILTERS, "auto": -1}
_WORDS = {number: word for word, number in _NUMBERS.items()}
_MAX_NBYTES = 2**31 - 1
# enum zp_zstd_variant of csrc/codec.h
_ANY, _FLOAT_PLANES, _PLANES = 0, 2, 3


@dataclass(frozen=True, slots=True)
class Blosc(BytesToBytes):
    """Compress each chunk in blocks, after sorting its bytes by significance.

    Parameters
    ----------
    cname : {"zstd", "lz4", "lz4hc", "blosclz", "zlib", "snappy"}
        The compressor.
    clevel : int, default 5
        From 0 (store) over 1 (fast) to 9 (small).
    shuffle : {"shuffle", "bitshuffle", "noshuffle", "auto"}
        How bytes are sorted: by byte, by bit, or not at all; "auto" takes bits for elements of
        one byte, bytes for others.
    typesize : int, optional
        Bytes of an element; by default that of the array.
    blocksize : int, default 0
        Bytes of a block; 0 lets the codec choose.
    split : bool, default True
        Compress the bytes of equal significance apart also with zstd, where that pays: up to
        level 5, and from 4 KiB of each on. Smaller and faster, and every reader reads it. False
        writes the same bytes as c-blosc. It tunes `encode` and is not stored in metadata: arrays,
        whose codecs are made of that, have their blocks split.

    Notes
    -----
    Specification: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/blosc/index.html

    The container is zarrpy's own, written over the compressors' libraries. Chunks of Blosc2
    are another format and are refused.

    Examples
    --------
    >>> codec = Blosc(cname="lz4", typesize=4)
    >>> codec.decode(codec.encode(b"abcd" * 100)) == b"abcd" * 100
    True
    """

    name: ClassVar[str] = "blosc"
    v2_id: ClassVar[str] = "blosc"
    aliases: ClassVar[tuple[str, ...]] = ("numcodecs.blosc",)

    cname: str = "zstd"
    clevel: int = 5
    shuffle: str = "shuffle"
    typesize: int | None = None
    blocksize: int = 0
    split: bool = unstored(True)

    def __post_init__(self) -> None:
        chosen(self, "cname", COMPRESSORS)
        integer(self.name, "clevel", self.clevel, 0, 9)
        chosen(self, "shuffle", _NUMBERS)
        if self.typesize is not None:
            integer(self.name, "typesize", self.typesize, 1, _MAX_NBYTES)
        integer(self.name, "blocksize", self.blocksize, 0, _MAX_NBYTES)
        boolean(self.name, "split", self.split)

    def get_config(self) -> dict[str, Any]:
        """Say what the codec is as numcodecs does: the size of elements is that of the array."""
        return {
            key: value for key, value in BytesToBytes.get_config(self).items() if key != "typesize"
        }

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        config = dict(configuration)
        if dialect == 2:
            config = {"cname": "lz4", **config}
            config["shuffle"] = cls._word(config.get("shuffle", 1))
        made = super(Blosc, cls).from_config(config, dialect=dialect)
        return made if dialect == 2 or spec is None else made.fitted(spec)

    @classmethod
    def _word(cls, number: Any) -> Any:
        """Name what numcodecs numbers; what is no number is judged later."""
        if not isinstance(number, int) or isinstance(number, bool):
            return number
        if number not in _WORDS:
            reject(cls.name, "shuffle", number, "one of -1, 0, 1, 2")
        return _WORDS[number]

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON.

        Zarr v3 has no "auto" and needs the element size: see `fitted`. Where it is not known 1 is
        said, which is never wrong.
        """
        common: dict[str, Any] = {"cname": self.cname, "clevel": self.clevel}
        if dialect == 2:
            number = _NUMBERS[self.shuffle]
            config = {**common, "shuffle": number, "blocksize": self.blocksize}
            return config if self.typesize is None else {**config, "typesize": self.typesize}
        typesize = self.typesize or 1
        word = self._filter(typesize)
        return {**common, "shuffle": word, "typesize": typesize, "blocksize": self.blocksize}

    def fitted(self, spec: ChunkSpec) -> Self:
        """Return the codec with what was left open filled in from the chunk."""
        typesize = self.typesize or max(spec.dtype.itemsize, 1)
        return replace(self, typesize=typesize, shuffle=self._filter(typesize))

    def loosened(self, spec: ChunkSpec) -> Self:
        """Return the codec without a size of elements that is that of the chunk.

        Documents of Zarr v2 have no word for it that older readers would know.
        """
        return replace(self, typesize=None) if self.typesize == spec.dtype.itemsize else self

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form for chunks of `spec`."""
        fitted = self.fitted(spec)
        return Step(
            "blosc",
            level=self.clevel,
            itemsize=fitted.typesize or 1,
            shuffle=_FILTERS[fitted.shuffle],
            compressor=COMPRESSORS[self.cname],
            split=self.split,
            variant=self._variant(spec),
            blocksize=self.blocksize,
        )

    def _variant(self, spec: ChunkSpec) -> int:
        """Say what zstd is told of split blocks; only the fastest level is not what it says."""
        if not self.split or self.clevel != 1:
            return _ANY
        return _FLOAT_PLANES if spec.dtype.kind in "fc" else _PLANES

    def _filter(self, typesize: int) -> str:
        if self.shuffle != "auto":
            return self.shuffle
        return "bitshuffle" if typesize == 1 else "shuffle"

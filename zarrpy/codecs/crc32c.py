"""The codecs that store a checksum beside the data (bytes -> bytes)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any, ClassVar

from zarrpy.codecs.base import Buffer, BytesToBytes, ChunkSpec, Step
from zarrpy.codecs.parameters import choice, integer, reject

_PLACES = ("start", "end")


class Checksum(BytesToBytes):
    """A codec that stores four bytes of checksum beside the data."""

    __slots__ = ()

    native: ClassVar[str]
    usual_place: ClassVar[str]
    #: Bytes that it adds.
    nbytes: ClassVar[int] = 4
    location: str

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {} if self.location == self.usual_place else {"location": self.location}

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form."""
        return Step(self.native, at_start=self.location == "start")


@dataclass(frozen=True, slots=True)
class CRC32C(Checksum):
    """Append a CRC-32C checksum, and verify it on reading.

    Parameters
    ----------
    location : {"end", "start"}
        Where the checksum is. Zarr v3 knows the end only.

    Notes
    -----
    Specification: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/crc32c/index.html

    Examples
    --------
    >>> bytes(CRC32C().encode(b"123456789"))[-4:].hex()
    '839206e3'
    """

    name: ClassVar[str] = "crc32c"
    v2_id: ClassVar[str] = "crc32c"
    aliases: ClassVar[tuple[str, ...]] = ("numcodecs.crc32c",)
    native: ClassVar[str] = "crc32c"
    usual_place: ClassVar[str] = "end"

    location: str = "end"

    def __post_init__(self) -> None:
        choice(self.name, "location", self.location, _PLACES)


@dataclass(frozen=True, slots=True)
class CRC32(Checksum):
    """Store the CRC-32 of zlib before the data, and verify it on reading.

    Parameters
    ----------
    location : {"start", "end"}
        Where the checksum is.

    Examples
    --------
    >>> bytes(CRC32().encode(b"123456789"))[:4].hex()
    '2639f4cb'
    """

    name: ClassVar[str] = "numcodecs.crc32"
    v2_id: ClassVar[str] = "crc32"
    native: ClassVar[str] = "crc32"
    usual_place: ClassVar[str] = "start"

    location: str = "start"

    def __post_init__(self) -> None:
        choice(self.name, "location", self.location, _PLACES)


@dataclass(frozen=True, slots=True)
class Adler32(Checksum):
    """Store the Adler-32 of zlib before the data, and verify it on reading.

    Parameters
    ----------
    location : {"start", "end"}
        Where the checksum is.

    Examples
    --------
    >>> bytes(Adler32().encode(b"Wikipedia"))[:4].hex()
    '9803e611'
    """

    name: ClassVar[str] = "numcodecs.adler32"
    v2_id: ClassVar[str] = "adler32"
    native: ClassVar[str] = "adler32"
    usual_place: ClassVar[str] = "start"

    location: str = "start"

    def __post_init__(self) -> None:
        choice(self.name, "location", self.location, _PLACES)


@dataclass(frozen=True, slots=True)
class Fletcher32(BytesToBytes):
    """Append Fletcher's checksum as HDF5 computes it, and verify it on reading.

    Examples
    --------
    >>> bytes(Fletcher32().encode(b"abcde"))[-4:].hex()
    'c729f04f'
    """

    name: ClassVar[str] = "numcodecs.fletcher32"
    v2_id: ClassVar[str] = "fletcher32"

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form."""
        return Step("fletcher32")


@dataclass(frozen=True, slots=True)
class JenkinsLookup3(BytesToBytes):
    """Append Bob Jenkins' hash "lookup3", and verify it on reading.

    Parameters
    ----------
    initval : int, default 0
        What the hash begins with, below 2**32.
    prefix : bytes or sequence of int, optional
        Bytes that are taken as if they were before the data.

    Examples
    --------
    >>> bytes(JenkinsLookup3().encode(b"Four score and seven years ago"))[-4:].hex()
    '51057717'
    """

    name: ClassVar[str] = "numcodecs.jenkins_lookup3"
    v2_id: ClassVar[str] = "jenkins_lookup3"

    initval: int = 0
    prefix: bytes | None = None

    def __post_init__(self) -> None:
        integer(self.name, "initval", self.initval, 0, 2**32 - 1)
        given: Any = self.prefix
        if given is None:
            return
        try:
            # not a number: bytes(5) are five zeros
            prefix = bytes(given if isinstance(given, (bytes, bytearray)) else list(given))
        except (TypeError, ValueError):
            reject(self.name, "prefix", given, "bytes, or a list of integers from 0 to 255")
        object.__setattr__(self, "prefix", prefix)

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {
            "initval": self.initval,
            "prefix": None if self.prefix is None else list(self.prefix),
        }

    def step(self, spec: ChunkSpec) -> Step:
        """Give the native form."""
        prefix = self.prefix or b""
        aux = struct.pack("=II", self.initval, len(prefix)) + prefix
        return Step("jenkins_lookup3", aux=aux)


def crc32c_slowly(data: Buffer) -> int:
    """Compute a CRC-32C bit by bit, as its definition has it; the native codec's oracle."""
    register = 0xFFFFFFFF
    for byte in bytes(data):
        register ^= byte
        for _ in range(8):
            register = register >> 1 ^ (0x82F63B78 if register & 1 else 0)
    return register ^ 0xFFFFFFFF

"""A compressor: runs of equal bytes become a count and the byte.

python examples/rle_codec.py
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import zarrpy
from zarrpy.codecs.base import BytesToBytes


@dataclass(frozen=True, slots=True)
class RunLength(BytesToBytes):
    """Store each run of equal bytes as its length, up to 255, and the byte."""

    name: ClassVar[str] = "example.rle"
    version: ClassVar[str] = "1.0"

    def encode(self, data):
        """Encode bytes."""
        values = np.frombuffer(data, "uint8")
        if not values.size:
            return b""
        starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
        lengths = np.diff(np.r_[starts, values.size])
        whole, rest = lengths // 255, lengths % 255
        pieces = []
        for value, n, last in zip(values[starts], whole, rest, strict=True):
            pieces.append(bytes([255, value]) * n + (bytes([last, value]) if last else b""))
        return b"".join(pieces)

    def decode(self, data, nbytes=None, exact=True):
        """Decode bytes."""
        pairs = np.frombuffer(data, "uint8")
        if pairs.size % 2:
            raise zarrpy.CorruptChunkError("half a run at the end", codec=self.name)
        lengths, values = pairs[::2], pairs[1::2]
        total = int(lengths.sum(dtype="int64"))
        if nbytes is not None and (total > nbytes or (exact and total != nbytes)):
            raise zarrpy.CorruptChunkError(
                f"the runs are {total} bytes long, not {nbytes}", codec=self.name
            )
        return np.repeat(values, lengths).tobytes()


def main():
    """Store a picture of two colours."""
    zarrpy.register_codec(RunLength)
    try:
        picture = np.zeros((100, 100), "uint8")
        picture[30:60, 20:70] = 7
        store = zarrpy.MemoryStore()
        array = zarrpy.create_array(store, data=picture, chunks=(100, 100), compressors=RunLength())
        assert (array[...] == picture).all()
        print(f"{picture.nbytes} bytes in {len(store.get('c/0/0'))}")
    finally:
        zarrpy.unregister_codec(RunLength.name)


if __name__ == "__main__":
    main()

"""A transformation codec: text is stored in capital letters.

    python examples/uppercase_codec.py

It is lossy on purpose: what was lower case comes back in capitals.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

import zarrpy
from zarrpy.codecs.base import BytesToBytes


@dataclass(frozen=True, slots=True)
class Uppercase(BytesToBytes):
    """Store the letters a to z as A to Z.

    Parameters
    ----------
    reverse : bool
        Give small letters when reading.
    """

    name: ClassVar[str] = "example.uppercase"
    version: ClassVar[str] = "1.0"

    reverse: bool = False

    def __post_init__(self):
        if not isinstance(self.reverse, bool):
            raise zarrpy.MetadataError(
                "must be true or false", field=f"{self.name}.reverse", value=self.reverse
            )

    def encode(self, data):
        """Encode bytes."""
        return bytes(data).upper()

    def decode(self, data, nbytes=None, exact=True):
        """Decode bytes."""
        return bytes(data).lower() if self.reverse else bytes(data)


def main():
    """Store a line in capitals, compressed, and read it."""
    zarrpy.register_codec(Uppercase)
    try:
        letters = np.frombuffer(b"the quick brown fox", "uint8")
        array = zarrpy.create_array({}, data=letters, compressors=[Uppercase(), "zstd"])
        print(array[...].tobytes().decode())
    finally:
        zarrpy.unregister_codec(Uppercase.name)


if __name__ == "__main__":
    main()

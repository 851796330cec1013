"""Codecs of somebody else's, as tests plug them in."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from zarrpy.codecs.base import ArrayToArray, ArrayToBytes


@dataclass(frozen=True, slots=True)
class Negate(ArrayToArray):
    """Store negated values."""

    name: ClassVar[str] = "test.negate"

    def encode(self, array):
        return -array

    def decode(self, data, spec):
        return -data


@dataclass(frozen=True, slots=True)
class Words(ArrayToBytes):
    """Store numbers as text."""

    name: ClassVar[str] = "test.words"
    version: ClassVar[str] = "2.1"

    def encode(self, array):
        return " ".join(map(str, array.ravel().tolist())).encode()

    def decode(self, data, spec):
        return np.array(bytes(data).split(), spec.dtype).reshape(spec.shape)

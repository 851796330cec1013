"""The ``categorize`` codec: the number of a label in place of a text (array -> array)."""

from __future__ import annotations

import struct
import sys
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ArrayToArray, ChunkSpec, Step
from zarrpy.codecs.parameters import reject
from zarrpy.codecs.recast import NATIVE_KINDS
from zarrpy.config import config
from zarrpy.errors import CodecError

_UTF32 = f"utf-32-{sys.byteorder[0]}e"


@dataclass(frozen=True, slots=True)
class Categorize(ArrayToArray):
    """Store for each text which of the labels it is, from 1 on; 0 for any other text.

    Parameters
    ----------
    labels : sequence of str
    dtype : str or numpy.dtype
        Data type of the texts, in the words of NumPy: ``"|O"`` or such as ``"<U8"``.
    astype : str or numpy.dtype
        Data type of the numbers.

    Notes
    -----
    A text that is no label comes back empty.

    Examples
    --------
    >>> Categorize(["female", "male"], "<U6").encode(np.array(["male", "female", "?"]))
    array([2, 1, 0], dtype=uint8)
    """

    name: ClassVar[str] = "numcodecs.categorize"
    v2_id: ClassVar[str] = "categorize"
    v3: ClassVar[bool] = False

    labels: tuple[str, ...]
    dtype: str
    astype: str = "|u1"

    def __post_init__(self) -> None:
        labels: Any = self.labels
        if not isinstance(labels, list | tuple) or not all(
            isinstance(each, str) for each in labels
        ):
            reject(self.name, "labels", labels, "a list of strings")
        object.__setattr__(self, "labels", tuple(map(str, labels)))
        object.__setattr__(self, "dtype", _text("dtype", self.dtype, "OU", "'|O' or '<U8'"))
        object.__setattr__(self, "astype", _text("astype", self.astype, "iu", "'|u1'"))
        if len(labels) > np.iinfo(self._numbers).max:
            reject(self.name, "astype", self.astype, f"wide enough for {len(labels)} labels")

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        for parameter, right in (("labels", "a list of strings"), ("dtype", "'|O' or '<U8'")):
            if parameter not in configuration:
                reject(cls.name, parameter, None, right)
        made = super(Categorize, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            made._check(spec.dtype)
        return made

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {"labels": list(self.labels), "dtype": self.dtype, "astype": self.astype}

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk."""
        return replace(spec, dtype=self._numbers, fill_value=None)

    def step(self, spec: ChunkSpec) -> Step | None:
        """Give the native form: for texts of one size, and not for strings."""
        self._check(spec.dtype)
        if spec.dtype.kind != "U" or spec.dtype.itemsize == 0:
            return None
        return Step(
            "categorize",
            itemsize=spec.dtype.itemsize,
            variant=NATIVE_KINDS[self._numbers.str[1:]],
            aux=self._tables(spec.dtype.itemsize),
        )

    def _tables(self, itemsize: int) -> bytes:
        """Pack the labels for csrc/step_categorize.c: by number, and sorted."""
        texts = [each.rstrip("\0").encode(_UTF32, "surrogatepass") for each in self.labels]
        # of labels that are alike the last one counts, as it does in `encode`
        found = {
            each.ljust(itemsize, b"\0"): number
            for number, each in enumerate(texts, 1)
            if len(each) <= itemsize
        }
        keys = sorted(found)
        return b"".join(
            [
                struct.pack("=2Q", len(texts), len(keys)),
                *(each[:itemsize].ljust(itemsize, b"\0") for each in texts),
                *keys,
                struct.pack(f"={len(keys)}Q", *(found[key] for key in keys)),
            ]
        )

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        self._check(array.dtype)
        if array.dtype.kind == "T":
            return self._numbers_of_strings(array)
        numbers = np.zeros(array.shape, self._numbers)
        for number, label in enumerate(self.labels, 1):
            numbers[array == label] = number
        return numbers

    def _numbers_of_strings(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode strings; zeros at the end of a label are no part of it, as to NumPy."""
        numbered = {label.rstrip("\0"): number for number, label in enumerate(self.labels, 1)}
        flat = array.reshape(-1)
        if "native" in config.disable:
            found = np.array([numbered.get(text, 0) for text in flat.tolist()], self._numbers)
        else:
            from zarrpy._native.strings import positions

            sought = {each.encode("utf-8", "surrogatepass"): numbered[each] for each in numbered}
            keys = sorted(sought)
            numbers = np.array([*(sought[key] for key in keys), 0], self._numbers)
            found = numbers[positions(flat, keys)]
        return found.reshape(array.shape)

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        self._check(spec.dtype)
        labels = np.array(["", *self.labels], spec.dtype)
        known = (data > 0) & (data < len(labels))
        return labels[np.where(known, data, 0).reshape(-1)].reshape(spec.shape)

    @property
    def _numbers(self) -> np.dtype[Any]:
        """Type of the numbers in memory; their order in store is the affair of `bytes`."""
        return np.dtype(self.astype).newbyteorder("=")

    def _check(self, dtype: np.dtype[Any]) -> None:
        if dtype.kind not in "TU":
            raise CodecError(f"is for texts, and not for {dtype}", codec=self.name)


def _text(parameter: str, given: Any, kinds: str, example: str) -> str:
    """Check a data type; return it as NumPy writes it."""
    try:
        if not isinstance(given, str | np.dtype | type):
            raise TypeError
        dtype = np.dtype(given)
    except TypeError:
        reject(Categorize.name, parameter, given, f"a NumPy data type such as {example}")
    if dtype.kind not in kinds:
        reject(Categorize.name, parameter, str(given), f"a NumPy data type such as {example}")
    return dtype.str

"""What filters have in common that store numbers as numbers of another data type."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ArrayToArray, ChunkSpec, Step
from zarrpy.codecs.parameters import reject
from zarrpy.errors import CodecError, MetadataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrpy.codecs.base import Codec

__all__ = ["CONVERTED_KINDS", "NATIVE_KINDS", "Recast", "number_type", "order_after"]

#: enum zp_number of csrc/zarrpy.h.
NATIVE_KINDS = {
    kind: number
    for number, kind in enumerate(("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8"))
}

#: With those that are only converted.
CONVERTED_KINDS = {**NATIVE_KINDS, "f2": 10, "b1": 11}


def number_type(codec: str, parameter: str, given: Any, kinds: str = "biufcmM") -> str:
    """Check the data type of a number in NumPy's words; return it as NumPy writes it."""
    try:
        if not isinstance(given, (str, np.dtype, type)):
            raise TypeError
        dtype = np.dtype(given)
    except (TypeError, SyntaxError):
        reject(codec, parameter, given, "a NumPy data type such as '<i4'")
    if dtype.kind not in kinds or dtype.hasobject:
        reject(codec, parameter, given, "the data type of a number")
    if dtype.kind in "mM":  # the difference of two dates is no date; their counts' is a count
        dtype = np.dtype(f"{dtype.str[0]}i8")
    return dtype.str


_WORDS = {"iuf": "integers and floats", "biufc": "numbers and booleans"}


class Recast(ArrayToArray):
    """A filter that takes elements of one data type and stores those of another.

    Elements of another type than `memory`, but as long, are looked at as if they were of it; the
    byte order in the store is the affair of the codec `bytes`.
    """

    __slots__ = ()

    #: Name of the native form.
    native: ClassVar[str]
    #: Parameters that a document has to give, and what each of them is.
    required: ClassVar[dict[str, str]] = {"dtype": "a NumPy data type such as '<i4'"}
    #: Parameters that name the types of the elements, and of what is stored.
    types: ClassVar[tuple[str, str]] = ("dtype", "astype")
    #: NumPy's kinds of the elements it takes; without them, whatever is as long.
    takes: ClassVar[str] = ""
    #: Numbers that the native form knows, in memory and as stored.
    kinds: ClassVar[tuple[dict[str, int], dict[str, int]]] = (NATIVE_KINDS, NATIVE_KINDS)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        for parameter, right in cls.required.items():
            if parameter not in configuration:
                reject(cls.name, parameter, None, right)
        made = super().from_config(configuration, dialect=dialect)
        if spec is not None:
            made.check(spec.dtype)
        return made

    @property
    def memory(self) -> np.dtype[Any]:
        """Data type of the elements, in the machine's byte order."""
        return self._named(self.types[0])

    @property
    def stored(self) -> np.dtype[Any]:
        """Data type of what is stored, in the machine's byte order."""
        return self._named(self.types[1])

    def _named(self, parameter: str) -> np.dtype[Any]:
        named: np.dtype[Any] = np.dtype(getattr(self, parameter)).newbyteorder("=")
        return named

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk."""
        self.check(spec.dtype)
        return replace(spec, dtype=self.stored, fill_value=None)

    def step(self, spec: ChunkSpec) -> Step | None:
        """Give the native form, where it knows both data types."""
        self.check(spec.dtype)
        memory = self.kinds[0].get(self.memory.str[1:])
        stored = self.kinds[1].get(self.stored.str[1:])
        if memory is None or stored is None or not self.runs_natively():
            return None
        return Step(
            self.native,
            itemsize=self.memory.itemsize,
            variant=memory | stored << 8,
            aux=self.native_parameters(),
        )

    def runs_natively(self) -> bool:
        """Whether the native form knows the two data types."""
        return True

    def native_parameters(self) -> bytes:
        """Pack the parameters of the native form."""
        return b""

    def elements(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Look at the elements of a chunk, in C order, as being of the type `memory`."""
        self.check(array.dtype)
        return np.ascontiguousarray(array).reshape(-1).view(self.memory)

    def restored(self, values: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Give decoded elements the type and the shape of the chunk."""
        return values.view(spec.dtype).reshape(spec.shape)

    def check(self, dtype: np.dtype[Any]) -> None:
        """Refuse elements of another size, and what is no number where it has to be one."""
        if dtype.itemsize != self.memory.itemsize:
            raise CodecError(
                f"is made for {self.memory.str}, of {self.memory.itemsize} bytes, and not for "
                f"{dtype}, of {dtype.itemsize}",
                codec=self.name,
            )
        plain = issubclass(dtype.type, np.number | np.bool_)  # not of ml_dtypes
        if self.takes and not (plain and dtype.kind in self.takes):
            raise CodecError(f"takes {_WORDS[self.takes]}, not {dtype}", codec=self.name)


def order_after(filters: Iterable[Codec], byteorder: str) -> str:
    """Follow the byte order of elements through filters of Zarr v2, which name theirs.

    Parameters
    ----------
    filters : iterable of Codec
        In the order of encoding; those that name no data type change no order.
    byteorder : {"<", ">", "|"}
        Of the elements that the first filter is given.

    Returns
    -------
    str
        Byte order of what the last filter gives.

    Raises
    ------
    MetadataError
        If a filter names another order than what it is given has: readers that look at the bytes
        as the filter says would find other numbers.
    """
    for codec in filters:
        if not isinstance(codec, Recast):
            continue
        taken, given = (getattr(codec, parameter)[0] for parameter in codec.types)
        if "|" not in (taken, byteorder) and taken != byteorder:
            parameter = codec.types[0]
            raise MetadataError(
                f"names elements of the byte order {taken!r}, and is given those of {byteorder!r}",
                field=f"filters.{codec.v2_id}.{parameter}",
                value=getattr(codec, parameter),
                hint=f"name {byteorder + codec.memory.str[1:]!r}",
            )
        byteorder = given
    return byteorder

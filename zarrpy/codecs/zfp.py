"""The codecs ``zfp`` and ``zfpy``: blocks of numbers, with a bounded error (array -> bytes)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from math import prod
from typing import Any, ClassVar, Self

import numpy as np

from zarrpy._native.steps import decode_step, encode_step, find_codec
from zarrpy.codecs.base import ArrayToBytes, Buffer, ChunkSpec, Step
from zarrpy.codecs.parameters import choice, finite, integer, reject
from zarrpy.errors import CodecError, CorruptChunkError

# enum mode of csrc/step_zfp.c, and the parameters of each.
_MODES: dict[str, tuple[int, tuple[str, ...]]] = {
    "reversible": (0, ()),
    "expert": (1, ("minbits", "maxbits", "maxprec", "minexp")),
    "fixed_rate": (2, ("rate",)),
    "fixed_precision": (3, ("precision",)),
    "fixed_accuracy": (4, ("tolerance",)),
}
# Modes by the numbers of the library, as numcodecs has them.
_NUMBERED = {2: "fixed_rate", 3: "fixed_precision", 4: "fixed_accuracy", 5: "reversible"}
# What zfp takes, by its numbers, and what is made of types that it does not have.
_KINDS = {"i4": 1, "i8": 2, "f4": 3, "f8": 4}
_WIDENED = {"i1": "i4", "i2": "i4", "u1": "i4", "u2": "i4", "u4": "i4", "u8": "i8", "f2": "f4"}
_MOST_BITS = 16658


def run(codec: ArrayToBytes, mode: str, parameters: dict[str, Any], dtype: str,
        shape: tuple[int, ...], header: bool) -> Step:  # fmt: skip
    """Describe one run of the library."""
    if len(shape) > 4:
        raise CodecError(
            f"takes chunks of at most 4 axes, not {len(shape)}",
            codec=codec.name,
            hint="put the codec zarrs.squeeze or reshape before it",
        )
    if not find_codec("zfp"):
        raise CodecError(
            "is not in this build", codec=codec.name, hint="build with ZARRPY_NATIVE=blosc2"
        )
    sizes = (*(shape or (1,))[::-1], 0, 0, 0)[:4]
    aux = struct.pack(
        "=4i4Id4Q",
        _MODES[mode][0],
        header,
        len(shape) or 1,
        parameters.get("minexp", 0),
        parameters.get("minbits", 0),
        parameters.get("maxbits", 0),
        parameters.get("maxprec", parameters.get("precision", 0)),
        0,
        parameters.get("rate", parameters.get("tolerance", 0)),
        *sizes,
    )
    return Step("zfp", variant=_KINDS[dtype], aux=aux)


def decoded(step: Step, data: Buffer, spec: ChunkSpec, dtype: str, name: str) -> Any:
    """Run the decoder for a chunk."""
    nbytes = prod(spec.shape) * int(dtype[1:])
    try:
        numbers = np.frombuffer(decode_step(step, data, nbytes), dtype)
    except CorruptChunkError as error:
        error.codec = name  # the library is that of two codecs
        raise
    if numbers.nbytes != nbytes:
        raise CorruptChunkError(f"decodes to {numbers.nbytes} bytes, not {nbytes}", codec=name)
    return numbers.reshape(spec.shape)


@dataclass(frozen=True, slots=True)
class Zfp(ArrayToBytes):
    """Compress chunks of numbers by zfp, exactly or with a bounded error.

    Parameters
    ----------
    mode : {"reversible", "fixed_accuracy", "fixed_precision", "fixed_rate", "expert"}
    tolerance : float, optional
        Of "fixed_accuracy": the most that a value may be wrong.
    precision : int, optional
        Of "fixed_precision": bits kept of each number.
    rate : float, optional
        Of "fixed_rate": stored bits for each number.
    minbits, maxbits, maxprec, minexp : int, optional
        Of "expert", as the library has them.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/zfp

    zfp knows chunks of 1 to 4 axes, and integers and floats of 4 and 8 bytes; shorter ones are
    widened. It has no unsigned ones: of those the upper half of the range is refused.

    Examples
    --------
    >>> import numpy as np
    >>> field = np.linspace(0, 1, 1024).reshape(32, 32)
    >>> len(Zfp("fixed_rate", rate=8).encode(field))
    1024
    """

    name: ClassVar[str] = "zfp"
    aliases: ClassVar[tuple[str, ...]] = ("zarrs.zfp",)
    library: ClassVar[str] = "zfp"

    mode: str = "reversible"
    tolerance: int | float | None = None
    precision: int | None = None
    rate: int | float | None = None
    minbits: int | None = None
    maxbits: int | None = None
    maxprec: int | None = None
    minexp: int | None = None

    def __post_init__(self) -> None:
        choice(self.name, "mode", self.mode, _MODES)
        wanted = _MODES[self.mode][1]
        for parameter in self.parameters()[1:]:
            given = getattr(self, parameter)
            if parameter not in wanted:
                if given is not None:
                    reject(self.name, parameter, given, f"left out in the mode {self.mode!r}")
            elif parameter in ("tolerance", "rate"):
                object.__setattr__(self, parameter, finite(self.name, parameter, given))
                if not (given > 0 or (given == 0 and parameter == "tolerance")):
                    reject(self.name, parameter, given, "above 0")
            else:
                low, high = {"minexp": (-1075, 1024), "minbits": (0, _MOST_BITS)}.get(
                    parameter, (1, _MOST_BITS if parameter == "maxbits" else 128)
                )
                integer(self.name, parameter, given, low, high)
        if self.rate is not None and self.rate > _MOST_BITS:
            reject(self.name, "rate", self.rate, f"at most {_MOST_BITS}")
        if self.minbits is not None and self.minbits > (self.maxbits or 0):
            reject(self.name, "minbits", self.minbits, "at most maxbits")

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        if "mode" not in configuration:
            reject(cls.name, "mode", None, "one of " + ", ".join(map(repr, _MODES)))
        made = super(Zfp, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            made._step(spec)
        return made

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {"mode": self.mode, **self._settings()}

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        step = self._step(ChunkSpec(array.shape, array.dtype, None))
        if array.size == 0:
            return b""
        return encode_step(step, np.ascontiguousarray(self._widened(array)).data.cast("B"))

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        step = self._step(spec)
        if 0 in spec.shape and not len(data):
            return np.empty(spec.shape, spec.dtype)
        dtype = self._library_type(spec.dtype)
        numbers = decoded(step, data, spec, dtype, self.name)
        result: np.ndarray[Any, Any] = self._narrowed(numbers, spec.dtype)
        return result

    def mixes(self, spec: ChunkSpec) -> bool:
        """Whether an element spoils others: what is rounded is rounded block by block."""
        return self.mode != "reversible"

    def _settings(self) -> dict[str, Any]:
        return {parameter: getattr(self, parameter) for parameter in _MODES[self.mode][1]}

    def _step(self, spec: ChunkSpec) -> Step:
        dtype = self._library_type(spec.dtype)
        return run(self, self.mode, self._settings(), dtype, spec.shape, False)

    def _library_type(self, dtype: np.dtype[Any]) -> str:
        kind = dtype.str[1:] if dtype.kind in "iuf" else "i8" if dtype.kind in "mM" else ""
        kind = _WIDENED.get(kind, kind)
        if kind not in _KINDS:
            raise CodecError(f"takes integers and floats, not {dtype}", codec=self.name)
        return kind

    def _widened(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Make numbers of the library's types, as its own promotion does."""
        kind = self._library_type(array.dtype)
        if array.dtype.kind in "mM":
            return array.view("i8")
        if array.dtype.kind in "iu" and array.itemsize < 4:
            bits = 8 * array.itemsize
            middle = 1 << (bits - 1) if array.dtype.kind == "u" else 0
            return (array.astype("i4") - np.int32(middle)) << np.int32(31 - bits)
        if array.dtype.kind == "u" and array.size and int(array.max()) > np.iinfo(kind).max:
            raise CodecError(
                f"{array.max()} is above {np.iinfo(kind).max}, the most that zfp can hold",
                codec=self.name,
                direction="encode",
            )
        return array.astype(kind, copy=False)

    def _narrowed(self, numbers: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> Any:
        """Undo `_widened`; what an inexact mode put beyond the range is brought back into it."""
        if dtype.kind in "mM":
            return numbers.view(dtype)
        if dtype.kind in "iu" and numbers.dtype != dtype:
            limits = np.iinfo(dtype)
            if dtype.itemsize < 4:
                bits = 8 * dtype.itemsize
                middle = 1 << (bits - 1) if dtype.kind == "u" else 0
                numbers = (numbers >> np.int32(31 - bits)) + np.int32(middle)
            low, high = int(limits.min), min(int(limits.max), int(np.iinfo(numbers.dtype).max))
            return np.clip(numbers, low, high).astype(dtype)
        with np.errstate(over="ignore"):
            narrow: np.ndarray[Any, Any] = numbers.astype(dtype, copy=False)
        return narrow


@dataclass(frozen=True, slots=True)
class ZFPY(ArrayToBytes):
    """Compress chunks of numbers by zfp, with a header, as numcodecs does.

    Parameters
    ----------
    mode : {4, 3, 2, 5}
        Accuracy, precision, rate or nothing lost, in the numbers of the library.
    tolerance, rate : float, default -1
    precision : int, default -1
        The one that belongs to the mode; -1 makes it reversible.

    Notes
    -----
    `zfp`, which Zarr v3 registers, knows more data types and modes.

    Examples
    --------
    >>> import numpy as np
    >>> bytes(ZFPY(mode=2, rate=8).encode(np.zeros((4, 4)))[:3])
    b'zfp'
    """

    name: ClassVar[str] = "numcodecs.zfpy"
    v2_id: ClassVar[str] = "zfpy"
    library: ClassVar[str] = "zfp"

    mode: int = 4
    tolerance: int | float = -1
    rate: int | float = -1
    precision: int = -1

    def __post_init__(self) -> None:
        integer(self.name, "mode", self.mode, 2, 5)
        for parameter in ("tolerance", "rate"):
            given = finite(self.name, parameter, getattr(self, parameter))
            object.__setattr__(self, parameter, given)
        integer(self.name, "precision", self.precision, -1, 128)
        if self.rate > _MOST_BITS or self.rate == 0:
            reject(self.name, "rate", self.rate, f"above 0 and at most {_MOST_BITS}, or -1")

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        # numcodecs also writes what it hands to the library, which says the same again
        told = {key: value for key, value in configuration.items() if key != "compression_kwargs"}
        made = super(ZFPY, cls).from_config(told, dialect=dialect)
        if spec is not None:
            made._step(spec)
        return made

    def encode(self, array: np.ndarray[Any, Any]) -> Buffer:
        """Encode one chunk."""
        step = self._step(ChunkSpec(array.shape, array.dtype, None))
        if array.size == 0:
            return b""
        return encode_step(step, np.ascontiguousarray(array).data.cast("B"))

    def decode(self, data: Buffer, spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        step = self._step(spec)
        if 0 in spec.shape and not len(data):
            return np.empty(spec.shape, spec.dtype)
        numbers: np.ndarray[Any, Any] = decoded(step, data, spec, spec.dtype.str[1:], self.name)
        return numbers

    def mixes(self, spec: ChunkSpec) -> bool:
        """Whether an element spoils others: what is rounded is rounded block by block."""
        return _NUMBERED[self.mode] != "reversible"

    def _step(self, spec: ChunkSpec) -> Step:
        kind = spec.dtype.str[1:]
        if kind not in _KINDS:
            raise CodecError(
                f"takes integers and floats of 4 and 8 bytes, not {spec.dtype}", codec=self.name
            )
        mode = _NUMBERED[self.mode]
        values = {parameter: getattr(self, parameter) for parameter in _MODES[mode][1]}
        if any(value < 0 for value in values.values()):
            mode, values = "reversible", {}
        return run(self, mode, values, kind, spec.shape, True)

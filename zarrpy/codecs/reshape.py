"""The codecs ``reshape`` and ``zarrs.squeeze``: other axes, the same elements (array -> array)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import prod
from typing import Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ArrayToArray, ChunkSpec
from zarrpy.codecs.parameters import reject

_RIGHT = "a list of lengths, lists of axes in rising order, and at most one -1"


class SameElements(ArrayToArray):
    """A codec that changes the shape and leaves elements in their order."""

    __slots__ = ()

    transparent: ClassVar[bool] = True

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        spec = ChunkSpec(array.shape, array.dtype, None)
        return array.reshape(self.encoded_spec(spec).shape)

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        return data.reshape(spec.shape)


@dataclass(frozen=True, slots=True)
class Reshape(SameElements):
    """Store chunks in another shape of as many elements, in the same order.

    Parameters
    ----------
    shape : sequence of (int or sequence of int)
        For each axis of what is stored its length; or the axes of the chunk that it is made of,
        in order; or -1, at most once, for what is left.

    Notes
    -----
    Specification: https://github.com/zarr-developers/zarr-extensions/tree/main/codecs/reshape

    Examples
    --------
    >>> import numpy as np
    >>> Reshape([[0, 1], 2, -1]).encode(np.zeros((10, 5, 8, 3))).shape
    (50, 2, 12)
    """

    name: ClassVar[str] = "reshape"

    shape: tuple[int | tuple[int, ...], ...]

    def __post_init__(self) -> None:
        if not isinstance(self.shape, (list, tuple)):
            reject(self.name, "shape", self.shape, _RIGHT)
        lengths = tuple(tuple(n) if isinstance(n, (list, tuple)) else n for n in self.shape)
        for n in lengths:
            axes = n if isinstance(n, tuple) else ()
            if not all(type(axis) is int and axis >= 0 for axis in axes):
                reject(self.name, "shape", list(self.shape), _RIGHT)
            if not isinstance(n, tuple) and (type(n) is not int or (n < 1 and n != -1)):
                reject(self.name, "shape", list(self.shape), _RIGHT)
        used = [axis for n in lengths if isinstance(n, tuple) for axis in n]
        if sorted(set(used)) != used or lengths.count(-1) > 1:
            reject(self.name, "shape", list(self.shape), _RIGHT)
        object.__setattr__(self, "shape", lengths)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        if "shape" not in configuration:
            reject(cls.name, "shape", None, _RIGHT)
        made = super(Reshape, cls).from_config(configuration, dialect=dialect)
        if spec is not None:
            made.encoded_spec(spec)
        return made

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {"shape": [list(n) if isinstance(n, tuple) else n for n in self.shape]}

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk.

        Raises
        ------
        MetadataError
            When chunks cannot have the shape.
        """
        used = [axis for n in self.shape if isinstance(n, tuple) for axis in n]
        if any(axis >= len(spec.shape) for axis in used):
            self._misfit(spec, f"axes below {len(spec.shape)}, as a chunk has no more")
        known = [prod(spec.shape[a] for a in n) if isinstance(n, tuple) else n for n in self.shape]
        count, rest = prod(spec.shape), prod(n for n in known if n != -1)
        if -1 in known and rest and count % rest == 0:
            known[known.index(-1)] = count // rest
        if -1 in known or prod(known) != count:
            self._misfit(spec, f"a shape of {count} elements, as chunks of {spec.shape} have")
        for i, n in enumerate(self.shape):
            before_and_after = (
                not isinstance(n, tuple)
                or not n
                or (
                    prod(known[:i]) == prod(spec.shape[: n[0]])
                    and prod(known[i + 1 :]) == prod(spec.shape[n[-1] + 1 :])
                )
            )
            if not before_and_after:
                self._misfit(spec, f"such that axis {i} is made of the axes {n} of a chunk")
        return replace(spec, shape=tuple(known))

    def _misfit(self, spec: ChunkSpec, right: str) -> None:
        reject(self.name, "shape", self.to_config()["shape"], right)


@dataclass(frozen=True, slots=True)
class Squeeze(SameElements):
    """Store chunks without their axes of length 1.

    Notes
    -----
    Of zarrs, not registered. It lets `zfp`, which knows four axes, take chunks with more.

    Examples
    --------
    >>> import numpy as np
    >>> Squeeze().encode(np.zeros((4, 1, 3, 1))).shape
    (4, 3)
    """

    name: ClassVar[str] = "zarrs.squeeze"
    aliases: ClassVar[tuple[str, ...]] = ("squeeze",)

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk."""
        return replace(spec, shape=tuple(n for n in spec.shape if n != 1))

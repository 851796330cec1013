"""The ``transpose`` codec: axes in another order (array -> array)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from zarrpy.codecs.base import ArrayToArray, ChunkSpec
from zarrpy.codecs.parameters import reject


@dataclass(frozen=True, slots=True)
class Transpose(ArrayToArray):
    """Store the axes of each chunk in another order.

    Parameters
    ----------
    order : sequence of int
        Axis i of what is stored is axis ``order[i]`` of the array.

    Notes
    -----
    Specification: https://zarr-specs.readthedocs.io/en/latest/v3/codecs/transpose/index.html

    The words "C" and "F", which early drafts had in place of numbers, are read, not written.
    In a native chain leading transpositions cost nothing: they are strides of the copy.

    Examples
    --------
    >>> import numpy as np
    >>> Transpose((2, 0, 1)).encode(np.zeros((4, 5, 6))).shape
    (6, 4, 5)
    """

    name: ClassVar[str] = "transpose"

    order: tuple[int, ...]

    def __post_init__(self) -> None:
        given: Any = self.order
        if isinstance(given, list):
            object.__setattr__(self, "order", tuple(given))
        right = f"a permutation of 0..{max(len(self.order) - 1, 0)}"
        if isinstance(given, str) or not all(type(axis) is int for axis in self.order):
            reject(self.name, "order", given, right)
        if sorted(self.order) != list(range(len(self.order))):
            reject(self.name, "order", list(self.order), right)

    @classmethod
    def from_config(
        cls, configuration: dict[str, Any], *, dialect: int = 3, spec: ChunkSpec | None = None
    ) -> Self:
        """Make the codec that a metadata document describes."""
        order = configuration.get("order")
        if spec is not None and isinstance(order, str) and order in ("C", "F"):
            ndim = len(spec.shape)
            axes = range(ndim) if order == "C" else range(ndim - 1, -1, -1)
            configuration = {**configuration, "order": list(axes)}
        elif not isinstance(order, (list, tuple)):
            reject(cls.name, "order", order, "a list of the axes")
        made = super(Transpose, cls).from_config(configuration, dialect=dialect)
        if spec is not None and len(made.order) != len(spec.shape):
            reject(cls.name, "order", order, f"a permutation of the {len(spec.shape)} axes")
        return made

    def to_config(self, dialect: int = 3) -> dict[str, Any]:
        """Say the configuration in the words of a dialect, as JSON."""
        return {"order": list(self.order)}

    def encoded_spec(self, spec: ChunkSpec) -> ChunkSpec:
        """Describe what `encode` makes of a chunk."""
        return replace(spec, shape=tuple(spec.shape[axis] for axis in self.order))

    def encode(self, array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Encode one chunk."""
        return array.transpose(self.order)

    def decode(self, data: np.ndarray[Any, Any], spec: ChunkSpec) -> np.ndarray[Any, Any]:
        """Decode one chunk."""
        inverse = tuple(int(axis) for axis in np.argsort(self.order))
        return data.reshape(self.encoded_spec(spec).shape).transpose(inverse)

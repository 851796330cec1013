"""What Python and NumPy expect of anything that is like an array."""

from __future__ import annotations

import math
import operator
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

#: The device of main memory, as DLPack numbers it.
_CPU = (1, 0)


class _Told(str):
    """The module of a class, which its instances tell under another name.

    napari takes what is of a module that starts with "zarr" for an array of zarr-python, and
    hands it to a function that takes no other. Classes are found by their own name: the type of
    types looks past what is told here.
    """

    __slots__ = ()

    def __get__(self, instance: object, owner: type) -> str:
        return f"stored.{self}"

    def __reduce__(self) -> tuple[type[str], tuple[str]]:
        return str, (str(self),)  # classes are pickled by their module, which is a plain text then


class ArrayLike:
    """An array whose elements are read when somebody asks for them; subclasses have `read`."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.__module__ = _Told(cls.__module__)

    if TYPE_CHECKING:

        @property
        def shape(self) -> tuple[int, ...]:
            """Lengths of the axes."""

        @property
        def dtype(self) -> np.dtype[Any]:
            """Data type of the elements in memory."""

        @property
        def read(self) -> Callable[..., np.ndarray[Any, Any]]:
            """Read everything."""

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def itemsize(self) -> int:
        """Bytes of one element; of text and objects, bytes of what leads to it."""
        return self.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements in memory, `size` times `itemsize`; stored are less, as a rule."""
        return self.size * self.itemsize

    def to_dask(self, **keywords: Any) -> Any:
        """Give a Dask array that reads this when it is computed; as `zarrpy.dask.from_array`."""
        return import_module("zarrpy.dask").from_array(self, **keywords)  # built on these classes

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d array")
        return self.shape[0]

    def __array__(
        self, dtype: np.dtype[Any] | None = None, copy: bool | None = None
    ) -> np.ndarray[Any, Any]:
        if copy is False:
            raise ValueError(f"{self!r} is stored: an array of it is always a copy")
        result = self.read()
        return result if dtype is None else result.astype(dtype, copy=False)

    def __dlpack__(
        self,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        if copy is False:
            raise BufferError(f"{self!r} is stored: an array of it is always a copy")
        if dl_device is not None and tuple(dl_device) != _CPU:
            raise BufferError(f"{self!r} is read into main memory, not to device {dl_device}")
        asked: dict[str, Any] = {"stream": stream}
        if max_version is not None:
            asked["max_version"] = max_version
        return self.read().__dlpack__(**asked)

    def __dlpack_device__(self) -> tuple[int, int]:
        return _CPU

    def __bool__(self) -> bool:
        return bool(np.asarray(self))

    def __int__(self) -> int:
        return int(np.asarray(self)[()])

    def __float__(self) -> float:
        return float(np.asarray(self)[()])

    def __complex__(self) -> complex:
        return complex(np.asarray(self)[()])

    def __index__(self) -> int:
        if self.shape:
            raise TypeError("only a 0-d array of integers can be an index")
        return operator.index(np.asarray(self)[()])

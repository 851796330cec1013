"""The values a demonstration works with: the field that ships, or a file of the user's."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from zarrpy.cli.exits import UsageError

MAX_NBYTES = 16 * 1024 * 1024  # so that a demonstration stays a matter of seconds
_KINDS = "biufc"
_FLOATS = (2, 4, 8)


@dataclass(frozen=True, slots=True)
class Field:
    """Values, and what is told about them."""

    values: Any
    title: str
    dimension_names: tuple[str, ...] | None = None
    attributes: dict[str, Any] | None = None
    note: str = ""


def shipped_field() -> Field:
    """Load the ocean temperatures in `zarrpy.data`."""
    import numpy as np

    from zarrpy.data import OCEAN_TEMPERATURE

    return Field(
        values=np.load(OCEAN_TEMPERATURE, allow_pickle=False),
        title="mean ocean temperature, °C (Levitus 1982, NOAA; public domain)",
        dimension_names=("depth", "lat", "lon"),
        attributes={"units": "degrees Celsius", "depth_m": [0, 100, 400, 1000]},
    )


def field_of_file(path: Path) -> Field:
    """Load a ``.npy`` file; of a very large one take the beginning.

    Raises
    ------
    UsageError
        If the file is no ``.npy`` file, or holds what no codec here can store.
    """
    import numpy as np

    if path.is_dir():
        raise UsageError(f"{path} is a directory; give one .npy file")
    try:
        with path.open("rb") as file:
            magic = file.read(6)
        if magic != b"\x93NUMPY":
            raise UsageError(f"{path} is not a .npy file; numpy.save writes one")
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except ValueError as error:
        if "Object arrays" in str(error):
            raise UsageError(
                f"{path} holds Python objects; only numbers and booleans can be shown here"
            ) from error
        raise UsageError(f"{path} cannot be read as .npy: {error}") from error
    except EOFError as error:
        raise UsageError(f"{path} cannot be read as .npy: {error}") from error
    _check_dtype(mapped.dtype, path)
    values = _beginning(mapped)
    note = ""
    if values.shape != mapped.shape:
        note = f"the first {values.shape[0]} of {mapped.shape[0]} along the first axis"
    return Field(np.array(values), title=path.name, note=note)


def _check_dtype(dtype: Any, path: Path) -> None:
    if dtype.kind not in _KINDS or (dtype.kind == "f" and dtype.itemsize not in _FLOATS):
        raise UsageError(
            f"{path} holds {dtype}; the demonstration stores booleans, integers, floats of "
            "16 to 64 bits and complex numbers of 64 or 128"
        )
    if dtype.kind == "c" and dtype.itemsize > 16:
        raise UsageError(f"{path} holds {dtype}; complex numbers of 64 or 128 bits can be stored")


def _beginning(values: Any) -> Any:
    """As many entries of the first axis as fit into `MAX_NBYTES`, at least one."""
    if values.nbytes <= MAX_NBYTES or values.ndim == 0:
        return values
    entry_nbytes = values.itemsize * math.prod(values.shape[1:])
    return values[: max(1, MAX_NBYTES // entry_nbytes)]


def plane(values: Any) -> tuple[int | slice, ...] | None:
    """Select a two-dimensional plane worth drawing, or tell that there is none."""
    if values.ndim < 2 or min(values.shape[-2:]) < 2 or 0 in values.shape:
        return None
    return (*[0] * (values.ndim - 2), slice(None), slice(None))

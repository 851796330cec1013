"""Code as users write it: mypy checks its types in `make check`, a test runs it."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, assert_type

import numpy as np

import zarrpy
from zarrpy.views import View

Values = np.ndarray[Any, Any]


def make(folder: Path) -> zarrpy.Array:
    """Create a group and an array in it."""
    group = zarrpy.create_group(folder / "run.zarr", attributes={"title": "a run"})
    assert_type(group, zarrpy.Group)
    array = group.create_array(
        "t2m",
        shape=(4, 6, 8),
        dtype="f4",
        chunks=(2, 3, 4),
        compressors="zstd:3",
        dimension_names=("time", "lat", "lon"),
    )
    assert_type(array, zarrpy.Array)
    array[...] = np.arange(4 * 6 * 8).reshape(4, 6, 8)
    array.attrs["units"] = "K"
    return array


def read(array: zarrpy.Array) -> float:
    """Read in several ways."""
    assert_type(array.shape, tuple[int, ...])
    assert_type(array.dtype, np.dtype[Any])
    assert_type(array.read(np.s_[0]), Values)
    out = np.empty((6, 8), "f4")
    array.read({"time": 1}, out=out, missing="error")
    corners: Values = array.oindex[[0, -1], 0, [0, -1]]
    points: Values = array.vindex[[0, 1], [2, 3], [4, 5]]
    mean: float = corners.mean() + points.mean()
    for row in array:
        mean += float(row.sum())
    return mean


def look(array: zarrpy.Array) -> Values:
    """Compose views, and write by one."""
    view = array.lazy[1:, ::2].isel(lon=slice(0, 4)).T
    assert_type(view, View)
    assert_type(view.dimension_names, tuple[str | None, ...] | None)
    view.write(0.5)
    view[0, 0] = [1, 2, 3]
    doubled: Values = np.asarray(view) + view.read()
    return doubled


def ask(array: zarrpy.Array) -> float:
    """Explain, and count."""
    assert_type(array.explain(np.s_[0]), zarrpy.Explanation)
    assert_type(array.lazy[0].explain(write=True), zarrpy.Explanation)
    with zarrpy.profile() as p:
        array[0]
    assert_type(p, zarrpy.Profile)
    return p.total.seconds + p.total.bytes_read


async def read_later(array: zarrpy.Array) -> Values:
    """Await the same operations."""
    await array.write.aio(np.s_[0, 0], 7)
    assert_type(await array.lazy[0].read.aio(), Values)
    return await array.read.aio(np.s_[0])


def tell(folder: Path) -> int:
    """Open again, and ask for what is stored."""
    with zarrpy.open_group(folder / "run.zarr", mode="r") as group:
        assert_type(group, zarrpy.Group)
        array = zarrpy.open_array(folder / "run.zarr" / "t2m", mode="r")
        assert_type(array.nchunks_initialized, int)
        print(group.info, array.info, array.info_complete())
        return array.nbytes_stored()


def main(folder: Path) -> None:
    """Do all of it."""
    array = make(folder)
    assert read(array) > 0
    assert look(array).shape == (4, 3, 3)
    assert ask(array) > 0
    assert (asyncio.run(read_later(array))[0] == 7).all()
    assert tell(folder) > 0
    try:
        array.isel(depth=0)
    except zarrpy.SelectionError as error:
        print(error)

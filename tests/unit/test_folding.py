"""Tests of reductions whose chunks are files of plain numbers, which are folded in C."""

from unittest import mock

import numpy as np
import pytest

import zarrpy
from tests.unit.streams import small_blocks
from zarrpy.folding import Folder

VALUES = np.random.default_rng(3).normal(10, 50, (13, 10, 7))
GRIDS = [
    {"chunks": (4, 5, 3)},
    {"chunks": [[5, 8], [3, 3, 4], [7]]},
    {"chunks": (1, 10, 7)},
    {"chunks": (13, 2, 7)},
]


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "u8", "c8", "b1", ">f4"])
@pytest.mark.parametrize("grid", GRIDS)
@pytest.mark.parametrize(("nbytes", "tasks"), [(1, 32), (1 << 20, 32), (1, 1)])
def test_files_are_folded_as_block_by_block(tmp_path, monkeypatch, dtype, grid, nbytes, tasks):
    """With chunks that are not there: none of a block, some or all."""
    monkeypatch.setattr("zarrpy.partition.TASKS", tasks)
    values = (VALUES * 3).astype(dtype)
    array = zarrpy.create_array(
        tmp_path, shape=values.shape, dtype=dtype, **grid, compressors=None, fill_value=1
    )
    array[:] = values
    array.discard((slice(0, 8), slice(0, 6), slice(0, 7)))
    array.discard((slice(12, 13), slice(3, 10)))
    plain = array.dtype.kind in "iuf"
    fold_row, in_c = Folder._fold_row, []

    def counted(*given):
        found = fold_row(*given)
        in_c.append(found is not None)
        return found

    def reduced():
        with small_blocks(nbytes):
            for axis in (None, 0, 1, 2, (0, 2), (0, 1), ()):
                yield array.sum(axis)
                yield array.std(axis)
                yield from (array.min(axis), array.max(axis)) if array.dtype.kind != "c" else ()
                yield array.sum(axis, selection=(slice(1, None, 2), slice(2, 9)))
            if plain:
                yield array.histogram(20, (-100, 200))[0]
                yield array.histogram(20, (-100, 200), selection=slice(3, 11))[0]

    with mock.patch.object(Folder, "_fold_row", counted):
        quick = list(reduced())
    assert any(in_c) or nbytes > 1  # blocks of chunks side by side are not for C
    with zarrpy.config.set(disable=["fold"]):
        slow = list(reduced())
    for one, other in zip(quick, slow, strict=True):
        assert one.dtype == other.dtype
        np.testing.assert_allclose(one, other, rtol=1e-6 if array.dtype.itemsize < 8 else 1e-12)


def test_a_corrupt_chunk_among_those_folded_in_c_is_named(tmp_path):
    array = zarrpy.create_array(tmp_path, data=np.ones((64, 8)), chunks=(1, 8), compressors=None)
    by_python = AssertionError("went by Python")
    with mock.patch.object(Folder, "_fold_blocks", side_effect=by_python):
        assert array.sum() == 512
    (tmp_path / "c" / "40" / "0").write_bytes(b"short")

    with pytest.raises(zarrpy.ChunkError, match=r"c/40/0"):
        array.sum()


@pytest.mark.parametrize("dtype", ["f4", "f8", "i1", "u2", "i8", "u8", "b1"])
def test_extremes_are_those_of_numpy(tmp_path, dtype):
    """Of the ends of a type, infinities and NaN; of rows together and apart, long and short."""
    values = np.random.default_rng(5).integers(-120, 120, (6, 5, 70)).astype(dtype)
    if values.dtype.kind == "f":
        values[:2, 1], values[3], values[4, 2, 50] = np.nan, np.inf, -np.inf
        values[5, 4, 66] = np.nan
    elif values.dtype.kind != "b":
        values[3], values[4] = np.iinfo(dtype).max, np.iinfo(dtype).min
    array = zarrpy.create_array(tmp_path, data=values, chunks=(2, 3, 70), compressors=None)
    for axis in (None, 0, 1, 2, (0, 1), (1, 2)):
        for name in ("min", "max"):
            found, expected = getattr(array, name)(axis), getattr(values, name)(axis)
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("chunks", [(1, 310, 601), (2, 310, 601), (21, 62, 150), (5, 310, 200)])
@pytest.mark.parametrize("dtype", ["f4", "i8"])
def test_large_chunks_are_folded_in_strips_to_the_same(tmp_path, chunks, dtype):
    """Planes and blocks, some at the end of the array, one that is not there."""
    random = np.random.default_rng(4)
    values = random.integers(-1000, 1000, (21, 310, 601)).astype(dtype)
    array = zarrpy.create_array(tmp_path, data=values, chunks=chunks, compressors=None)
    (tmp_path / "c" / "1" / "0" / "0").unlink(missing_ok=True)
    values = array[...]

    for axis in (0, None, (0, 1), (0, 2), 2):
        np.testing.assert_allclose(array.sum(axis), values.sum(axis, dtype="f8"), rtol=1e-6)
        np.testing.assert_allclose(array.std(axis), values.std(axis, dtype="f8"), rtol=1e-6)
    counts = np.histogram(values, 50, (-1000, 1000))[0]
    np.testing.assert_array_equal(array.histogram(50, (-1000, 1000))[0], counts)
    part = np.s_[3:19, 7:, ::2]
    np.testing.assert_allclose(array.sum(0, selection=part), values[part].sum(0), rtol=1e-6)


@pytest.mark.parametrize("axis", [None, 0])
def test_a_large_chunk_that_is_cut_off_is_named(tmp_path, axis):
    values = np.ones((4, 300, 600), "f4")
    array = zarrpy.create_array(tmp_path, data=values, chunks=(1, 300, 600), compressors=None)
    with open(tmp_path / "c" / "2" / "0" / "0", "r+b") as file:
        file.truncate(700_000)

    with pytest.raises(zarrpy.ChunkError, match=r"c/2/0/0"):
        array.sum(axis)

"""Tests of reading a part of a chunk: only what is needed is decoded, and it is right."""

from itertools import pairwise

import numpy as np
import pytest

import zarrpy
from zarrpy.codecs import Blosc

SHAPE = (40, 50, 60)


VALUES = np.random.default_rng(5).integers(0, 50, SHAPE).astype("f4")


def made(**blosc):
    """Return values and a store with them in one chunk of several blocks."""
    store = {}
    zarrpy.create_array(store, data=VALUES, chunks=SHAPE, compressors=Blosc(**blosc))
    return VALUES, store


def made_of_files(tmp_path, compressors):
    """Return a handle of the same in one file, and its path."""
    array = zarrpy.create_array(tmp_path / "a", data=VALUES, chunks=SHAPE, compressors=compressors)
    return array, tmp_path / "a" / "c" / "0" / "0" / "0"


def bytes_read(read):
    """Tell how many bytes of chunks a function reads."""
    with zarrpy.profile() as report:
        read()
    return report.total.bytes_read


@pytest.mark.parametrize("shuffle", ["shuffle", "bitshuffle", "noshuffle"])
@pytest.mark.parametrize("cname", ["lz4", "zstd", "zlib"])
@pytest.mark.parametrize("blocksize", [0, 4096, 100_000])
def test_a_window_is_the_same_whether_or_not_its_chunk_is_decoded_whole(shuffle, cname, blocksize):
    """The fast path, its switch and the Python body agree, for windows at any place."""
    values, store = made(cname=cname, clevel=1, shuffle=shuffle, blocksize=blocksize)
    array = zarrpy.open_array(store)
    places = np.random.default_rng(6).integers(0, SHAPE, (20, 3))

    for disable in ((), ("partial",), ("native",)):
        with zarrpy.config.set(disable=disable):
            for i, j, k in places:
                for window in (
                    np.s_[i : i + 3, j : j + 9, k : k + 20],
                    np.s_[i, j:, k],
                    np.s_[i:, j : j + 3],
                    np.s_[::-1, j, k : k + 1],
                    np.s_[i : i + 3, j : j + 9 : 2, k::-1],
                ):
                    np.testing.assert_array_equal(array[window], values[window])


def test_blocks_outside_the_window_are_not_decoded():
    """Damage in the last block is no matter to a window in the first; a whole read notices."""
    values, store = made(cname="zstd", clevel=1, blocksize=16384)
    store["c/0/0/0"] = store["c/0/0/0"][:-200] + b"\xff" * 200
    array = zarrpy.open_array(store)

    np.testing.assert_array_equal(array[0, :5], values[0, :5])
    with pytest.raises(zarrpy.CorruptChunkError, match=r"\(0, 0, 0\)"):
        array[...]
    with zarrpy.config.set(disable=("partial",)), pytest.raises(zarrpy.CorruptChunkError):
        array[0, :5]


@pytest.mark.parametrize("shape", [(), (7,), (9, 1, 5, 3)])
@pytest.mark.parametrize("typesize", [4, 6, 255])
def test_elements_may_lie_across_blocks(shape, typesize):
    """Where the codec was told another element size, blocks end within elements."""
    values = np.random.default_rng(7).integers(0, 9, (*shape, 300)).astype("f8")
    chunks = tuple(max(1, n - 2) for n in values.shape)
    codec = Blosc(cname="lz4", typesize=typesize, blocksize=1000)
    array = zarrpy.create_array({}, data=values, chunks=chunks, compressors=codec)

    for window in (np.s_[...], np.s_[..., 3:90], np.s_[..., 200:], np.s_[..., ::40]):
        np.testing.assert_array_equal(array[window], values[window])


def windows():
    """Yield selections at twenty places."""
    for i, j, k in np.random.default_rng(6).integers(0, SHAPE, (20, 3)):
        yield np.s_[i, j, k]
        yield np.s_[i : i + 3, j : j + 9, k : k + 20]
        yield np.s_[i, j:, k]
        yield np.s_[i:, j : j + 3]
        yield np.s_[:, j, k]
        yield np.s_[::3, j : j + 2, k]
        yield np.s_[::-1, j, k : k + 1]
        yield np.s_[i : i + 3, [j, 0], k::-1]


@pytest.mark.parametrize(
    "compressors",
    [
        None,
        Blosc(cname="lz4"),
        Blosc(cname="lz4", blocksize=4096),
        Blosc(cname="zstd", shuffle="noshuffle", blocksize=1000),
        Blosc(cname="zlib", clevel=0),
        [Blosc(cname="lz4", blocksize=4096), "crc32c"],
    ],
    ids=str,
)
@pytest.mark.parametrize("small", [(), ("small",)])
def test_a_window_of_a_file_is_the_same_whether_or_not_all_of_it_is_read(
    tmp_path, compressors, small
):
    """By the short way and by the long one, with what decodes whole chunks, and in Python."""
    array, _ = made_of_files(tmp_path, compressors)

    for disable in ((), ("partial",), ("native",)):
        with zarrpy.config.set(disable=(*small, *disable)):
            for window in windows():
                np.testing.assert_array_equal(array[window], VALUES[window])


@pytest.mark.parametrize("compressors", [None, Blosc(cname="lz4", blocksize=4096)], ids=str)
def test_an_item_of_a_file_costs_a_small_part_of_it(tmp_path, settle, compressors):
    """And with what decodes whole chunks all of it."""
    array, path = made_of_files(tmp_path, compressors)
    settle()
    array[0]
    nbytes = path.stat().st_size

    assert bytes_read(lambda: array[20, 30, 40]) < nbytes / 5
    with zarrpy.config.set(disable=("partial",)):
        assert bytes_read(lambda: array[20, 30, 40]) == nbytes


@pytest.mark.parametrize("data", ["smooth", "noise", "counted", "sparse"])
@pytest.mark.parametrize("dtype", ["f4", "i8", "u2"])
def test_of_a_large_block_only_the_front_up_to_an_item_is_read(tmp_path, settle, data, dtype):
    """However much better one byte of the elements packs than another, and changes on the way."""
    random, shape = np.random.default_rng(5), (64, 64, 64)
    values = {
        "smooth": np.cumsum(random.normal(size=shape), axis=2) * 100,
        "noise": random.integers(0, 1 << 16, shape),
        "counted": np.arange(64**3).reshape(shape),
        "sparse": np.where(np.arange(64**3).reshape(shape) < 90_000, random.random(shape), 7) * 99,
    }[data].astype(dtype)
    block = Blosc(cname="lz4", blocksize=values.nbytes)
    array = zarrpy.create_array(tmp_path, data=values, chunks=shape, compressors=block)
    settle()
    nbytes = (tmp_path / "c" / "0" / "0" / "0").stat().st_size

    for i, j, k in random.integers(0, 62, (60, 3)):
        assert array[i, j, k] == values[i, j, k]
        window = np.s_[i : i + 2, j : j + 2, k : k + 2]
        np.testing.assert_array_equal(array[window], values[window])
    assert bytes_read(lambda: array[0, 0, 1]) < max(nbytes / 5, 20_000)


def test_a_checksum_of_all_bytes_is_checked_for_every_item(tmp_path, settle):
    """So all of them are read."""
    array, path = made_of_files(tmp_path, [Blosc(cname="lz4", blocksize=4096), "crc32c"])
    settle()
    array[0, 0, 0]

    assert bytes_read(lambda: array[0, 0, 0]) == path.stat().st_size
    path.write_bytes(path.read_bytes()[:-100] + b"x" * 100)
    with pytest.raises(zarrpy.CorruptChunkError, match=r"\(0, 0, 0\)"):
        array[0, 0, 0]


@pytest.mark.parametrize("compressors", [None, Blosc(cname="lz4", blocksize=4096)], ids=str)
@pytest.mark.parametrize("cut", [1, 40, 20_000])
def test_a_file_that_is_cut_off_is_damage_to_every_item(tmp_path, compressors, cut):
    """Also to one that lies in what is left."""
    array, path = made_of_files(tmp_path, compressors)
    path.write_bytes(path.read_bytes()[:-cut])

    for where in ((0, 0, 0), (20, 30, 40), (39, 49, 59)):
        with pytest.raises(zarrpy.CorruptChunkError, match=r"\(0, 0, 0\)"):
            array[where]


def test_blocks_of_a_file_may_lie_in_any_order(tmp_path):
    """As several threads of other writers leave them."""
    array, path = made_of_files(tmp_path, Blosc(cname="lz4", blocksize=20_000))
    chunk = path.read_bytes()
    count = -(-VALUES.nbytes // int.from_bytes(chunk[8:12], "little"))
    places = [*np.frombuffer(chunk, "<u4", count, 16), len(chunk)]
    blocks = [chunk[a:b] for a, b in pairwise(places)]
    order = np.random.default_rng(8).permutation(count)
    moved = np.zeros(count, "<u4")
    moved[order] = 16 + 4 * count + np.cumsum([0, *(len(blocks[i]) for i in order)])[:-1]
    body = b"".join(blocks[i] for i in order)
    path.write_bytes(chunk[:16] + moved.tobytes() + body)

    for window in windows():
        np.testing.assert_array_equal(array[window], VALUES[window])
    np.testing.assert_array_equal(array[...], VALUES)


def test_a_block_that_reaches_into_the_next_is_damage(tmp_path):
    """And never bytes of another file that were in memory before."""
    array, path = made_of_files(tmp_path, Blosc(cname="lz4", shuffle="noshuffle", blocksize=8000))
    chunk = bytearray(path.read_bytes())
    first = int.from_bytes(chunk[16:20], "little")
    size = int.from_bytes(chunk[first : first + 4], "little")
    chunk[first : first + 4] = (size + 300).to_bytes(4, "little")
    path.write_bytes(chunk)

    with pytest.raises(zarrpy.CorruptChunkError):
        array[0, 0, 0]
    assert array[39, 49, 59] == VALUES[39, 49, 59]


@pytest.mark.parametrize("compressors", [None, Blosc(cname="lz4"), "zstd:1", "gzip"], ids=str)
@pytest.mark.parametrize("chunks", [(5, 1), (2, 1), (4, 3), (1, 1)])
def test_an_axis_of_one_element_may_have_any_stride(body, compressors, chunks):
    """Where it lies in memory says nothing about its neighbours: there are none."""
    values = np.arange(12, dtype="i4").reshape(4, 3)
    array = zarrpy.create_array({}, data=values, chunks=chunks, compressors=compressors)
    memory = np.empty(100, "i4")

    for rows in (4, 8, -4, -8, 12):
        for single in (4, 8, -4, -8, 0, 12):
            memory[:] = -1
            out = np.lib.stride_tricks.as_strided(memory[50:], (4, 1), (rows, single))
            array.read(np.s_[:, 1:2], out=out)
            assert out.ravel().tolist() == [1, 4, 7, 10]
            assert (memory != -1).sum() == 4
            out[:] += 1
            array[:, 1:2] = out
            assert array[:, 1].tolist() == [2, 5, 8, 11]
            array[:, 1:2] = values[:, 1:2]


@pytest.mark.parametrize("files", [False, True])
@pytest.mark.parametrize("cname", ["lz4", "lz4hc", "zstd"])
@pytest.mark.parametrize("blocksize", [0, 4096])
def test_elements_may_be_farther_apart_than_blocks_are_long(tmp_path, files, cname, blocksize):
    """So that of some blocks none is wanted."""
    values = np.arange(1 << 18, dtype="i4") // 9
    array = zarrpy.create_array(
        tmp_path / "a" if files else {},
        data=values,
        chunks=1 << 18,
        compressors=Blosc(cname=cname, shuffle="shuffle", blocksize=blocksize),
    )
    for step in (3_000, 30_000, 125_000):
        assert np.array_equal(array[5:125_006:step], values[5:125_006:step])
    cube = zarrpy.create_array({}, data=values.reshape(16, 128, 128), chunks=(16, 128, 128))
    assert np.array_equal(cube[:7, 5, 5:7], cube[...][:7, 5, 5:7])


def test_a_part_of_a_shard_is_written_whatever_lies_between_its_chunks(tmp_path):
    """Writers that put new chunks behind the old ones leave bytes that nothing refers to."""
    values = np.arange(1, 9, dtype="u1")
    zarrpy.create_array(tmp_path / "a", data=values, chunks=2, shards=8, compressors=None)
    shard = tmp_path / "a" / "c" / "0"
    data = shard.read_bytes()
    shard.write_bytes(data[:8] + bytes(2 << 20) + data[8:])

    array = zarrpy.open(tmp_path / "a")
    array[3] = 99

    assert array[...].tolist() == [1, 2, 3, 99, 5, 6, 7, 8]


def test_what_codecs_widen_far_is_read(tmp_path):
    """More than any filter alone would."""
    values = np.random.default_rng(1).integers(0, 255, 300_000).astype("u1")
    array = zarrpy.create_array(
        tmp_path / "a",
        data=values,
        chunks=300_000,
        zarr_format=2,
        filters=[{"id": "base64"}] * 12,
        compressors=None,
    )

    assert (tmp_path / "a" / "0").stat().st_size > 16 * values.nbytes + (1 << 20)
    assert np.array_equal(array[...], values)
    assert array[7] == values[7]


@pytest.mark.parametrize("dtype", ["S7", "<c16", "i2,f8"])
def test_a_large_chunk_that_is_stored_as_it_is_is_read_in_pieces(tmp_path, dtype):
    """They end within rows and elements, and all of it counts as one read."""
    rng = np.random.default_rng(9)
    values = np.frombuffer(rng.bytes(300 * 1000 * 29), "V29")[:300_000].view("u1")
    values = values[: 300 * 1000 * np.dtype(dtype).itemsize].view(dtype).reshape(300, 1000)
    keywords = {"chunks": (300, 999), "compressors": None, "filters": None}
    array = zarrpy.create_array(tmp_path / "a", data=values, zarr_format=2, **keywords)
    whole = np.empty((301, 1003), values.dtype)[1:, 2:-1]

    for disable in ((), ("partial",), ("native",)):
        with zarrpy.config.set(disable=disable):
            for window in (
                np.s_[:],
                np.s_[3:299, 5:],
                np.s_[::-1],
                np.s_[:, 7],
                np.s_[9:, 3:990:2],
            ):
                assert array[window].tobytes() == values[window].tobytes()
            array.read(out=whole)
            assert whole.tobytes() == values.tobytes()
            with zarrpy.profile() as report:
                array.read()
            assert report.total.gets in (2, 3)  # of a young document as well
            assert report.total.bytes_read - 2 * 300 * 999 * values.itemsize < 1000


def test_a_large_chunk_that_is_too_short_or_too_long_is_an_error(tmp_path):
    """Also where it is read in pieces."""
    values = np.ones((300, 2000))
    array = zarrpy.create_array(tmp_path / "a", data=values, chunks=(300, 1999), compressors=None)
    file = tmp_path / "a" / "c" / "0" / "0"
    stored = file.read_bytes()

    for damaged in (stored[:-1], stored + b"x"):
        file.write_bytes(damaged)
        with pytest.raises(zarrpy.CorruptChunkError, match="bytes"):
            array.read()

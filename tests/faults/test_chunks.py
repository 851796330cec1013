"""Damaged and missing chunks: errors that name them, and never other data."""

import pickle
import shlex

import numpy as np
import pytest

import zarrpy
from zarrpy.cli import main
from zarrpy.errors import ChecksumError, CorruptChunkError, MissingChunkError, NodeNotFoundError


@pytest.mark.parametrize(
    ("compressors", "how"),
    # without a codec nothing tells changed bytes from others
    [(None, how) for how in ("cut", "empty", "longer")]
    + [
        (codec, how)
        for codec in ("auto", "zstd:3:true", "gzip")
        for how in ("cut", "changed", "empty", "longer")
    ],
)
def test_a_corrupt_chunk_is_an_error_that_names_it(store, body, contents, how, compressors):
    """Array, chunk, key and codec are fields and in the text; nothing is changed by reading."""
    array = zarrpy.create_array(
        store, name="g/a", data=np.arange(64.0).reshape(8, 8), chunks=4, compressors=compressors
    )
    value = bytearray(store.get("g/a/c/0/1"))
    if how == "changed":
        value[len(value) // 2] ^= 0x10
    damaged = {"cut": value[:-3], "changed": value, "empty": b"", "longer": value + b"xyz"}[how]
    store.set("g/a/c/0/1", bytes(damaged))
    before = contents(store)

    with pytest.raises(CorruptChunkError) as caught:
        array[...]

    error = caught.value
    place = store.place_of("g/a")  # in a directory, the whole path
    assert (error.array, error.chunk, error.key) == (place, (0, 1), "c/0/1")
    assert all(word in str(error) for word in ("g/a", "(0, 1)", "c/0/1", error.codec))
    assert isinstance(error, ValueError)
    assert contents(store) == before
    assert np.array_equal(array[4:], np.arange(64.0).reshape(8, 8)[4:])


def test_a_wrong_checksum_is_its_own_error(store, body):
    """Bytes that changed are told from bytes that make no sense."""
    array = zarrpy.create_array(store, data=np.arange(4), compressors="crc32c")
    value = bytearray(store.get("c/0"))
    value[0] ^= 1
    store.set("c/0", bytes(value))

    with pytest.raises(ChecksumError, match="checksum") as caught:
        array[...]

    assert caught.value.codec == "crc32c"


def test_a_part_of_a_corrupt_chunk_is_not_overwritten(store, body, contents):
    """The rest of it could not be kept; replacing the whole of it can."""
    array = zarrpy.create_array(store, data=np.arange(4), chunks=2)
    store.set("c/0", b"damaged")
    before = contents(store)

    with pytest.raises(CorruptChunkError):
        array[0] = 9
    assert contents(store) == before
    array[:2] = 9

    assert array[...].tolist() == [9, 9, 2, 3]


@pytest.mark.parametrize("how", ["setting", "argument"])
def test_missing_chunks_can_be_errors(store, body, how):
    """`config.missing` decides, or the call; array, chunk and key are named."""
    array = zarrpy.create_array(store, name="a", shape=(2, 8), chunks=(1, 2), dtype="i4")
    array[:, :4] = 1
    setting = "error" if how == "setting" else "fill"

    with zarrpy.config.set(missing=setting):
        keyword = {} if how == "setting" else {"missing": "error"}
        assert array.read((0, slice(4)), **keyword).tolist() == [1] * 4
        with pytest.raises(MissingChunkError, match=r"'.*a'.*is missing: so are 3 more") as caught:
            array.read(**keyword)

    error = caught.value
    assert (error.array, error.chunk, error.key) == (store.place_of("a"), (0, 2), "c/0/2")
    assert isinstance(error, KeyError)
    assert array[0].tolist() == [1, 1, 1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    "key",
    [..., 0, (1, slice(None, None, -3)), (slice(None), 5), (0, 0), (0, 7), (None, 1, slice(3, 5))],
)
def test_missing_chunks_can_be_masked(store, body, key):
    """A masked array, whose mask is that of the chunks that were never written."""
    expected = np.ma.MaskedArray(np.zeros((2, 8), "i4"), np.zeros((2, 8), bool))
    array = zarrpy.create_array(store, shape=(2, 8), chunks=(1, 2), dtype="i4", fill_value=9)
    array[:, 2:6] = expected.data[:, 2:6] = 5
    expected.mask[:, :2] = expected.mask[:, 6:] = True

    with zarrpy.config.set(missing="mask"):
        found = array[key]

    wanted = expected[key]
    assert np.ma.is_masked(found) == np.ma.is_masked(wanted)
    assert np.array_equal(np.ma.getmaskarray(found), np.ma.getmaskarray(wanted))
    assert np.ma.filled(found, -1).tolist() == np.ma.filled(wanted, -1).tolist()


def test_missing_chunks_of_many_windows_are_masked(body):
    """Stores that are not made of files give their chunks a window at a time."""
    array = zarrpy.create_array({}, shape=5000, chunks=1, dtype="u1")
    array[::2] = 1

    found = array.read(missing="mask")

    assert np.array_equal(found.mask, np.arange(5000) % 2 == 1)


def test_a_wrong_word_for_missing_chunks_is_refused(store):
    """The right ones are named."""
    array = zarrpy.create_array(store, shape=2, dtype="i4")

    with pytest.raises(ValueError, match="'fill' or 'error' or 'mask'"):
        array.read(missing="guess")


def test_an_array_that_was_deleted_is_an_error(store, body):
    """Not an array of fill values."""
    array = zarrpy.create_array(store, name="a", data=[1, 2])
    store.delete_prefix("a/")

    with pytest.raises(NodeNotFoundError, match="deleted"):
        array[...]


def test_errors_of_chunks_name_the_next_command(tmp_path):
    """Which is there, and finds what the error is about; whoever reads, and for shards as well."""
    path = tmp_path / "a run.zarr"
    array = zarrpy.create_array(path, data=np.arange(1, 101), chunks=10, shards=50)
    chunk = path / "c/0"
    chunk.write_bytes(chunk.read_bytes()[:-5])

    for read in (lambda: array[3], array.sum, lambda: list(array.iter_chunks())):
        with pytest.raises(zarrpy.CorruptChunkError) as caught:
            read()
        assert str(caught.value).endswith(f" -> {caught.value.hint}")
        verify, place, deep, *_ = shlex.split(caught.value.hint.removeprefix("zarrpy "))
        assert (place, deep) == (str(path), "--deep")
        assert main([verify, place, deep]) == 1
    assert pickle.loads(pickle.dumps(caught.value)).hint == caught.value.hint

    chunk.unlink()
    with pytest.raises(zarrpy.MissingChunkError) as caught:
        array.read(missing="error")
    verify, place, missing, *_ = shlex.split(caught.value.hint.removeprefix("zarrpy "))
    assert (verify, place, missing) == ("verify", str(path), "--missing")
    assert main([verify, place, missing]) == 1
    assert "missing='fill'" in caught.value.hint
    assert array.read(missing="fill")[0] == 0


def test_in_memory_the_next_command_is_python():
    """No command line reaches it."""
    store = zarrpy.MemoryStore()
    array = zarrpy.create_array(store, data=np.arange(10), chunks=5)
    store.set("c/0", b"nonsense")
    store.delete("c/1")

    with pytest.raises(zarrpy.CorruptChunkError, match=r"array\.store, deep=True\)"):
        array[...]
    assert zarrpy.verify(array.store, deep=True).corrupt
    with pytest.raises(zarrpy.MissingChunkError, match=r"array\.store, missing=True\)"):
        array.read(slice(5, 10), missing="error")
    assert zarrpy.verify(array.store, missing=True).missing

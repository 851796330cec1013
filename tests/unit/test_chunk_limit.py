"""Chunks of elements of any length that are more bytes than the settings allow."""

import numpy as np
import pytest

import zarrpy

LIMIT = 500_000
TEXTS = np.array([f"number {i} " * 160 for i in range(2000)], np.dtypes.StringDType())
WHY = f"holds more than the {LIMIT} bytes that limits.max_chunk_bytes allows"


@pytest.fixture(params=[[], ["native"]], ids=["engine", "twin"])
def body(request):
    with zarrpy.config.set(disable=request.param):
        yield


@pytest.fixture(params=["zstd", "bz2", "crc32c", None])
def compressors(request):
    return request.param


@pytest.fixture(params=[None, 2000], ids=["alone", "sharded"])
def shards(request):
    return request.param


@pytest.fixture(params=["file", "memory"])
def array(request, tmp_path, compressors, shards):
    store = tmp_path / "texts.zarr" if request.param == "file" else zarrpy.MemoryStore()
    name = f"numcodecs.{compressors}" if compressors == "bz2" else compressors
    return zarrpy.create_array(store, data=TEXTS, chunks=1000, shards=shards, compressors=name)


def limited():
    return zarrpy.config.set({"limits.max_chunk_bytes": LIMIT})


@pytest.mark.usefixtures("body")
def test_a_chunk_over_the_limit_is_told_from_a_damaged_one(array):
    """The error names the chunk and the setting, and nobody is told to set it aside."""
    with limited(), pytest.raises(zarrpy.ChunkLimitError, match=WHY) as caught:
        zarrpy.open_array(array.store)[...]

    assert isinstance(caught.value, zarrpy.LimitError)
    assert caught.value.limit == LIMIT
    assert caught.value.chunk == (0,)
    assert caught.value.key == "c/0"
    assert "raise config.limits.max_chunk_bytes" in str(caught.value)
    assert "repair" not in str(caught.value)
    assert np.array_equal(zarrpy.open_array(array.store)[...], TEXTS)


@pytest.mark.usefixtures("body")
def test_repair_leaves_a_chunk_over_the_limit_where_it_is(array):
    """It may be sound: with a higher limit it is read again."""
    with limited():
        report = zarrpy.verify(array.store, deep=True)
        done = zarrpy.repair(array.store, deep=True)

    assert [finding.kind for finding in report.findings] == ["unreadable"] * 2
    assert done.quarantined == ()
    assert zarrpy.verify(array.store, deep=True).ok
    assert np.array_equal(zarrpy.open_array(array.store)[...], TEXTS)


@pytest.mark.usefixtures("body")
def test_what_could_not_be_read_again_is_not_written(array):
    """The error names the chunk; what was stored before is there still."""
    other = np.array(["other" * 1000] * 1000, np.dtypes.StringDType())

    with limited(), pytest.raises(zarrpy.ChunkLimitError, match=WHY) as caught:
        zarrpy.open_array(array.store)[:1000] = other

    assert caught.value.chunk == (0,)
    assert "choose smaller chunks" in str(caught.value)
    assert np.array_equal(zarrpy.open_array(array.store)[...], TEXTS)


def test_chunks_at_the_limit_are_read_however_they_are_stored(tmp_path, compressors):
    """Codecs add a few bytes to what cannot be compressed."""
    noise = np.random.default_rng(0).bytes(LIMIT // 2 - 8).hex()
    values = np.array([noise], np.dtypes.StringDType())
    name = f"numcodecs.{compressors}" if compressors == "bz2" else compressors

    with limited():
        array = zarrpy.create_array(tmp_path, data=values, compressors=name)

        assert len(noise) + 4 + 4 > LIMIT - 16
        assert zarrpy.open_array(array.store)[0] == noise


def test_one_chunk_over_the_limit_does_not_hide_the_others(tmp_path):
    """Who goes on past chunks that cannot be read goes on past it."""
    values = np.array(["x" * LIMIT, "a"], np.dtypes.StringDType())
    array = zarrpy.create_array(tmp_path, data=values, chunks=1)

    with limited():
        first, second = zarrpy.open_array(tmp_path).iter_chunks(on_error="yield")

    assert isinstance(first.error, zarrpy.ChunkLimitError)
    assert second.data.tolist() == ["a"]
    assert array[0] == "x" * LIMIT


def test_objects_over_the_limit_are_told_in_the_same_way(tmp_path):
    """They are decoded by Python only."""
    values = np.empty(2, object)
    values[:] = [b"\1" * LIMIT, b"b"]
    array = zarrpy.create_array(tmp_path, data=values, dtype="variable_length_bytes", chunks=2)

    with limited(), pytest.raises(zarrpy.ChunkLimitError, match=WHY):
        zarrpy.open_array(tmp_path)[...]

    assert array[0] == values[0]

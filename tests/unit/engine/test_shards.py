"""Tests of `zarrpy.engine.shards` and csrc/shard*.c: shards read and written in part."""

import gzip

import numpy as np
import pytest

import zarrpy
from tests.unit.python_calls import calls_of, uncounted
from zarrpy._native.batch import Batch
from zarrpy.codecs.sharding import Sharding
from zarrpy.engine.shards import PythonShardBatch
from zarrpy.errors import MissingChunkError
from zarrpy.selection import parse
from zarrpy.stores import LocalStore, MemoryStore, Store

LOCATIONS = ["end", "start"]


class Requests(Store):
    """A store that gives ranges and notes what it is asked for."""

    def __init__(self):
        self.values = MemoryStore()
        self.asked = []

    def get(self, key, byte_range=None):
        if "c/" in key:
            self.asked.append(("get", key, byte_range and tuple(byte_range)))
        return self.values.get(key, byte_range)

    def set(self, key, value):
        self.asked.append(("set", key, len(value)))
        self.values.set(key, value)

    def delete(self, key):
        self.asked.append(("delete", key, None))
        self.values.delete(key)

    def list(self, prefix=""):
        return self.values.list(prefix)


@pytest.fixture
def requests():
    """A store of that kind."""
    return Requests()


def create(store, values, chunks, shards, location="end", **keywords):
    """An array in shards, with its values."""
    shape = {"shape": shards, "index_location": location}
    return zarrpy.create_array(store, data=values, chunks=chunks, shards=shape, **keywords)


def entries(shard, count, location="end"):
    """Offset and size of each chunk."""
    index = shard[:-4] if location == "end" else shard[: 16 * count]
    return np.frombuffer(index[-16 * count :], "<u8").reshape(-1, 2).tolist()


def inner_bytes(shard, count, location="end"):
    """The stored bytes of each chunk, None where there are none."""
    return [
        None if offset == 2**64 - 1 else shard[offset : offset + n]
        for offset, n in entries(shard, count, location)
    ]


# ----------------------------------------------------------------------------------- whole arrays


def test_an_array_in_shards_tells_of_both_shapes(store):
    """Chunks are those inside; there is one value a shard."""
    values = np.arange(35 * 20).reshape(35, 20)

    array = create(store, values, (5, 4), (15, 20))

    assert (array.shards, array.chunks, array.cdata_shape) == ((15, 20), (5, 4), (7, 5))
    assert array.nchunks == 35
    assert array.serializer.name == "bytes"
    assert array.compressors[-1].name == "crc32c"
    assert array.codecs.native
    assert isinstance(array.codecs.array_to_bytes, Sharding)
    assert sorted(store.list()) == ["c/0/0", "c/1/0", "c/2/0", "zarr.json"]
    assert "shards" in array.info.facts
    again = zarrpy.open(store)
    assert (again.shards, again.chunks) == ((15, 20), (5, 4))
    assert np.array_equal(again[...], values)


def test_the_batch_is_native_where_the_chain_is(store):
    """Otherwise the tests below would prove nothing."""
    array = create(store, np.zeros((4, 4)), 2, (4, 4))
    chosen = parse(..., (4, 4))

    assert isinstance(array._batch(chosen, np.zeros((4, 4)), writing=False), Batch)
    with zarrpy.config.set(disable=["native"]):
        batch = array._batch(chosen, np.zeros((4, 4)), writing=False)
    assert isinstance(batch, PythonShardBatch)


@pytest.mark.parametrize("location", LOCATIONS)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("compressors", [None, "auto", "gzip:1"])
def test_what_is_written_is_read(store, body, location, order, compressors):
    """At edges, with steps, with every place of the index."""
    values = np.arange(23 * 17 * 5, dtype="i4").reshape(23, 17, 5)

    array = create(
        store, values, (4, 3, 5), (12, 6, 5), location, order=order, compressors=compressors
    )

    assert np.array_equal(array[...], values)
    for key in np.s_[3:20:2, ::-3, 1], np.s_[22], np.s_[5, 16, 4], np.s_[..., 2], np.s_[11:13, 5:7]:
        assert np.array_equal(array[key], values[key])


def test_both_bodies_store_the_same_bytes(contents):
    """Byte for byte, whole and in part."""
    values = np.arange(30 * 20, dtype="f4").reshape(30, 20)
    stored = []
    for disable in ([], ["native"]):
        store = MemoryStore()
        with zarrpy.config.set(disable=disable):
            array = create(store, values, (3, 4), (15, 12), "start", order="F")
            array[4:7, 2:19:3] = 0
            array[:3, :4] = 0
        stored.append(contents(store))

    assert stored[0] == stored[1]
    assert np.array_equal(array[4:7, 2:19:3], np.zeros((3, 6)))


def test_arrays_without_axes_and_without_elements(store, body):
    """The least there can be."""
    assert create(store, np.float64(5), (), (), name="a")[()] == 5
    empty = zarrpy.create_array(store, name="e", shape=(0, 3), chunks=1, shards=2, dtype="i1")
    empty[...] = 1
    assert empty[...].shape == (0, 3)


def test_shards_under_a_transpose(store, body):
    """The grid of the index is that of the transposed shard; whatever is beside the transpose."""
    values = np.arange(6 * 8 * 10, dtype="i2").reshape(6, 8, 10)
    serializer = Sharding((5, 3, 2), ("bytes", "zstd"))
    turned = {"name": "transpose", "configuration": {"order": [2, 0, 1]}}

    array = zarrpy.create_array(
        store, data=values, chunks=(3, 4, 10), filters=[turned], serializer=serializer
    )
    array[1:5, 3, ::2] = -1
    values[1:5, 3, ::2] = -1

    assert array.codecs.native
    assert (array.chunks, array.shards) == ((3, 2, 5), (3, 4, 10))
    assert np.array_equal(array[...], values)
    assert np.array_equal(array[:, 3:5, 7], values[:, 3:5, 7])


@pytest.mark.parametrize("kind", ["nested", "compressed", "delta"])
def test_shards_that_the_engine_does_not_know(store, kind):
    """In shards, behind a compressor, in front of a filter: in Python, and right."""
    values = np.arange(24 * 24, dtype="i4").reshape(24, 24)
    inner = Sharding((3, 3), ("bytes", "crc32c"), index_location="start")
    keywords = {
        "nested": {"serializer": Sharding((6, 6), (inner,))},
        "compressed": {"serializer": inner, "compressors": "zstd"},
        "delta": {"serializer": inner, "filters": "numcodecs.delta"},
    }[kind]

    array = zarrpy.create_array(store, data=values, chunks=(12, 12), **keywords)
    array[3:14, 5] = 0
    values[3:14, 5] = 0

    assert not array.codecs.native
    assert (array.codecs.shard is not None) == (kind == "nested")
    assert np.array_equal(zarrpy.open(store)[...], values)
    assert np.array_equal(array[2:20:3, ::-5], values[2:20:3, ::-5])


# --------------------------------------------------------------------------------- parts of shards


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_partial_write_keeps_other_chunks_as_their_bytes(store, body, location):
    """Nothing but the chunks that it touches is encoded anew."""
    values = np.arange(64, dtype="i4").reshape(8, 8)
    array = create(store, values, 2, (8, 8), location, compressors="zstd:9")
    before = inner_bytes(bytes(store.get("c/0/0")), 16, location)

    with_other_codec = zarrpy.open(store)
    with zarrpy.config.set({"array.subchunk_write_order": "morton"}):
        with_other_codec[3:5, 3] = -1
    after = inner_bytes(bytes(store.get("c/0/0")), 16, location)

    assert [i for i in range(16) if before[i] != after[i]] == [5, 9]
    values[3:5, 3] = -1
    assert np.array_equal(array[...], values)


def test_kept_bytes_are_not_decoded(store, body):
    """A damaged chunk stays as it is when another one is written."""
    array = create(store, np.arange(8), 2, 8)
    shard = bytearray(store.get("c/0"))
    offset, n = entries(bytes(shard), 4)[3]
    shard[offset : offset + n] = b"x" * n
    store.set("c/0", bytes(shard))

    array[:2] = 7

    assert inner_bytes(bytes(store.get("c/0")), 4)[3] == b"x" * n
    assert array[:6].tolist() == [7, 7, 2, 3, 4, 5]


@pytest.fixture
def nested(requests, location):
    """An array of shards of 16 by 16, in which are shards of 8 by 8 with chunks of 2 by 2."""
    values = np.arange(256, dtype="i4").reshape(16, 16)
    inner = Sharding((2, 2), ("bytes", "zstd"), index_location=location)
    outer = Sharding((8, 8), (inner,), index_location=location)
    array = zarrpy.create_array(requests, data=values, chunks=(16, 16), serializer=outer)
    return (
        array,
        values,
        lambda: [
            inner_bytes(each, 16, location)
            for each in inner_bytes(bytes(requests.values.get("c/0/0")), 4, location)
        ],
    )


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_partial_write_keeps_chunks_of_shards_in_shards(requests, nested, location):
    """As their bytes, at every depth; one reading and one writing for all of it."""
    array, values, stored = nested
    before = stored()
    damaged = b"x" * len(before[0][3])
    value = bytes(requests.values.get("c/0/0")).replace(before[0][3], damaged)
    requests.values.set("c/0/0", value)
    requests.asked.clear()

    array[3, 3:6] = values[3, 3:6] = -1

    assert [(what, key) for what, key, _ in requests.asked] == [("get", "c/0/0"), ("set", "c/0/0")]
    after = stored()
    changed = [(i, k) for i in range(4) for k in range(16) if before[i][k] != after[i][k]]
    assert changed == [(0, 3), (0, 5), (0, 6)]
    assert after[0][3] == damaged
    assert np.array_equal(array[:, 8:], values[:, 8:])
    with pytest.raises(zarrpy.errors.CorruptChunkError, match=r"chunk \(0, 3\) of the shard"):
        array[0, 6]


@pytest.mark.parametrize("location", LOCATIONS)
def test_chunks_that_are_not_asked_for_are_not_decoded(nested, requests, location):
    """Damage elsewhere in an inner shard is nobody's concern."""
    array, values, stored = nested
    chunk = stored()[0][3]
    value = bytes(requests.values.get("c/0/0")).replace(chunk, b"x" * len(chunk))
    requests.values.set("c/0/0", value)

    assert np.array_equal(array[:6, :6], values[:6, :6])
    assert np.array_equal(array.oindex[[1, 5, 9], [0, 3, 15]], values[[1, 5, 9]][:, [0, 3, 15]])


@pytest.mark.parametrize("location", LOCATIONS)
def test_so_does_one_behind_a_compressor(requests, location):
    """The codecs around the shard are undone and done again, those of its chunks are not."""
    values = np.arange(64, dtype="i4").reshape(8, 8)
    shards = Sharding((2, 2), ("bytes", "zstd:9"), index_location=location)
    array = zarrpy.create_array(
        requests, data=values, chunks=(8, 8), serializer=shards, compressors="gzip:1"
    )

    def shard():
        return gzip.decompress(bytes(requests.values.get("c/0/0")))

    before = inner_bytes(shard(), 16, location)
    damaged = b"x" * len(before[3])
    requests.values.set("c/0/0", gzip.compress(shard().replace(before[3], damaged)))
    requests.asked.clear()

    array[3:5, 3] = -1

    assert [(what, key) for what, key, _ in requests.asked] == [("get", "c/0/0"), ("set", "c/0/0")]
    after = inner_bytes(shard(), 16, location)
    assert [i for i in range(16) if before[i] != after[i]] == [3, 5, 9]
    assert after[3] == damaged
    array[:2, 6:] = 0
    values[3:5, 3], values[:2, 6:] = -1, 0
    assert np.array_equal(zarrpy.open(requests)[...], values)
    array[...] = 0
    assert requests.values.get("c/0/0") is None


def test_so_does_one_of_shards_that_differ_in_shape(requests):
    """Each has an index of its own size."""
    values = np.arange(96, dtype="i4").reshape(8, 12)
    shards = Sharding((2, 2), ("bytes", "zstd"))
    grid = [[2, 6], [4, 8]]
    array = zarrpy.create_array(requests, data=values, chunks=grid, serializer=shards)

    def shard():
        return bytes(requests.values.get("c/1/1"))

    before = inner_bytes(shard(), 12)
    damaged = b"x" * len(before[3])
    requests.values.set("c/1/1", shard().replace(before[3], damaged))
    requests.asked.clear()

    array[1:4, 5] = values[1:4, 5] = -1

    assert sorted((what, key) for what, key, _ in requests.asked) == [
        ("get", "c/0/1"), ("get", "c/1/1"), ("set", "c/0/1"), ("set", "c/1/1"),
    ]  # fmt: skip
    after = inner_bytes(shard(), 12)
    assert [i for i in range(12) if before[i] != after[i]] == [0, 3]
    assert after[3] == damaged
    array[2:4, 10:] = values[2:4, 10:] = 7
    assert np.array_equal(zarrpy.open(requests)[...], values)


def test_the_index_may_be_turned(store):
    """Its codecs are those of an array with one axis more than the shard."""
    values = np.arange(64, dtype="i4").reshape(8, 8)
    turned = {"name": "transpose", "configuration": {"order": [2, 1, 0]}}
    codec = Sharding((4, 2), ("bytes",), (turned, "bytes", "crc32c"))

    array = zarrpy.create_array(store, data=values, chunks=(8, 8), serializer=codec)
    array[5, 5] = values[5, 5] = -1

    assert np.array_equal(zarrpy.open(store)[...], values)
    index = np.frombuffer(bytes(store.get("c/0/0"))[-132:-4], "<u8").reshape(2, 4, 2)
    assert index[0].T.tolist() == [[0, 32, 64, 96], [128, 160, 192, 224]]
    assert (index[1] == 32).all()


def test_chunks_of_the_fill_value_leave_the_shard_and_the_shard_the_store(store, body):
    """Each when nothing else is in it."""
    array = create(store, np.arange(8) + 1, 2, 8)

    array[2:4] = 0
    assert [chunk is None for chunk in inner_bytes(bytes(store.get("c/0")), 4)] == [
        False, True, False, False,
    ]  # fmt: skip
    assert array[...].tolist() == [1, 2, 0, 0, 5, 6, 7, 8]
    array[:2] = array[4:] = 0
    assert store.get("c/0") is None
    assert not array[...].any()
    array[5] = 3
    assert [chunk is None for chunk in inner_bytes(bytes(store.get("c/0")), 4)] == [
        True, True, False, True,
    ]  # fmt: skip


def test_empty_chunks_can_be_stored(store, body):
    """Where the array says so."""
    array = create(store, np.zeros(8), 2, 8, config={"write_empty_chunks": True})

    assert None not in inner_bytes(bytes(store.get("c/0")), 4)
    array[:2] = 0
    assert None not in inner_bytes(bytes(store.get("c/0")), 4)


def test_absent_chunks_in_a_shard_are_missing_ones(store, body):
    """Where missing chunks are errors."""
    array = zarrpy.create_array(store, shape=8, dtype="i4", chunks=2, shards=8)
    array[:4] = 1

    with zarrpy.config.set(missing="error"):
        assert array[:4].tolist() == [1] * 4
        with pytest.raises(zarrpy.errors.MissingChunkError, match=r"\(2,\).*1 more") as caught:
            array[...]
        assert (caught.value.chunk, caught.value.key) == ((2,), "c/0")
    masked = array.read(..., missing="mask")
    assert masked.mask.tolist() == [False] * 4 + [True] * 4


def test_points_of_absent_chunks_are_long_texts(store, body):
    """NumPy puts garbage where such a text without axes goes to points."""
    fill = "a fill value that does not lie in its element"
    array = zarrpy.create_array(
        store, shape=(2, 4), chunks=(1, 2), shards=(2, 4), dtype=str, fill_value=fill
    )
    array[0, :2] = "x"

    assert array.oindex[[1, 0], [3, 1]].tolist() == [[fill, fill], [fill, "x"]]
    assert array.vindex[[1, 0], [3, 1]].tolist() == [fill, "x"]


def test_a_window_of_chunks_is_read_into_any_layout(store, body):
    """The engine writes where the caller wants it."""
    values = np.arange(400, dtype="f8").reshape(20, 20)
    array = create(store, values, (5, 5), (10, 10))
    out = np.zeros((30, 20))[::-2][:8].T[:12]

    array.read(np.s_[3:15, 4:12], out=out)

    assert np.array_equal(out, values[3:15, 4:12])


# ------------------------------------------------------------------------------------- requests


@pytest.mark.parametrize("location", LOCATIONS)
def test_a_part_of_a_shard_is_read_by_its_index_and_ranges(requests, body, location):
    """The index first, then what it says, in one request where that lies together."""
    values = np.arange(40, dtype="i4")
    array = create(requests, values, 2, 40, location, compressors=None)
    requests.asked.clear()
    index = (0, 324) if location == "start" else (-324, 324)
    first = 324 if location == "start" else 0

    assert array[5:9].tolist() == [5, 6, 7, 8]

    assert requests.asked == [("get", "c/0", index), ("get", "c/0", (first + 16, 24))]


def test_a_whole_shard_is_read_in_one_request(requests, body):
    """Its index comes along."""
    array = create(requests, np.arange(16), 2, 8)
    requests.asked.clear()

    assert array[...].tolist() == list(range(16))
    assert requests.asked == [("get", "c/0", None), ("get", "c/1", None)]


def test_a_partial_write_reads_once_and_writes_once(requests, body):
    """The shard is replaced whole, whatever is touched of it."""
    array = create(requests, np.arange(32), 2, 16)
    requests.asked.clear()

    array[3:12] = 0

    assert [(what, key) for what, key, _ in requests.asked] == [("get", "c/0"), ("set", "c/0")]
    requests.asked.clear()
    array[16:] = 1
    assert [(what, key) for what, key, _ in requests.asked] == [("set", "c/1")]


def test_chunks_that_lie_apart_are_read_apart(requests, body):
    """Nothing in between is read when that would be much; it is one request when told so."""
    values = np.random.default_rng(0).random((4, 1 << 18))
    array = create(requests, values, (1, 1 << 15), (4, 1 << 18), compressors=None)
    requests.asked.clear()

    assert np.array_equal(array[:, 5], values[:, 5])
    assert [each[2][1] for each in requests.asked[1:]] == [1 << 18] * 4

    requests.asked.clear()
    assert np.array_equal(array[1, :70_000:2], values[1, :70_000:2])
    assert [each[2][1] for each in requests.asked[1:]] == [3 << 18]
    requests.asked.clear()
    with zarrpy.config.set(disable=zarrpy.config.disable | {"coalesce"}):
        assert np.array_equal(array[1, :70_000], values[1, :70_000])
    assert [each[2][1] for each in requests.asked[1:]] == [1 << 18] * 3
    requests.asked.clear()
    with zarrpy.config.set(disable=zarrpy.config.disable | {"partial"}):
        assert np.array_equal(array[1, 7:9], values[1, 7:9])
    assert requests.asked == [("get", "c/0/0", None)]


def test_absent_shards_and_chunks_cost_no_range(requests, body):
    """What is not there is not asked for."""
    array = zarrpy.create_array(requests, shape=32, dtype="i4", chunks=2, shards=16)
    array[:2] = 1
    requests.asked.clear()

    assert array[4:8].tolist() == [0] * 4
    assert array[20:24].tolist() == [0] * 4

    assert requests.asked == [("get", "c/0", (-132, 132)), ("get", "c/1", (-132, 132))]


# -------------------------------------------------------------------- nothing in Python a chunk


@uncounted
def test_chunks_in_a_shard_make_no_python_call(store, settle):
    """Reading and writing 256 of them calls as many functions as one."""
    array = zarrpy.create_array(store, data=np.arange(4096, dtype="i4"), chunks=16, shards=4096)
    values = np.arange(4096, dtype="i4") + 5
    settle()
    array[:16], array[...] = array[:16], array[...]

    assert calls_of(lambda: array[0:16]) == calls_of(lambda: array[0:4096])
    one = calls_of(lambda: array.write(slice(0, 16, 2), values[:8]))
    many = calls_of(lambda: array.write(slice(0, 4096, 2), values[:2048]))
    assert one == many
    assert isinstance(store, LocalStore) or "c/0" in store.list()


UNEVEN = {
    "one axis": ({"shape": (12,), "chunks": (3,), "shards": ([6, 3, 3],)}, (slice(0, 3),)),
    "two axes": (
        {"shape": (7, 8), "chunks": (2, 2), "shards": ([4, 2, 2], [2, 6])},
        (slice(4, 7), slice(1, 5)),
    ),
    "turned": (
        {
            "shape": (7, 8), "chunks": (2, 2), "shards": ([4, 2, 2], [2, 6]),
            "filters": [{"name": "transpose", "configuration": {"order": [1, 0]}}],
        },
        (slice(0, 2), slice(2, 5)),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("keywords", "written"), UNEVEN.values(), ids=UNEVEN)
def test_chunks_that_are_missing_in_shards_of_different_shapes_are_found(
    store, body, keywords, written
):
    """As where chunks of the same shape are stored one by one."""
    arrays = [
        zarrpy.create_array(store, name=name, dtype="i4", **layout)
        for name, layout in (("a", keywords), ("b", {**keywords, "shards": None}))
    ]
    for array in arrays:
        array[written] = 1
    uneven, plain = arrays

    masks = [np.ma.getmaskarray(each.read(missing="mask")) for each in arrays]
    assert np.array_equal(*masks)
    assert masks[0].any()
    points = [each.vindex[tuple(np.zeros((each.ndim, 3), int))] for each in arrays]
    assert np.array_equal(*points)
    places = [[chunk.position for chunk in each.iter_chunks(stored_only=True)] for each in arrays]
    assert places[0] == places[1]
    absent = next(place for place in np.ndindex(uneven.cdata_shape) if place not in places[0])
    region = tuple(slice(i * n, (i + 1) * n) for i, n in zip(absent, uneven.chunks, strict=True))
    with pytest.raises(MissingChunkError) as caught:
        uneven.read(region, missing="error")
    assert tuple(caught.value.chunk) == absent
    assert np.array_equal(uneven.chunk_map().sizes > 0, plain.chunk_map().sizes > 0)
    assert uneven.chunk_map(verify=True).damaged == []
    assert np.array_equal(uneven.read(written, missing="error"), plain[written])

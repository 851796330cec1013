"""Tests of arrays whose chunks differ in shape, and of what arrays tell of their chunks."""

import json
import tracemalloc

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import CorruptChunkError, LimitError, MetadataError, SelectionError
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.metadata.runs import Runs
from zarrpy.selection import parse

GRID = [[10, 20, 30], 5]
VALUES = np.arange(45 * 7, dtype="i4").reshape(45, 7) + 1


@pytest.fixture
def array(store, body):
    """Chunks of 10, 20 and 30 rows, of which the last leads beyond the array."""
    return zarrpy.create_array(store, data=VALUES, chunks=GRID, fill_value=-1)


def document(array):
    """The metadata document of an array, as stored."""
    return json.loads(bytes(array.store.get("zarr.json")))


def test_lists_of_lengths_make_a_rectilinear_grid(array):
    """Named as the registry of extensions does."""
    assert document(array)["chunk_grid"] == {
        "name": "rectilinear",
        "configuration": {"kind": "inline", "chunk_shapes": GRID},
    }
    assert (array.cdata_shape, array.nchunks) == ((3, 2), 6)


@pytest.mark.parametrize(
    "chunks",
    [
        [np.array([10, 20, 30]), np.int64(5)],
        ((10, 20, 30), 5),
        [[10, 20, [15, 2]], [[5, 2]]],
        [[45], -1],
        ChunkGrid((Runs.of([45]), 7)),
    ],
)
def test_lengths_are_given_in_any_form(chunks):
    """Tuples, arrays, runs; -1 stands for a whole axis."""
    array = zarrpy.create_array({}, data=VALUES, chunks=chunks)

    assert array[...].tolist() == VALUES.tolist()


@pytest.mark.parametrize(
    ("chunks", "text"),
    [
        ([[10, 20], 5], "chunk_grid ends at 30 in dimension 0, but the array at 45"),
        ([[10, 20, 30]], "has 1 dimensions, but the array has 2"),
        ([[10, 20, 30], 5, 5], "has 3 dimensions, but the array has 2"),
        ([[10, 0, 35], 5], "chunks[0][1] must be a length of at least 1"),
        ([[10, 35.0], 5], "chunks[0][1] must be"),
        ([[], 5], "chunks[0] must name at least one length"),
        ([[45], 0], "chunks[1] must be an integer of at least 1"),
        ([[45], True], "chunks[1] must be an integer of at least 1"),
    ],
)
def test_lengths_that_make_no_grid_are_refused(chunks, text):
    """Before anything is stored."""
    with pytest.raises(MetadataError) as caught:
        zarrpy.create_array({}, data=VALUES, chunks=chunks)

    assert text in str(caught.value)


def test_zarr_v2_has_no_words_for_chunks_of_different_shapes():
    """The error says what to use instead."""
    with pytest.raises(
        MetadataError, match="no words for chunks of different shapes -> use Zarr v3"
    ):
        zarrpy.create_array({}, data=VALUES, chunks=GRID, zarr_format=2)


def test_chunks_of_different_shapes_have_no_one_shape(array):
    """`chunks` says where to look, and the sizes end with the array."""
    with pytest.raises(NotImplementedError, match="read_chunk_sizes"):
        _ = array.chunks

    assert array.read_chunk_sizes == array.write_chunk_sizes == ((10, 20, 15), (5, 2))


def test_a_part_of_chunks_of_different_shapes_is_changed(array):
    """The rest of each chunk stays."""
    expected = VALUES.copy()
    expected[5:35:3, 3:6] = -7
    array[5:35:3, 3:6] = -7

    assert array[...].tolist() == expected.tolist()
    assert array[::-4, 6].tolist() == expected[::-4, 6].tolist()


def test_each_chunk_is_stored_with_its_own_shape(store, body):
    """Whole, also where it leads beyond the array."""
    array = zarrpy.create_array(store, data=VALUES, chunks=GRID, compressors=None)

    sizes = {key: store.size(key) for key in store.list("c/")}

    assert sizes == {
        f"c/{i}/{j}": rows * 5 * 4 for i, rows in enumerate((10, 20, 30)) for j in (0, 1)
    }
    assert array.chunk_shape((2, 1)) == (30, 5)


def test_a_chunk_of_fill_values_is_not_stored(array):
    """Whatever its shape; it reads as the fill value."""
    array[10:30, 5:] = -1

    assert array.store.get("c/1/1") is None
    assert (array[10:30, 5:] == -1).all()
    assert array[9, 6] == VALUES[9, 6]


def test_a_chunk_of_a_wrong_size_is_an_error(store, body):
    """Its own size counts, not that of its neighbours."""
    array = zarrpy.create_array(store, data=VALUES, chunks=GRID, compressors=None)
    store.set("c/1/0", store.get("c/0/0"))

    with pytest.raises(CorruptChunkError, match=r"chunk \(1, 0\) .*400"):
        array[...]


def test_the_largest_chunk_is_held_against_the_limit():
    """Not the first, and not one that lies beyond the array."""
    with pytest.raises(LimitError, match="8589934592 bytes"):
        zarrpy.create_array({}, shape=2**33 + 1, dtype="u1", chunks=[[1, 2**33]])

    zarrpy.create_array({}, shape=3, dtype="u1", chunks=[[1, 2, 2**33]])


def bounded(store, values, chunk_shape):
    """An array with the bounded grid of zarrs, which zarrpy does not create by itself."""
    array = zarrpy.create_array(store, shape=values.shape, dtype=values.dtype, compressors=None)
    grid = {"name": "zarrs.regular_bounded", "configuration": {"chunk_shape": chunk_shape}}
    store.set("zarr.json", json.dumps({**document(array), "chunk_grid": grid}).encode())
    return zarrpy.open_array(store)


def test_chunks_of_a_bounded_grid_end_with_the_array(store, body):
    """Written and read so, in whole and in part."""
    array = bounded(store, VALUES, [20, 4])
    array[...] = VALUES
    array[38:42, 2:5] = 0
    expected = VALUES.copy()
    expected[38:42, 2:5] = 0

    assert array[...].tolist() == expected.tolist()
    assert array.chunk_shape((2, 1)) == (5, 3)
    assert store.size("c/2/1") == 5 * 3 * 4
    assert document(array)["chunk_grid"]["name"] == "zarrs.regular_bounded"


def test_keys_with_a_suffix_are_read_and_written(store, body):
    """Also in errors."""
    array = zarrpy.create_array(store, shape=(4, 4), chunks=2, dtype="i2", compressors=None)
    encoding = {"name": "zarrs.default_suffix", "configuration": {"suffix": ".x"}}
    store.set("zarr.json", json.dumps({**document(array), "chunk_key_encoding": encoding}).encode())
    array = zarrpy.open_array(store)
    array[...] = 3
    array[1, 1] = 4

    assert sorted(store.list("c/")) == ["c/0/0.x", "c/0/1.x", "c/1/0.x", "c/1/1.x"]
    assert int(array[...].sum()) == 15 * 3 + 4
    store.set("c/1/0.x", b"")
    with pytest.raises(CorruptChunkError, match=r"key 'c/1/0\.x'"):
        array[...]


def test_the_selection_of_a_chunk_covers_what_lies_in_the_array(array):
    """All chunks together are the array."""
    seen = np.zeros(VALUES.shape, int)
    for i in range(3):
        for j in range(2):
            seen[array.chunk_slices((i, j))] += 1

    assert (seen == 1).all()
    assert array.chunk_slices((2, 1)) == (slice(30, 45), slice(5, 7))


@pytest.mark.parametrize("path", ["", "a/b"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_the_key_of_a_chunk_is_that_in_the_store(path, zarr_format):
    """With the path of the array."""
    store = {}
    array = zarrpy.create_array(
        store, name=path, data=np.ones((2, 2)), chunks=1, zarr_format=zarr_format
    )

    assert array.chunk_key((0, 1)) in store
    assert zarrpy.array([1, 2, 3], chunks=1).chunk_key(2) == "c/2"
    assert zarrpy.array(5).chunk_key(()) == "c"


def test_a_chunk_that_is_not_there_is_an_index_error(array):
    """For all that tells of chunks."""
    for ask in (array.chunk_shape, array.chunk_slices, array.chunk_key):
        with pytest.raises(SelectionError, match=r"no chunk \(3, 0\)"):
            ask((3, 0))


def test_rows_come_chunk_by_chunk(array):
    """Iteration reads each chunk once, whatever its length."""
    assert [row.tolist() for row in array] == VALUES.tolist()


def test_what_is_like_an_array_has_its_grid(array):
    """Chunks of different shapes included."""
    assert zarrpy.zeros_like(array).metadata.chunk_grid == array.metadata.chunk_grid


def test_a_copy_has_all_chunks(array, tmp_path):
    """As they are stored."""
    zarrpy.save(tmp_path / "copy", array)

    assert zarrpy.load(tmp_path / "copy").tolist() == VALUES.tolist()


def test_the_lengths_are_shown(array):
    """Where a shape would stand."""
    assert "(10 20 30)×5" in repr(array.info)


def test_a_window_of_a_very_long_array_is_opened_and_read_at_once(body):
    """Nothing is made for each of 10^9 chunks, neither by opening nor by selecting all of them."""
    store = {}
    zarrpy.create_array(store, shape=10**9, chunks=1, dtype="u1", fill_value=7)
    array = zarrpy.open_array(store)

    array[10**9 - 3 :] = 5

    assert array[999_999_996:].tolist() == [7, 5, 5, 5]
    assert array[:: 10**9 - 1].tolist() == [7, 5]
    plan = array._batch(parse(..., array.shape), np.empty(10**9, "u1"), writing=False).ntasks
    assert plan == 10**9


def asked_and_taken(store, action):
    """What something asks of a store that counts, and the bytes of Python's memory it takes."""
    store.forget()
    tracemalloc.start()
    action()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    asked = ([len(keys) for keys in store.reads], store.listed, store.written, len(store.deleted))
    return asked, peak


def cost_of_a_grid(store, nchunks, shards):
    """What opening, a window, and resizing ask of a grid of so many chunks, and what they take."""
    side = round(nchunks**0.5) * 2
    made = zarrpy.create_array(store, shape=(side,) * 2, chunks=2, shards=shards, dtype="u1")
    made[:4, :4] = made[-1, -1] = 1
    costs = [
        asked_and_taken(store, lambda: zarrpy.open_array(store)),
        asked_and_taken(store, lambda: made[1:5, 1:5]),
        asked_and_taken(store, lambda: made.vindex[[0, side - 1, 4], [4, 0, 1]]),
        asked_and_taken(store, lambda: made.resize((side // 2, side // 2))),
        asked_and_taken(store, lambda: made.resize((side, side))),
    ]
    assert made[1:5, 1:5].sum() == 9
    assert made[-1, -1] == 0
    return costs


@pytest.mark.parametrize("shards", [None, (4, 4)])
def test_a_grid_of_10_to_the_8_chunks_costs_what_one_of_10_to_the_4_does(
    counting_store, body, shards
):
    """The same requests, and memory for what is asked for."""
    another = type(counting_store)()

    small = cost_of_a_grid(counting_store, 10**4, shards)
    large = cost_of_a_grid(another, 10**8, shards)

    assert [asked for asked, _ in large] == [asked for asked, _ in small]
    assert max(taken for _, taken in large) < 1 << 17


@pytest.mark.parametrize(
    ("shards", "chunks", "inner"),
    [
        (((4, 2, 8),), (2,), (2,)),
        (((4, 2, 8),), "auto", (2,)),
        (((1, 13),), 1, (1,)),
        (((4, 2, 8), 5), (2, 5), (2, 5)),
    ],
)
def test_shards_of_different_shapes_are_read_and_written(shards, chunks, inner):
    """Their chunks have one shape, which divides every shard."""
    values = np.arange(1, 14 * (10 if len(shards) == 2 else 1) + 1, dtype="i4")
    values = values.reshape(14, -1) if len(shards) == 2 else values
    array = zarrpy.create_array({}, data=values, chunks=chunks, shards=shards)
    values[2:9:3] = -1
    array[2:9:3] = -1

    assert array[...].tolist() == values.tolist()
    assert array.chunks == inner
    assert array.read_chunk_sizes[0] == (inner[0],) * (14 // inner[0])
    assert array.write_chunk_sizes[0] == shards[0]
    assert array.chunk_map().sizes.shape[0] == 14 // inner[0]
    assert zarrpy.rechunk(array, {}, chunks=3)[...].tolist() == values.tolist()
    with pytest.raises(NotImplementedError, match="write_chunk_sizes"):
        _ = array.shards


def test_chunks_that_do_not_divide_every_shard_are_refused():
    """The error names what all shards are multiples of."""
    with pytest.raises(MetadataError, match=r"multiples of \[2\]"):
        zarrpy.create_array({}, shape=14, chunks=4, shards=((4, 2, 8),), dtype="i4")
    with pytest.raises(MetadataError, match="ends at 6"):
        zarrpy.create_array({}, shape=14, chunks=2, shards=((4, 2),), dtype="i4")

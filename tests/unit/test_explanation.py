"""Tests of `Array.explain`: what it says a call would do is what the call then does."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import zarrpy
from tests.four_methods import FourMethods
from zarrpy.explanation import MOST_VALUES
from zarrpy.stores import MemoryStore

VALUES = np.random.default_rng(3).integers(1, 200, (60, 45)).astype("i4")
LAYOUTS = {
    "plain": {"chunks": (16, 16), "compressors": "zstd:1"},
    "uncompressed": {"chunks": (16, 16), "compressors": None},
    "shards": {"chunks": (4, 8), "shards": (32, 16), "compressors": "zstd:1"},
    "a plug-in": {"chunks": (16, 16), "compressors": "bz2"},
    "shards of a plug-in": {"chunks": (4, 8), "shards": (32, 16), "compressors": "bz2"},
    "lists of lengths": {"chunks": ([10, 20, 30], 16), "compressors": "zstd:1"},
    "many small": {"chunks": (1, 1), "shards": (60, 45), "compressors": None},
}
SELECTIONS = {
    "all": np.s_[...],
    "a window": np.s_[15:40, 3:20],
    "rows apart": np.s_[::17, ::-31],
    "one element": np.s_[-1, -1],
    "nothing": np.s_[5:5],
    "points": ([0, 50, 3, 50], [0, 40, 40, 41]),
    "a mask": VALUES > 197,
    "rows": np.s_[[3, 30]],
}
NAMES = ("chunks", "gets", "bytes_read", "bytes_decoded", "bytes_asked", "bytes_encoded")


class Remote(MemoryStore):
    """A store of which a part of a value costs less than the whole."""

    in_memory = False


@pytest.fixture(params=["local", "memory", "remote"])
def place(request, tmp_path):
    """Where an array goes."""
    return {"local": tmp_path / "a.zarr", "memory": MemoryStore(), "remote": Remote()}[
        request.param
    ]


def made(place, layout):
    """An array with chunks that are not stored, whole shards among them."""
    array = zarrpy.create_array(place, data=VALUES, **LAYOUTS[layout])
    array[:32, 32:] = 0
    array[40:44, :8] = 0
    return array


def counts_of(action):
    """What a profile counts of the chunks of one array."""
    with zarrpy.profile() as p:
        action()
    (counts,) = p.arrays.values() or (zarrpy.engine.profile.Counts(),)
    return counts


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_reading_does_what_was_explained(place, body, layout, selection):
    """Chunks, requests and bytes, by whichever path."""
    array, key = made(place, layout), SELECTIONS[selection]

    told = array.explain(key)
    found = counts_of(lambda: array[key])

    assert told.exact
    assert {n: getattr(told, n) for n in NAMES} == {n: getattr(found, n) for n in NAMES}
    assert (told.chunks_read, told.chunks_absent) == (found.chunks_read, found.chunks_absent)
    assert told.amplification == found.amplification
    assert told.requests == found.requests


@pytest.mark.parametrize("selection", SELECTIONS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_writing_does_what_was_explained(place, body, layout, selection):
    """What is read before as well; how many bytes are written nobody knows before."""
    array, key = made(place, layout), SELECTIONS[selection]

    told = array.explain(key, write=True)
    found = counts_of(lambda: array.write(key, 7))

    assert told.exact
    assert {n: getattr(told, n) for n in NAMES} == {n: getattr(found, n) for n in NAMES}
    assert (told.chunks_written, told.sets) == (found.chunks_written, found.sets)
    assert told.chunks_read == found.chunks_read


def test_nothing_is_changed_and_no_chunk_is_read(counting_store):
    """Of a plain array not even that: sizes are enough."""
    array = zarrpy.create_array(counting_store, data=VALUES, chunks=(16, 16))
    counting_store.forget()

    array.explain(np.s_[3:20], write=True)
    array.explain()

    assert counting_store.nrequests == 0


@pytest.mark.parametrize("window", [np.s_[3:5, 10:30], np.s_[:, 7], np.s_[::9, ::5], np.s_[...]])
def test_where_parts_can_be_decoded_the_most_is_told(store, window):
    """Which blocks there are only the chunk tells."""
    codec = zarrpy.codecs.Blosc(blocksize=512)
    array = zarrpy.create_array(store, data=VALUES, chunks=(30, 45), compressors=codec)

    told = array.explain(window)
    found = counts_of(lambda: array[window])

    assert told.exact == (window is ...)
    assert found.bytes_decoded <= told.bytes_decoded
    assert (told.gets, told.bytes_read) == (found.gets, found.bytes_read)
    with zarrpy.config.set(disable=["partial"]):
        assert array.explain(window).exact
        assert counts_of(lambda: array[window]).bytes_decoded == told.bytes_decoded


@pytest.mark.parametrize("shards", [None, 32])
def test_of_a_chunk_that_the_array_does_not_fill_a_part_may_be_decoded(store, shards):
    """The last one; others are decoded whole when all of them is read."""
    keywords = {"chunks": 16, "shards": shards, "compressors": "blosc:lz4"}
    for n in (64, 66):
        array = zarrpy.create_array(store, data=VALUES.ravel()[:n], name=str(n), **keywords)

        told = array.explain()
        found = counts_of(lambda array=array: array[...])

        assert told.exact == (n == 64)
        assert found.bytes_decoded == told.bytes_decoded or not told.exact
        assert found.bytes_decoded <= told.bytes_decoded


@pytest.mark.parametrize("layout", ["plain", "shards"])
def test_a_store_that_does_not_tell_sizes_leaves_them_open(layout):
    """They would have to be read."""
    array = zarrpy.create_array(FourMethods(), data=VALUES, **LAYOUTS[layout])

    told = array.explain(np.s_[:20])

    assert (told.bytes_read, told.chunks_absent, told.values) == (None, None, None)
    assert told.gets == (6 if layout == "plain" else None)
    assert (told.exact, told.requests) == (False, told.gets)
    assert told.bytes_decoded == counts_of(lambda: array[:20]).bytes_decoded
    assert "not known" in repr(told)


def test_huge_selections_are_explained_at_once():
    """Nothing is looked up, and nothing is as large as the grid."""
    array = zarrpy.create_array({}, shape=(10**9, 10**9), dtype="f8", chunks=(1000, 10**4))

    told = array.explain(np.s_[1:, ::2])
    cut = array.explain(np.s_[:1000, : 10**4 * (MOST_VALUES + 1)], write=True)

    assert told.chunks == 10**11
    assert told.chunks_whole == 0
    assert told.bytes_asked == (10**9 - 1) * 10**9 // 2 * 8
    assert told.bytes_decoded == 10**18 * 8
    assert (cut.chunks_whole, cut.gets, cut.bytes_decoded) == (MOST_VALUES + 1, 0, 0)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("selection", SELECTIONS)
def test_whole_chunks_are_counted(layout, selection):
    """As one by one would find."""
    array = made({}, layout)
    key = SELECTIONS[selection]
    touched = np.zeros(VALUES.shape, bool)
    touched[key] = True
    rows, columns = (np.cumsum([0, *sizes]) for sizes in _lengths(array))
    chunks = [touched[a:b, c:d] for a, b in pairwise(rows) for c, d in pairwise(columns)]

    told = array.explain(key)

    assert told.chunks == sum(chunk.any() for chunk in chunks)
    assert told.chunks_whole == sum(bool(chunk.all()) for chunk in chunks)
    assert told.chunks_partial == told.chunks - told.chunks_whole


def _lengths(array):
    if array.shards is None:
        return array.read_chunk_sizes
    return [
        [min(n, length - at) for at in range(0, length, n)]
        for n, length in zip(array.chunks, array.shape, strict=True)
    ]


# ------------------------------------------------------------------------------------ the path


def test_the_path_is_told_with_its_reason(store):
    """Why it is not the engine, where it is not."""
    native = zarrpy.create_array(store, name="a", data=VALUES, chunks=(16, 16))
    plug_in = zarrpy.create_array(store, name="b", data=VALUES, compressors="bz2")
    shards = zarrpy.create_array(store, name="c", data=VALUES, **LAYOUTS["shards"])
    structures = zarrpy.create_array(store, name="d", shape=3, dtype=[("x", "i4"), ("y", "f4")])

    assert (native.explain().path, native.explain().reason) == ("native", None)
    assert plug_in.explain().path == "python"
    assert "bz2" in plug_in.explain().reason
    assert structures.explain().path == "native"
    assert "fields" in structures.explain("x", write=True).reason
    with zarrpy.config.set(disable=["native"]):
        assert "switched off" in native.explain().reason
    with zarrpy.config.set(missing="error"):
        assert "missing" in shards.explain().reason
        assert native.explain().reason is None


def test_workers_are_told(tmp_path):
    """Small work is for one."""
    array = zarrpy.create_array(tmp_path / "a", shape=(4000, 1000), dtype="i4", chunks=(500, 500))

    with zarrpy.config.set(workers=3):
        assert array.explain().workers == 3
        assert array.explain(np.s_[0, 0]).workers == 1
        assert array.explain(np.s_[:500]).workers == 2
    with zarrpy.config.set(workers=3, max_memory="4MiB"):
        assert array.explain().workers == 1


def test_a_cache_makes_the_numbers_the_most(tmp_path):
    """It may have some of the chunks, or none."""
    zarrpy.create_array(tmp_path / "a", data=VALUES, **LAYOUTS["plain"])
    array = zarrpy.open_array(tmp_path / "a", mode="r", cache=True)

    told = array.explain()

    assert (told.cached, told.exact) == (True, False)
    assert "cache" in repr(told)
    assert not zarrpy.open_array(tmp_path / "a").explain().cached
    zarrpy.cache_clear()


# ---------------------------------------------------------------------------------- the shape


def test_views_explain_what_they_show(place, body):
    """Steps, transposes, arrays of indexes; a part of it, and writing as well."""
    array = made(place, "shards")
    view = array.lazy[3:, ::-2].T.oindex[[0, 5, 9]]

    told, part = view.explain(), view.explain(np.s_[1, 4:9])
    found = counts_of(view.read)
    of_part = counts_of(view[1, 4:9].read)

    for one, other in ((told, found), (part, of_part)):
        assert {n: getattr(one, n) for n in NAMES} == {n: getattr(other, n) for n in NAMES}
    assert (told.shape, part.shape) == (view.shape, (5,))
    assert view.explain(write=True).writing


@pytest.mark.parametrize("dtype", ["bool", "M8[ns]", "c16", "S5", "U3", "T", "i4,f8", "V3"])
@pytest.mark.parametrize("shape", [(), (7,), (4, 0)])
def test_arrays_of_every_kind_are_explained(store, dtype, shape):
    """Without axes, without elements, of any data type."""
    dtype = np.dtypes.StringDType() if dtype == "T" else dtype
    array = zarrpy.create_array(store, shape=shape, dtype=dtype)

    told = array.explain()
    found = counts_of(lambda: array[...])

    assert (told.chunks, told.gets) == (found.chunks, found.gets)
    assert repr(told)


def test_an_explanation_is_shown_a_fact_a_line(place):
    """And is a dictionary for programs."""
    array = made(place, "shards")

    told = array.explain(np.s_[15:40, 3:20])
    lines = repr(told).splitlines()

    assert lines[0].startswith("<zarrpy.Explanation of reading (25, 17) of ")
    facts = {line.split()[0]: line.split(maxsplit=1)[1] for line in lines[1:]}
    assert facts["path"] == "native"
    assert facts["chunks"].startswith(f"{told.chunks}, ")
    assert facts["shards"] == "4"
    found = told.as_dict()
    assert found["amplification"] == told.amplification
    assert found["chunks_partial"] == told.chunks_partial
    assert found["values"] == told.values
    assert list(told.values) == ["c/0/0", "c/0/1", "c/1/0", "c/1/1"]
    assert "writes" in repr(array.explain(write=True))


def test_an_index_that_does_not_fit_is_the_same_error(store):
    """As reading gives."""
    array = zarrpy.create_array(store, data=VALUES)

    with pytest.raises(zarrpy.SelectionError, match="out of bounds"):
        array.explain(np.s_[60])
    with pytest.raises(zarrpy.SelectionError, match="have no fields"):
        array.explain("x")

"""Arrays in other chunks, within a bound of memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from zarrpy.ops.rechunk_plan import make_plan

VALUES = np.arange(60 * 50, dtype="int32").reshape(60, 50)


@pytest.mark.parametrize("max_memory", ["1MiB", 4000])
def test_elements_and_all_else_stay(max_memory):
    """In one pass and in two."""
    source = zarrpy.create_array(
        {}, data=VALUES, chunks=(1, 50), dimension_names=("y", "x"), attributes={"a": 1}
    )
    made = zarrpy.rechunk(source, {}, chunks={"y": 60, "x": 1}, max_memory=max_memory)

    assert (made[...] == VALUES).all()
    assert (made.chunks, made.dimension_names, made.attrs["a"]) == ((60, 1), ("y", "x"), 1)
    assert made.compressors == source.compressors


def test_a_dry_run_tells_the_passes():
    """And makes nothing."""
    source, target = zarrpy.create_array({}, data=VALUES, chunks=(1, 50)), {}

    plan = zarrpy.rechunk(source, target, chunks=(60, 1), max_memory=4000, dry_run=True)

    assert len(plan.passes) == 2
    assert plan.peak_nbytes <= 4000
    assert "source is decoded 1 times" in str(plan)
    assert target == {}


def test_a_large_array_has_some_tens_of_boxes():
    """Though all of it would go into memory: work tells how far it is, and goes on after a kill."""
    grids = ((8,) * 128, (1024,)), ((1024,), (8,) * 128)
    large = make_plan((1024, 1024, 256), 4, (*grids[0], (32,) * 8), (*grids[0], (64,) * 4), 4 << 30)
    (only,) = large.passes
    assert 16 <= only.count <= 128
    assert only.decoded == 1
    small = make_plan((1024, 1024), 4, *grids, 1 << 30)
    assert [each.count for each in small.passes] == [1]


def test_an_array_is_replaced_in_its_place(tmp_path):
    """With shards, on request."""
    source = zarrpy.create_array(tmp_path / "a", data=VALUES, chunks=(7, 50))
    with pytest.raises(zarrpy.NodeExistsError):
        zarrpy.rechunk(source, tmp_path / "a", chunks=(10, 10))

    zarrpy.rechunk(source, tmp_path / "a", chunks=(10, 10), shards=(30, 50), if_exists="replace")

    again = zarrpy.open(tmp_path / "a")
    assert (again.shards, (again[...] == VALUES).all()) == ((30, 50), True)


def test_a_failure_leaves_what_was_there(tmp_path):
    """A chunk that cannot be decoded ends it; the target is as it was."""
    source = zarrpy.create_array(tmp_path / "a", data=VALUES, chunks=(30, 50))
    (tmp_path / "a/c/1/0").write_bytes(b"?")
    zarrpy.create_array(tmp_path / "b", data=[1, 2])

    with pytest.raises(zarrpy.CorruptChunkError):
        zarrpy.rechunk(source, tmp_path / "b", chunks=(60, 10), if_exists="replace")

    assert zarrpy.open(tmp_path / "b")[...].tolist() == [1, 2]


def test_a_chunk_that_does_not_fit_is_an_error():
    """Before anything is read."""
    source = zarrpy.create_array({}, data=VALUES, chunks=(1, 50))

    with pytest.raises(zarrpy.LimitError, match="max_memory"):
        zarrpy.rechunk(source, {}, chunks=(60, 50), max_memory=1000)


def test_texts_are_rechunked():
    """Though their lengths are not known."""
    source = zarrpy.create_array({}, data=["a", "bc", "def"], dtype=str, chunks=1)

    assert zarrpy.rechunk(source, {}, chunks=3)[...].tolist() == ["a", "bc", "def"]


lengths = st.lists(st.integers(1, 6), min_size=1, max_size=4).map(tuple)


@given(st.data())
def test_boxes_cover_each_element_once_within_the_memory(data):
    """Those of each pass end where chunks of the target, or between, do."""
    source = data.draw(st.lists(lengths, min_size=1, max_size=3).map(tuple))
    shape = tuple(map(sum, source))
    target = tuple((n,) if data.draw(st.booleans()) else (1,) * n for n in shape)
    room = int(np.prod([max(each) for each in target])) + data.draw(st.integers(0, 500))

    plan = make_plan(shape, 1, source, target, room + 4000, 4000)

    assert plan.peak_nbytes <= room
    for each in plan.passes:
        seen = np.zeros(shape, int)
        for region in each.regions():
            seen[region] += 1
        assert (seen == 1).all()

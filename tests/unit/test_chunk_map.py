"""Maps of chunks, and pictures of nodes in HTML."""

import numpy as np
import pytest

import zarrpy


def test_a_map_has_the_stored_bytes_of_each_chunk(store):
    """0 where none is stored."""
    array = zarrpy.create_array(store, shape=6, dtype="int8", chunks=2, compressors=None)
    array[2:] = 1

    found = array.chunk_map()

    assert found.sizes.tolist() == [0, 2, 2]
    assert (found.nbytes, found.missing, found.damaged) == (4, [(0,)], [])
    assert np.isnan(found.ratio[0])
    assert found.ratio[1:].tolist() == [1, 1]
    assert "2 of 3 are stored" in repr(found)


def test_chunks_in_shards_are_told_one_by_one(store):
    """By the indexes of the shards, also at the array's end."""
    array = zarrpy.create_array(
        store, shape=(6, 5), dtype="int32", chunks=(2, 2), shards=(4, 4), compressors=None
    )
    array[:3, :3] = 1

    sizes = array.chunk_map().sizes

    assert sizes.tolist() == [[16, 16, 0], [16, 16, 0], [0, 0, 0]]


def test_damage_is_found_on_request(tmp_path):
    """Each chunk is decoded then."""
    array = zarrpy.create_array(tmp_path / "a", data=np.arange(6), chunks=2)
    (tmp_path / "a/c/1").write_bytes(b"?")

    assert array.chunk_map().damaged == []
    assert array.chunk_map(verify=True).damaged == [(1,)]


@pytest.mark.parametrize("shape", [(), (0,), (5,), (4, 6), (2, 3, 4), (2, 2, 3, 4)])
def test_maps_and_nodes_are_drawn(shape):
    """For any number of dimensions."""
    array = zarrpy.create_array({}, data=np.ones(shape))

    assert "<table>" in array.chunk_map()._repr_html_()
    assert ("<svg" in array._repr_html_()) == bool(shape)


def test_html_of_a_node_reads_nothing_and_escapes_all(counting_store):
    """Names and attributes are of strangers."""
    group = zarrpy.create_group(counting_store, attributes={"<script>": "<b>"})
    array = group.create_array(
        "a", shape=(9, 9), dtype="int8", chunks=(3, 3), dimension_names=("<u>", None)
    )
    counting_store.forget()

    told = array._repr_html_() + group._repr_html_()

    assert counting_store.nrequests == 0
    assert not any(f"<{tag}>" in told for tag in ("script", "b", "u"))
    assert "&lt;u&gt; 9" in told

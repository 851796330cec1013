"""Tests of `zarrpy.settings`: what an array goes by in this process."""

import pytest

import zarrpy


def test_another_handle_may_have_other_settings(store):
    """The array itself, and the first handle, stay as they are."""
    array = zarrpy.create_array(store, shape=4, chunks=2, dtype="i2")

    other = array.with_config({"write_empty_chunks": True})
    other[...] = 0

    assert (array.config.write_empty_chunks, other.config.write_empty_chunks) == (False, True)
    assert array.nchunks_initialized == 2
    assert array.with_config(other.config).config == other.config
    assert other.with_config({"order": "C"}).config == other.config
    with pytest.raises(TypeError, match="chunk_cache"):
        array.with_config({"chunk_cache": 1})


def test_settings_are_those_of_the_process_unless_said(store):
    """Read when they are asked for."""
    array = zarrpy.create_array(store, shape=4, dtype="i2")

    with zarrpy.config.set({"array.write_empty_chunks": True}):
        assert array.config.write_empty_chunks
    assert not array.config.write_empty_chunks


def test_an_array_has_one_compressor_where_zarr_v2_would(store):
    """Or none; several are listed."""
    shape = {"shape": 3, "dtype": "i2"}

    one = zarrpy.create_array(store, name="a", compressors="zstd", **shape)
    none = zarrpy.create_array(store, name="b", compressors=None, **shape)
    two = zarrpy.create_array(store, name="c", compressors=["zstd", "crc32c"], **shape)

    assert one.compressor == one.compressors[0]
    assert none.compressor is None
    with pytest.raises(TypeError, match="2 compressors"):
        assert two.compressor


def test_an_array_is_opened_by_its_class(store):
    """As zarr-python's users do."""
    zarrpy.create_array(store, name="a", data=[1, 2])

    assert zarrpy.Array.open(store, path="a")[1] == 2


#: Members that zarr-python's `Array` has and ours has not, and what there is instead.
NOT_HERE = {
    "append": "to come",
    "resize": "to come",
    "async_array": "every operation has `.aio`",
    "from_dict": "metadata are given to `create_array`",
}
#: Public members of `zarr.Array` 3.4.2.
ZARR_PYTHON = """
append async_array attrs basename blocks cdata_shape chunks compressor compressors config dtype
fill_value filters from_dict get_basic_selection get_block_selection get_coordinate_selection
get_mask_selection get_orthogonal_selection info info_complete metadata name nbytes nbytes_stored
nchunks nchunks_initialized ndim oindex open order path read_chunk_sizes read_only resize
serializer set_basic_selection set_block_selection set_coordinate_selection set_mask_selection
set_orthogonal_selection shape shards size store store_path update_attributes vindex with_config
write_chunk_sizes
"""


def test_an_array_has_the_members_of_zarr_pythons():
    """By the same names, but for a few that are explained."""
    array = zarrpy.create_array({}, shape=3, dtype="i2")

    missing = set(ZARR_PYTHON.split()) - set(dir(array))

    assert missing <= NOT_HERE.keys()

"""Metadata by zarr-python's names: made, understood, compared, and told as it tells them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from zarrpy.compat import zarr

core = zarr.core.metadata
PLAIN = {
    "zarr_format": 3,
    "node_type": "array",
    "shape": (4, 4),
    "data_type": "uint8",
    "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": (4, 4)}},
    "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
    "fill_value": 0,
    "codecs": ({"name": "bytes"},),
    "attributes": {},
    "storage_transformers": (),
}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"attributes": {"a": 1}},
        {"dimension_names": ("x", None)},
        {"data_type": "float64", "fill_value": "NaN",
         "codecs": ({"name": "bytes", "configuration": {"endian": "little"}},)},
        {"more": {"must_understand": False}},
    ],
    ids=["plain", "attributes", "names", "nan", "more"],
)  # fmt: skip
def test_documents_of_v3_go_in_and_out(change):
    """Tuples are tuples again, and nothing that may be left out is left out."""
    document = {**PLAIN, **change}
    made = core.ArrayV3Metadata.from_dict(document)

    assert made.to_dict() == document
    assert made == core.ArrayV3Metadata.from_dict(document)
    assert hash(made) == hash(core.ArrayV3Metadata.from_dict(document))
    assert made != core.ArrayV3Metadata.from_dict({**document, "shape": (4, 5)})


@pytest.mark.parametrize("attributes", [None, {"a": 1}])
@pytest.mark.parametrize("fill_value", [None, 1])
def test_documents_of_v2_go_in_and_out(attributes, fill_value):
    """With the attributes in them."""
    document = {
        "zarr_format": 2,
        "shape": (1, 2),
        "chunks": (1, 1),
        "dtype": "|u1",
        "order": "F",
        "compressor": {"id": "gzip", "level": 1},
        "filters": None,
        "fill_value": fill_value,
        "dimension_separator": "/",
    }
    given = document if attributes is None else {**document, "attributes": attributes}

    told = core.ArrayV2Metadata.from_dict(given).to_dict()
    assert told == {**document, "attributes": attributes or {}}


def test_an_empty_list_of_filters_is_none_with_a_warning():
    document = {"zarr_format": 2, "shape": [1], "chunks": [1], "dtype": "|u1", "order": "C"}
    document |= {"compressor": None, "filters": [], "fill_value": 0}

    with pytest.warns(zarr.errors.ZarrUserWarning, match="empty list of filters"):
        made = core.ArrayV2Metadata.from_dict(document)
    assert made.to_dict()["filters"] is None


def test_metadata_are_made_of_what_they_say():
    """Also of data types and codecs as objects; they are those of arrays that are made so."""
    two = core.ArrayV2Metadata(
        shape=(8,), dtype=zarr.dtype.Float64(), chunks=(8,), fill_value=np.nan, order="C"
    )
    three = core.ArrayV3Metadata(
        shape=(8,),
        data_type=zarr.dtype.Int16(),
        chunk_grid={"name": "regular", "configuration": {"chunk_shape": (4,)}},
        chunk_key_encoding={"name": "default", "configuration": {"separator": "/"}},
        fill_value=1,
        codecs=(zarr.codecs.BytesCodec(),),
        attributes={"a": 1},
    )
    array = zarr.create_array(
        {}, shape=8, chunks=4, dtype="i2", fill_value=1, compressors=None, attributes={"a": 1}
    )

    assert (two.zarr_format, two.chunks, two.to_dict()["fill_value"]) == (2, (8,), "NaN")
    assert isinstance(two, core.ArrayV2Metadata)
    assert three == array.metadata
    with pytest.raises(ValueError, match="`chunks` has length 1, but `shape` has length 2"):
        core.ArrayV2Metadata(
            shape=(4, 4), dtype=zarr.dtype.Int8(), chunks=(4,), fill_value=0, order="C"
        )


@pytest.mark.parametrize("odd", [{"must_understand": True}, {}, 42])
def test_members_that_must_be_understood_are_refused(odd):
    with pytest.raises(zarr.errors.MetadataValidationError, match="disallowed extra fields"):
        core.ArrayV3Metadata.from_dict({**PLAIN, "more": odd})


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_consolidated_metadata_are_objects(zarr_format):
    """Nested as the nodes are, flat by paths, and equal to what is made by hand."""
    root = zarr.group({}, zarr_format=zarr_format, attributes={"a": 1})
    root.create_array("b/c", data=np.arange(3, dtype="i2"))
    root.create_group("B")
    with pytest.warns(zarr.errors.ZarrUserWarning) if zarr_format == 3 else _nothing():
        zarr.consolidate_metadata(root.store)

    told = zarr.open_group(root.store).metadata.consolidated_metadata
    assert sorted(told.metadata) == ["B", "b"]
    assert sorted(told.flattened_metadata) == ["B", "b", "b/c"]
    inner = told.metadata["b"].consolidated_metadata.metadata
    assert inner == {"c": root["b/c"].metadata}
    group = zarr.core.group.GroupMetadata
    consolidated = zarr.core.group.ConsolidatedMetadata
    assert told == consolidated(
        metadata={
            "b": group(
                zarr_format=zarr_format, consolidated_metadata=consolidated(metadata=inner)
            ),
            "B": group(
                zarr_format=zarr_format, consolidated_metadata=consolidated(metadata={})
            ),
        }
    )  # fmt: skip
    if zarr_format == 3:
        assert consolidated.from_dict(told.to_dict()) == told


def _nothing():
    from contextlib import nullcontext

    return nullcontext()


def test_what_is_not_consolidated_metadata_is_refused():
    kind = zarr.core.group.ConsolidatedMetadata
    with pytest.raises(ValueError, match="kind='other'"):
        kind.from_dict({"kind": "other"})
    with pytest.raises(TypeError, match="Unexpected type for 'metadata'"):
        kind.from_dict({"kind": "inline"})
    with pytest.raises(TypeError, match="key='a', type='list'"):
        kind.from_dict({"kind": "inline", "metadata": {"a": [1]}})


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_documents_are_written_into_buffers(zarr_format):
    prototype = zarr.core.buffer.default_buffer_prototype()
    array = zarr.create_array({}, shape=3, dtype="i4", zarr_format=zarr_format, attributes={"a": 1})

    found = array.metadata.to_buffer_dict(prototype)
    documents = {name: json.loads(value.to_bytes()) for name, value in found.items()}
    assert documents == {key: json.loads(array.store.get(key)) for key in array.store.list()}
    with zarr.config.set({"json_indent": None}):
        (line,) = zarr.core.group.GroupMetadata().to_buffer_dict(prototype).values()
    assert b"\n" not in line.to_bytes()


@pytest.mark.parametrize("separator", ["/", "."])
@pytest.mark.parametrize("place", [(0,), (1, 20, 3)])
def test_keys_of_chunks_are_spelled_and_read(separator, place):
    keys = zarr.core.chunk_key_encodings
    for made in (
        keys.DefaultChunkKeyEncoding(separator=separator),
        keys.V2ChunkKeyEncoding(separator),
    ):
        assert made.decode_chunk_key(made.encode_chunk_key(place)) == place
    assert keys.V2ChunkKeyEncoding().encode_chunk_key((1, 2)) == "1.2"
    with pytest.raises(ValueError, match="Invalid chunk key"):
        keys.DefaultChunkKeyEncoding(separator="/").decode_chunk_key("x/0")


def test_grids_of_chunks_are_told_apart_by_class():
    """They are made, understood and compared as members of the metadata are."""
    grids = zarr.core.metadata.v3
    regular = grids.RegularChunkGridMetadata(chunk_shape=(2, True))
    uneven = grids.RectilinearChunkGridMetadata(chunk_shapes=((4, 4, 2), 3))

    assert (regular.ndim, regular.chunk_shape) == (2, (2, 1))
    assert (uneven.ndim, uneven.chunk_shapes) == (2, ((4, 4, 2), 3))
    assert isinstance(regular, grids.RegularChunkGridMetadata)
    assert not isinstance(regular, grids.RectilinearChunkGridMetadata)
    assert isinstance(uneven, grids.RectilinearChunkGridMetadata)
    assert grids.RegularChunkGridMetadata.from_dict(regular.to_dict()) == regular
    assert grids.RectilinearChunkGridMetadata.from_dict(uneven.to_dict()) == uneven

    array = zarr.create_array({}, shape=(10, 6), chunks=uneven, dtype="i2")
    assert array.metadata.chunk_grid == uneven
    assert array.write_chunk_sizes == ((4, 4, 2), (3, 3))


def test_a_rectilinear_grid_of_lengths_that_repeat_stays_one():
    grids = zarr.core.metadata.v3
    grid = grids.RectilinearChunkGridMetadata(chunk_shapes=(4, 8))

    assert isinstance(grid, grids.RectilinearChunkGridMetadata)
    assert not isinstance(grid, grids.RegularChunkGridMetadata)
    assert grid.to_dict()["name"] == "rectilinear"
    array = zarr.create_array({}, shape=(8, 8), chunks=grid, dtype="i2")
    array[:] = 1
    assert array.metadata.to_dict()["chunk_grid"]["name"] == "rectilinear"
    plain = grids.RegularChunkGridMetadata(chunk_shape=(4, 8))
    assert plain == grid == plain
    assert hash(plain) == hash(grid)
    assert (zarr.open_array(array.store)[:] == 1).all()


@pytest.mark.parametrize("length", [4.0, np.int64(4), "4", None])
def test_lengths_of_chunks_are_integers(length):
    with pytest.raises(TypeError, match="chunk edge length must be an int"):
        zarr.core.metadata.v3.RegularChunkGridMetadata(chunk_shape=(length,))
    with pytest.raises(TypeError, match="chunk edge length must be an int"):
        zarr.core.metadata.v3.RectilinearChunkGridMetadata(chunk_shapes=((4, length),))


@pytest.mark.parametrize("length", [0, False, -1])
def test_lengths_of_chunks_are_at_least_one(length):
    with pytest.raises(ValueError, match="chunk edge length must be >= 1"):
        zarr.core.metadata.v3.RegularChunkGridMetadata(chunk_shape=(length,))
    with pytest.raises(ValueError, match="chunk edge length must be >= 1"):
        zarr.core.metadata.v3.RectilinearChunkGridMetadata(chunk_shapes=((4, length),))


@pytest.mark.parametrize("shape", [4, None, "44", {"4": 4}])
def test_a_shape_of_chunks_is_a_sequence(shape):
    with pytest.raises(TypeError, match="must be an iterable"):
        zarr.core.metadata.v3.RegularChunkGridMetadata(chunk_shape=shape)


@pytest.mark.parametrize(
    ("path", "written"),
    [(None, ""), (b"a", "a"), ("/a//b/", "a/b"), ("a\\b", "a/b"), (Path("a") / "b", "a/b")],
)
def test_paths_are_written_in_one_way(path, written):
    assert zarr.storage._utils.normalize_path(path) == written


@pytest.mark.parametrize(
    ("path", "error"), [("a/../b", ValueError), (".", ValueError), (1, TypeError)]
)
def test_what_is_no_path_of_a_node_is_refused(path, error):
    with pytest.raises(error):
        zarr.storage._utils.normalize_path(path)

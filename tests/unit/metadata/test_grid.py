"""Tests of `zarrpy.metadata.grid`."""

import pytest

from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata.grid import ChunkGrid


def regular(chunk_shape):
    return {"name": "regular", "configuration": {"chunk_shape": chunk_shape}}


def test_a_regular_grid_is_read_and_written():
    """One spacing per dimension."""
    grid = ChunkGrid.from_v3(regular([10, 20]))

    assert grid == ChunkGrid((10, 20))
    assert (grid.regular, grid.chunk_shape, grid.ndim) == (True, (10, 20), 2)
    assert grid.to_v3() == regular([10, 20])


@pytest.mark.parametrize(
    ("axes", "shape", "grid_shape"),
    [
        ((10,), (100,), (10,)),
        ((10,), (101,), (11,)),
        ((10,), (9,), (1,)),
        ((10,), (0,), (0,)),
        ((), (), ()),
        ((1, 2**62), (2**62, 5), (2**62, 1)),
        (((3, 4, 5), 2), (12, 3), (3, 2)),
        (((3, 4, 5),), (7,), (2,)),
        (((3, 4, 5),), (8,), (3,)),
        (((3, 4, 5),), (0,), (0,)),
    ],
)
def test_the_grid_shape_counts_the_chunks_that_the_array_touches(axes, shape, grid_shape):
    """The last chunk may stick out; chunks wholly outside do not count."""
    assert ChunkGrid(axes).grid_shape(shape) == grid_shape


def test_an_irregular_grid_has_no_one_chunk_shape():
    """Asking for it is an error, not a guess."""
    grid = ChunkGrid(((3, 4), 5))

    assert not grid.regular
    with pytest.raises(ValueError, match="different shapes"):
        _ = grid.chunk_shape


@pytest.mark.parametrize(
    ("axes", "shape", "text"),
    [
        ((10,), (1, 2), "chunk_grid has 1 dimensions, but the array has 2"),
        ((), (1,), "chunk_grid has 0 dimensions, but the array has 1"),
        ((5, (3, 4)), (9, 8), "chunk_grid ends at 7 in dimension 1, but the array at 8"),
    ],
)
def test_a_grid_that_does_not_cover_the_array_is_refused(axes, shape, text):
    """The error says where it falls short."""
    with pytest.raises(MetadataError) as caught:
        ChunkGrid(axes).check(shape)

    assert str(caught.value) == text


@pytest.mark.parametrize(("axes", "shape"), [((10,), (3,)), (((3, 4),), (5,)), ((), ())])
def test_a_grid_that_covers_the_array_is_accepted(axes, shape):
    """Chunks beyond the end are allowed."""
    ChunkGrid(axes).check(shape)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (regular([0]), "chunk_grid.configuration.chunk_shape[0] must be an integer of at least 1"),
        (regular([10, -1]), "chunk_shape[1] must be"),
        (regular([1.0]), "chunk_shape[0] must be"),
        (regular([True]), "chunk_shape[0] must be"),
        (regular([2**63]), "chunk_shape[0] must be"),
        (regular(10), "chunk_shape must be a list of integers, not 10"),
        ({"name": "regular"}, "chunk_grid.configuration needs the member 'chunk_shape'"),
        ("regular", "needs the member 'chunk_shape'"),
        (
            {"name": "regular", "configuration": {"chunk_shape": [1], "chunks": 2}},
            "chunk_grid.configuration has the unknown member 'chunks'; known: 'chunk_shape'",
        ),
        ({**regular([1]), "must_understand": False}, "must_understand: false is not allowed"),
        (None, 'chunk_grid must be a name, or an object with the member "name", not null'),
    ],
)
def test_a_malformed_grid_is_refused(document, text):
    """The error leads to the member."""
    with pytest.raises(MetadataError) as caught:
        ChunkGrid.from_v3(document)

    assert text in str(caught.value)


def test_an_unknown_grid_is_unsupported():
    """Kind and name are fields."""
    with pytest.raises(UnsupportedExtensionError, match="chunk grid 'hexagonal'") as caught:
        ChunkGrid.from_v3({"name": "hexagonal"})

    assert (caught.value.kind, caught.value.name) == ("chunk grid", "hexagonal")

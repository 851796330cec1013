"""Tests of `zarrpy.metadata.grid`."""

import pytest

from zarrpy.errors import MetadataError, SelectionError, UnsupportedExtensionError
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.metadata.runs import Runs


def regular(chunk_shape):
    return {"name": "regular", "configuration": {"chunk_shape": chunk_shape}}


def rectilinear(*chunk_shapes, **more):
    configuration = {"kind": "inline", "chunk_shapes": list(chunk_shapes), **more}
    return {"name": "rectilinear", "configuration": configuration}


def bounded(chunk_shape):
    return {"name": "zarrs.regular_bounded", "configuration": {"chunk_shape": chunk_shape}}


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
        ((Runs.of((3, 4, 5)), 2), (12, 3), (3, 2)),
        ((Runs.of((3, 4, 5)),), (7,), (2,)),
        ((Runs.of((3, 4, 5)),), (8,), (3,)),
        ((Runs.of((3, 4, 5)),), (0,), (0,)),
    ],
)
def test_the_grid_shape_counts_the_chunks_that_the_array_touches(axes, shape, grid_shape):
    """The last chunk may stick out; chunks wholly outside do not count."""
    assert ChunkGrid(axes).grid_shape(shape) == grid_shape


def test_an_irregular_grid_has_no_one_chunk_shape():
    """Asking for it is an error, not a guess."""
    grid = ChunkGrid((Runs.of((3, 4)), 5))

    assert not grid.regular
    with pytest.raises(ValueError, match="different shapes"):
        _ = grid.chunk_shape


@pytest.mark.parametrize(
    ("axes", "shape", "text"),
    [
        ((10,), (1, 2), "chunk_grid has 1 dimensions, but the array has 2"),
        ((), (1,), "chunk_grid has 0 dimensions, but the array has 1"),
        ((5, Runs.of((3, 4))), (9, 8), "chunk_grid ends at 7 in dimension 1, but the array at 8"),
    ],
)
def test_a_grid_that_does_not_cover_the_array_is_refused(axes, shape, text):
    """The error says where it falls short."""
    with pytest.raises(MetadataError) as caught:
        ChunkGrid(axes).check(shape)

    assert str(caught.value) == text


@pytest.mark.parametrize(("axes", "shape"), [((10,), (3,)), ((Runs.of((3, 4)),), (5,)), ((), ())])
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


@pytest.mark.parametrize(
    ("document", "axes"),
    [
        (rectilinear([10, 20, 30], 5), (Runs(((10, 1), (20, 1), (30, 1))), 5)),
        (rectilinear([[10, 3], 5]), (Runs(((10, 3), (5, 1))),)),
        (rectilinear([10, 10, [10, 2], 3, 3]), (Runs(((10, 4), (3, 2))),)),
        (rectilinear([[1, 10**15]]), (Runs(((1, 10**15),)),)),
        (rectilinear(4, 5), (4, 5)),
        (rectilinear(), ()),
        (
            {"name": "rectangular", "configuration": {"chunk_shape": [[3, [4, 2]], 7]}},
            (Runs(((3, 1), (4, 2))), 7),
        ),
    ],
)
def test_lengths_are_read_run_by_run(document, axes):
    """A number repeats, a list names each, a pair in a list says how many."""
    assert ChunkGrid.from_v3(document).axes == axes


@pytest.mark.parametrize(
    ("axes", "document"),
    [
        ((Runs.of([10, 20, 30]), 5), rectilinear([10, 20, 30], 5)),
        ((Runs.of([10] * 3 + [5]),), rectilinear([[10, 3], 5])),
    ],
)
def test_lengths_are_written_run_length_coded(axes, document):
    """And read again as the same."""
    grid = ChunkGrid(axes)

    assert grid.to_v3() == document
    assert ChunkGrid.from_v3(document) == grid


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (rectilinear([10, 0]), "configuration.chunk_shapes[0][1] must be a length of at least 1"),
        (rectilinear([[10, 0]]), "chunk_shapes[0][0] must be a length of at least 1"),
        (rectilinear([[10, 1, 1]]), "chunk_shapes[0][0] must be"),
        (rectilinear([[10]]), "chunk_shapes[0][0] must be"),
        (rectilinear([10.0]), "chunk_shapes[0][0] must be"),
        (rectilinear([True]), "chunk_shapes[0][0] must be"),
        (rectilinear(0), "chunk_shapes[0] must be an integer of at least 1"),
        (rectilinear("10"), "chunk_shapes[0] must be an integer of at least 1"),
        (rectilinear([]), "chunk_shapes[0] must name at least one length"),
        (rectilinear([[2**62, 2]]), "chunk_shapes[0] ends beyond 2^63 elements"),
        (rectilinear([1], kind="table"), 'configuration.kind must be "inline", not "table"'),
        (rectilinear([1], other=1), "has the unknown member 'other'"),
        ({"name": "rectilinear"}, "needs the member 'chunk_shapes'"),
        (bounded([0]), "chunk_shape[0] must be"),
        (bounded([[1]]), "chunk_shape[0] must be"),
    ],
)
def test_malformed_lengths_are_refused(document, text):
    """The error leads to the element."""
    with pytest.raises(MetadataError) as caught:
        ChunkGrid.from_v3(document)

    assert text in str(caught.value)


def test_a_bounded_grid_ends_with_the_array():
    """Its last chunks are shorter; what is written names the grid again."""
    grid = ChunkGrid.from_v3(bounded([4, 5]))

    assert (grid.regular, grid.grid_shape((10, 10))) == (False, (3, 2))
    assert grid.chunk((10, 10), (2, 1)) == ((8, 2), (5, 5))
    assert grid.largest((10, 3)) == (4, 3)
    assert grid.to_v3() == bounded([4, 5])


@pytest.mark.parametrize("new", [(12, 10), (9, 10), (10, 7), (8, 10)])
def test_a_resize_that_would_change_stored_chunks_of_a_bounded_grid_is_refused(new):
    """The stored chunk at the edge has the shape of the old edge."""
    grid = ChunkGrid((4, 5), bounded=True)

    with pytest.raises(MetadataError, match="change the shape of stored chunks"):
        grid.check_resize((10, 10), new)


@pytest.mark.parametrize("new", [(10, 15), (10, 5), (10, 10)])
def test_a_bounded_grid_grows_and_shrinks_by_whole_chunks(new):
    """Then no stored chunk is another."""
    ChunkGrid((4, 5), bounded=True).check_resize((10, 10), new)


@pytest.mark.parametrize(
    ("index", "place"),
    [((0, 0), ((0, 10), (0, 5))), ((2, 1), ((30, 30), (5, 5))), ([1, 0], ((10, 20), (0, 5)))],
)
def test_a_chunk_has_a_place_and_a_length_in_each_dimension(index, place):
    """The length is the stored one, which may lead beyond the array."""
    grid, shape = ChunkGrid((Runs.of([10, 20, 30]), 5)), (45, 7)

    assert grid.chunk(shape, grid.index(shape, index)) == place
    assert grid.sizes(shape) == ((10, 20, 15), (5, 2))


@pytest.mark.parametrize("index", [(3, 0), (0, 2), (-1, 0), (0,), 0, "00", (0.5, 0), None])
def test_a_chunk_that_is_not_in_the_grid_is_an_index_error(index):
    """Negative numbers do not count from the end: keys have none."""
    with pytest.raises(SelectionError, match=r"the grid of chunks has the shape \(3, 2\)"):
        ChunkGrid((Runs.of([10, 20, 30]), 5)).index((45, 7), index)


def test_overflow_chunks_count_when_the_array_reaches_them():
    """A grid may be longer than its array."""
    grid = ChunkGrid((Runs.of([10, 20, 30, 40]),))

    assert [grid.grid_shape((n,))[0] for n in (0, 1, 10, 11, 30, 31, 61, 100)] == [
        *(0, 1, 1, 2, 2, 3, 4, 4)
    ]


def test_a_grid_of_very_many_chunks_is_never_listed():
    """Everything but `sizes` goes by runs."""
    grid = ChunkGrid.from_v3(rectilinear([3, [1, 10**12], 5], 10**6))
    shape = (10**12 + 6, 10**12)

    assert grid.grid_shape(shape) == (10**12 + 2, 10**6)
    assert grid.chunk(shape, (10**12 + 1, 7))[0] == (10**12 + 3, 5)
    assert grid.largest(shape) == (5, 10**6)

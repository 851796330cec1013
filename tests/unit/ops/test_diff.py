"""`zarrpy.diff`: what two arrays or hierarchies have not in common."""

import asyncio

import numpy as np
import pytest

import zarrpy
from zarrpy.stores import MemoryStore

VALUES = np.arange(60, dtype="f8").reshape(6, 10)


def stored(values=VALUES, **how):
    """An array, stored in some way."""
    return zarrpy.create_array(MemoryStore(), data=values, **how)


def test_the_same_data_differ_in_nothing():
    """Whatever chunks, codecs, byte order and format."""
    other = stored(zarr_format=2, dtype=">f8", chunks=(4, 3), compressors="zstd")

    assert zarrpy.diff(stored(), other) == []


def test_elements_that_differ_are_counted_and_the_first_is_shown():
    """With what both have there."""
    values = VALUES.copy()
    values[2, 3], values[5, 9] = -1, -2

    (change,) = zarrpy.diff(stored(), stored(values, chunks=(2, 2)))

    assert (change.what, change.count, change.index) == ("elements", 2, (2, 3))
    assert (change.first, change.second) == (23.0, -1.0)
    assert str(change) == "/: elements: 23.0 and -1.0 at (2, 3), 2 in all"


def test_close_numbers_can_be_equal():
    """By a tolerance, as NumPy's isclose has it."""
    near = stored(VALUES + 1e-9)

    assert zarrpy.diff(stored(), near) != []
    assert zarrpy.diff(stored(), near, atol=1e-8) == []


@pytest.mark.parametrize(("equal", "count"), [(True, 0), (False, 2)])
def test_nan_equals_nan_unless_asked_otherwise(equal, count):
    """As in comparing arrays with missing values."""
    values = np.array([1, np.nan, np.nan])

    changes = zarrpy.diff(stored(values), stored(values), equal_nan=equal)

    assert sum(change.count for change in changes) == count


@pytest.mark.parametrize(
    ("what", "other"),
    [
        ("shape", {"values": VALUES[:5]}),
        ("dtype", {"values": VALUES.astype("f4")}),
        ("fill_value", {"fill_value": 7}),
        ("dimension_names", {"dimension_names": ("y", "x")}),
        ("attributes", {"attributes": {"unit": "K"}}),
    ],
)
def test_metadata_that_differ_are_named(what, other):
    """Elements of another shape are not compared."""
    changes = zarrpy.diff(stored(), stored(**other))

    assert [change.what for change in changes] == [what]


def test_hierarchies_are_compared_node_by_node(tmp_path):
    """In whatever stores."""
    first = zarrpy.create_group(tmp_path / "h")
    second = zarrpy.create_group(MemoryStore())
    first["a"], second["a"] = [1, 2], [1, 2]
    first["g/b"], second["g/c"] = [1], [1]
    first["k"], _ = [1], second.create_group("k")

    changes = [(change.path, change.what) for change in zarrpy.diff(tmp_path / "h", second)]

    assert changes == [("g/b", "only in first"), ("g/c", "only in second"), ("k", "kind")]


def test_a_member_is_compared_as_a_node_of_its_own():
    """Wherever it lies."""
    group = zarrpy.create_group(MemoryStore())
    group["x/a"] = VALUES

    assert zarrpy.diff(group["x/a"], stored()) == []


def test_it_can_be_awaited():
    """And finds the same."""
    first, second = stored(), stored(VALUES + 1)

    assert asyncio.run(zarrpy.diff.aio(first, second)) == zarrpy.diff(first, second)


TEXTS = {
    "text of any length": np.array(["a", "ä", "", "long" * 9], np.dtypes.StringDType()),
    "text of fixed length": np.array(["a", "ä", "", "long"], "<U4"),
    "big endian text": np.array(["a", "ä", "", "long"], ">U4"),
    "bytes": np.array([b"a", b"", b"c", b"long"], "S4"),
    "raw bytes": np.array([b"a", b"", b"c", b"long"], "V4"),
    "structures": np.array([(1, 2.5), (3, 4.5), (0, 0), (5, 6)], [("a", "<i4"), ("b", ">f8")]),
    "dates": np.array(["2000-01-01", "NaT", "1970-01-01", "2001-02-03"], "M8[D]"),
    "durations": np.array([1, 2, 3, 4], ">m8[s]"),
    "complex": np.array([1j, np.nan, 0, 2], ">c16"),
    "booleans": np.array([True, False, True, False]),
}


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.filterwarnings("ignore")
def test_arrays_of_every_kind_are_compared(kind, zarr_format):
    """What was changed is found, and nothing else."""
    values = TEXTS[kind]
    other = values.copy()
    other[3] = values[0]

    array = stored(values, zarr_format=zarr_format, chunks=2)
    assert zarrpy.diff(array, array) == []
    assert zarrpy.diff(array, stored(values, chunks=3)) == []
    (change,) = zarrpy.diff(array, stored(other, zarr_format=zarr_format))
    assert (change.what, change.count, change.index) == ("elements", 1, (3,))


def test_text_of_any_length_and_of_fixed_length_differ_in_type():
    """But not in elements; other types differ in all."""
    text, fixed = stored(TEXTS["text of any length"]), stored(TEXTS["text of fixed length"])
    same = stored(TEXTS["text of fixed length"].astype(TEXTS["text of any length"].dtype))

    assert [change.what for change in zarrpy.diff(same, fixed)] == ["dtype", *_fill(same, fixed)]
    changes = {change.what: change for change in zarrpy.diff(text, stored(np.arange(4)))}
    assert {"dtype", "elements"} <= changes.keys()
    assert changes["elements"].count == 4


def _fill(first, second):
    return ["fill_value"] if first.fill_value != second.fill_value else []

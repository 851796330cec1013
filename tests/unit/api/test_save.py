"""Tests of `zarrpy.api.save`."""

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MetadataError, NodeExistsError, NodeKindError
from zarrpy.stores import LocalStore, MemoryStore


@pytest.fixture
def other(tmp_path):
    """Another store to save into."""
    return LocalStore(tmp_path / "other")


def test_one_array_is_saved_at_the_root(store):
    """And loaded as it was."""
    data = np.arange(6, dtype=">i2").reshape(2, 3)

    zarrpy.save(store, data)

    assert np.array_equal(zarrpy.load(store), data)
    assert isinstance(zarrpy.open(store), zarrpy.Array)


def test_several_arrays_are_saved_by_number_and_name(store):
    """In a group; load gives a dictionary."""
    zarrpy.save(store, [1, 2], [3.5], x=np.ones((2, 2)))

    loaded = zarrpy.load(store)

    assert {name: values.tolist() for name, values in loaded.items()} == {
        "arr_0": [1, 2],
        "arr_1": [3.5],
        "x": [[1, 1], [1, 1]],
    }


def test_arrays_can_be_saved_below_a_path(store):
    """In either format."""
    zarrpy.save(store, [1], path="a/b", zarr_format=2)
    zarrpy.save(store, path="c", zarr_format=2, x=[2])

    assert zarrpy.load(store, path="a/b").tolist() == [1]
    assert zarrpy.load(store, "c")["x"].tolist() == [2]
    assert zarrpy.open(store).metadata.zarr_format == 2


def test_loading_a_group_takes_all_levels(store):
    """Arrays by their path within it."""
    zarrpy.create_array(store, name="a/b/c", data=[1])
    zarrpy.create_array(store, name="d", data=[2])

    assert sorted(zarrpy.load(store)) == ["a/b/c", "d"]


def test_nothing_is_replaced(store, contents):
    """What is there already is an error."""
    zarrpy.save(store, [1])
    before = contents(store)

    with pytest.raises(NodeExistsError):
        zarrpy.save(store, [2])
    with pytest.raises(NodeExistsError):
        zarrpy.save(store, x=[2])

    assert contents(store) == before


def test_nothing_to_save_is_an_error(store):
    """It makes no empty group."""
    with pytest.raises(ValueError, match="nothing to save"):
        zarrpy.save(store)

    assert list(store.list()) == []


def test_a_name_cannot_be_that_of_an_array_without_one(store):
    """Otherwise one of the two would be lost."""
    with pytest.raises(ValueError, match="arr_0"):
        zarrpy.save(store, [1], arr_0=[2])

    assert list(store.list()) == []


@pytest.mark.parametrize(
    ("arrays", "named"),
    [
        (([1],), {"overwrite": True}),
        (([1],), {"chunks": (1,)}),
        (([1],), {"compressors": "zstd", "zarr_format": 2}),
        ((), {"a": [1], "overwrite": True}),
    ],
)
def test_keywords_are_not_saved_as_arrays(store, arrays, named):
    """The error names the function that takes them."""
    with pytest.raises(TypeError, match="save_array"):
        zarrpy.save(store, *arrays, **named)

    assert list(store.list()) == []


def test_arrays_may_have_the_names_of_keywords(store):
    """Where they can be told from keywords, or by `save_group`."""
    zarrpy.save(store, data=[1, 2], shape=[3])
    zarrpy.save_group(store, [4], path="g", chunks=[5])

    found = zarrpy.load(store)
    assert {name: array.tolist() for name, array in found.items()} == {
        "data": [1, 2],
        "shape": [3],
        "g/arr_0": [4],
        "g/chunks": [5],
    }


@pytest.mark.parametrize(("name", "value"), [("b", [object()]), ("b//c", [1]), ("__b", [1])])
def test_what_cannot_be_saved_leaves_nothing(store, name, value):
    """Not the group, and not the arrays before it."""
    with pytest.raises(MetadataError):
        zarrpy.save(store, a=[1], **{name: value})

    assert list(store.list()) == []


class Once(MemoryStore):
    """A store that counts how many bytes it holds out at most, and decodes nothing."""

    def __init__(self):
        super().__init__()
        self.read = []

    def get(self, key, byte_range=None):
        self.read.append(key)
        return super().get(key, byte_range)

    def get_many(self, keys):
        self.read.extend(keys)
        return super().get_many(keys)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_live_array_is_saved_as_it_is_stored(store, other, contents, zarr_format):
    """Bytes, attributes, codecs and all; chunks that are absent stay absent."""
    array = zarrpy.create_array(
        store, name="a", shape=(4, 4), dtype=">f4", chunks=(2, 2), compressors="gzip:7",
        fill_value=np.nan, attributes={"a": 1}, zarr_format=zarr_format, order="F",
    )  # fmt: skip
    array[:2] = 5

    zarrpy.save(other, array)

    copied = {f"a/{key}": value for key, value in contents(other).items()}
    assert copied == {k: v for k, v in contents(store).items() if k.startswith("a/")}
    assert np.array_equal(zarrpy.load(other), array[...], equal_nan=True)


def test_a_live_array_is_not_loaded(other, monkeypatch):
    """Its chunks go by as bytes, each read once."""
    source = Once()
    array = zarrpy.create_array(source, data=np.arange(100), chunks=10)
    source.read.clear()
    monkeypatch.setattr(zarrpy.Array, "__getitem__", None)
    monkeypatch.setattr(zarrpy.Array, "__array__", None)

    zarrpy.save(other, array)

    chunks = sorted(key for key in source.read if key.startswith("c/"))
    assert chunks == [f"c/{i}" for i in range(10)]


def test_a_live_group_is_saved_with_all_below_it(store, other, contents):
    """Groups, arrays and attributes, from any place to any place."""
    group = zarrpy.create_group(store, path="g", attributes={"title": "t"})
    group.create_array("a/b", data=[1, 2])
    group.create_group("empty")

    zarrpy.save(other, group, path="copy/of/g")

    again = zarrpy.open_group(other, path="copy/of/g")
    assert dict(again.attrs) == {"title": "t"}
    assert again["a/b"][...].tolist() == [1, 2]
    assert sorted(name for name, _ in again.members(None)) == ["a", "a/b", "empty"]


def test_live_nodes_and_data_can_be_saved_together(store, other):
    """Each in its way."""
    array = zarrpy.create_array(store, data=[1, 2], attributes={"a": 1})

    zarrpy.save(other, x=array, y=[3])

    assert dict(zarrpy.open(other, path="x").attrs) == {"a": 1}
    assert zarrpy.load(other)["y"].tolist() == [3]


def test_a_strangers_file_is_not_copied(store, other):
    """Only metadata and chunks within the shape are the array."""
    array = zarrpy.create_array(store, data=[1, 2], chunks=1)
    store.set("notes.txt", b"mine")
    store.set("c/7", b"outside")

    zarrpy.save(other, array)

    assert sorted(other.list()) == ["c/0", "c/1", "zarr.json"]


def test_a_live_node_is_not_converted(store, other, contents):
    """Another format or other codecs would need its values; the error says how to save those."""
    array = zarrpy.create_array(store, data=[1])

    with pytest.raises(NodeKindError, match=r"node\[\.\.\.\]"):
        zarrpy.save(other, array, zarr_format=2)
    with pytest.raises(TypeError, match="compressors"):
        zarrpy.save_array(other, array, compressors="zstd")

    assert contents(other) == {}


@pytest.mark.parametrize(
    ("source", "target"), [("", "a/b"), ("a", "a/c"), ("a/b", "a"), ("a", "a")]
)
def test_a_node_is_not_saved_into_itself(store, contents, source, target):
    """It would be copied without end, or deleted before it is read."""
    zarrpy.create_array(store, name="a/b", data=[1])
    before = contents(store)

    with pytest.raises(NodeExistsError):
        zarrpy.save_array(store, zarrpy.open(store, path=source), path=target, overwrite=True)

    assert contents(store) == before


def test_a_node_can_be_saved_beside_itself(store):
    """Within one store."""
    zarrpy.create_array(store, name="a/b", data=[1])

    zarrpy.save(store, zarrpy.open(store, path="a"), path="ab")

    assert zarrpy.load(store, "ab")["b"].tolist() == [1]


def test_a_live_array_can_replace_another(store, other):
    """When asked to."""
    zarrpy.save(other, [9, 9, 9])
    array = zarrpy.create_array(store, data=[1])

    zarrpy.save_array(other, array, overwrite=True)

    assert zarrpy.load(other).tolist() == [1]


def test_an_empty_and_a_0d_array_are_saved_and_loaded(store, other):
    """As any other."""
    zarrpy.save(store, e=np.empty((0, 3), "i4"), s=np.float32(2.5))
    zarrpy.save(other, zarrpy.open(store))

    loaded = zarrpy.load(other)

    assert loaded["e"].shape == (0, 3)
    assert (loaded["s"].shape, float(loaded["s"])) == ((), 2.5)

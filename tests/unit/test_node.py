"""Tests of `zarrpy.node`: what arrays and groups have in common."""

import pytest

import zarrpy
from zarrpy.errors import AttributeNotJSONError
from zarrpy.stores import MemoryStore


class Closable(MemoryStore):
    """Knows whether it was closed."""

    closed = False

    def close(self):
        """Note it."""
        self.closed = True


@pytest.mark.parametrize("path", ["", "a"])
def test_a_node_is_a_context_that_closes_its_store(path):
    """Arrays and groups alike, also after an error."""
    store = Closable()
    zarrpy.create_group(store)
    zarrpy.create_array(store, name="a", data=[1])

    with zarrpy.open(store, path=path) as node:
        assert node.path == path
        assert not store.closed

    assert store.closed


def test_attributes_are_updated_by_zarr_pythons_name(store):
    """In one write; the node is returned."""
    array = zarrpy.create_array(store, data=[1], attributes={"a": 1})

    assert array.update_attributes({"b": 2}) is array

    assert dict(zarrpy.open(store).attrs) == {"a": 1, "b": 2}
    with pytest.raises(AttributeNotJSONError, match="c"):
        array.update_attributes({"c": object()})


def test_a_node_tells_where_it_is(tmp_path):
    """Store and path, also as text."""
    array = zarrpy.create_array(tmp_path / "g", name="x/a", data=[1])

    assert array.store_path == (array.store, "x/a")
    assert str(array.store_path) == str(tmp_path / "g" / "x" / "a")
    assert (array.name, array.basename) == ("/x/a", "a")


def test_handles_of_one_node_are_equal(tmp_path):
    """Where they know the same of it; so are the asynchronous ones, and those in sets."""
    store = zarrpy.stores.MemoryStore()
    group = zarrpy.create_group(store)
    group.create_array("a", data=[1, 2])
    group.create_array("b", data=[1, 2])

    assert group["a"] == zarrpy.open(store)["a"] != group["b"]
    assert zarrpy.open(store) == zarrpy.open(store) != group["a"]
    assert group["a"].async_array == group["a"].async_array
    assert len({group["a"], zarrpy.open(store)["a"], group["b"]}) == 2
    group["a"].attrs["x"] = 1
    old, group["a"].attrs["x"] = group["a"], 2
    assert old != group["a"]
    assert group != dict(group)

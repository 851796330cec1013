"""Tests of `zarrpy.stores.memory`."""

import pytest

from zarrpy.stores import MemoryStore
from zarrpy.testing.store_contract import StoreContract


class TestMemoryStore(StoreContract):
    """A memory store keeps the contract of stores."""

    @pytest.fixture
    def store(self):
        return MemoryStore()


def test_a_mapping_of_the_callers_is_used_itself():
    """What is written is in the caller's dictionary, and what it changes is read."""
    values = {"a": b"1"}
    store = MemoryStore(values)

    store.set("b", b"2")
    values["a"] = b"3"

    assert values == {"a": b"3", "b": b"2"}
    assert store.get("a") == b"3"


def test_two_stores_over_one_mapping_share_their_locks():
    """Otherwise two partial writes of one chunk could lose one of them."""
    values = {}

    assert MemoryStore(values).lock_scope == MemoryStore(values).lock_scope
    assert MemoryStore({}).lock_scope != MemoryStore(values).lock_scope


def test_a_node_within_another_overlaps_it():
    """Paths are compared name by name: `a` holds `a/b`, and has nothing of `ab`."""
    values = {}
    one, two = MemoryStore(values), MemoryStore(values)

    assert one.overlaps("a", two, "a/b")
    assert one.overlaps("", two, "a")
    assert not one.overlaps("a", two, "ab")
    assert not one.overlaps("a", MemoryStore({}), "a")


def test_the_repr_tells_how_much_is_kept():
    """Not the values, which may be long."""
    assert repr(MemoryStore({"a": b"x"})) == "MemoryStore(1 keys)"

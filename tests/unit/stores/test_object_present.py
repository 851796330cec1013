"""Tests of which keys of a bucket are there, told by a listing."""

import pytest
from obstore.store import MemoryStore as Bucket

from zarrpy.stores import ObjectStore, PrefixStore

KEYS = ["a/.zarray", "a/.zgroup", "a/zarr.json"]


@pytest.fixture
def store():
    """A store in memory, by the same client as those of services."""
    return ObjectStore(Bucket())


@pytest.mark.parametrize("nothers", [0, 998, 999, 1000, 1001, 2500])
@pytest.mark.parametrize(
    "there", [[], ["a/.zarray"], ["a/zarr.json"], ["a/.zgroup", "a/zarr.json"]]
)
def test_a_listing_that_is_cut_off_hides_nothing(store, nothers, there):
    """The names of chunks lie between those of the documents."""
    for i in range(nothers):
        store.set(f"a/c/{i}", b"")
    for key in there:
        store.set(key, b"")

    assert store.present(KEYS) == [key in there for key in KEYS]


def test_a_service_that_sorts_nothing_hides_nothing(store, monkeypatch):
    """What the listing did not tell of is asked for."""
    store.set("a/.zgroup", b"")
    page = [{"path": f"a/c/{i}"} for i in range(999)] + [{"path": "a/!"}]
    monkeypatch.setattr("obstore.list", lambda *_, **__: iter([page]))

    assert store.present(KEYS) == [False, True, False]


def test_the_root_and_names_of_one_letter_are_looked_at(store):
    """They leave nothing to begin before."""
    store.set("b", b"")
    store.set("x/b", b"")

    assert store.present(["a", "b"]) == [False, True]
    assert store.present(["x/b", "x/c"]) == [True, False]
    assert PrefixStore(store, "x").present(["a", "b"]) == [False, True]

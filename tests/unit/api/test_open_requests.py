"""Opening a node asks its store for the documents of the node, and for nothing else."""

import functools

import numpy as np
import pytest

import zarrpy
from zarrpy.stores import MemoryStore
from zarrpy.stores.base import Store

ALL = ["zarr.json", ".zarray", ".zgroup", ".zattrs"]


class Asked(MemoryStore):
    """Writes down every method that is called from outside, with its first argument."""


def _plain(argument):
    return argument if isinstance(argument, str) else list(argument)


def _recorded(name):
    method = getattr(MemoryStore, name)

    @functools.wraps(method)
    def call(self, *args, **kwargs):
        self.__dict__.setdefault("calls", []).append((name, *map(_plain, args[:1])))
        return method(self, *args, **kwargs)

    return call


for _name in ("get", "get_many", "set", "set_many", "delete", "list", "list_dir", "list_folders",
              "list_entries", "list_sizes", "exists", "size", "update", "rename",
              "read_above"):  # fmt: skip
    if hasattr(Store, _name):
        setattr(Asked, _name, _recorded(_name))


def asked(store, **keywords):
    """Open, and tell the calls that were made."""
    store.calls = []
    zarrpy.open(store, **keywords)
    return store.calls


@pytest.fixture
def filled(zarr_format):
    """A group with an array in a group."""
    store = Asked()
    group = zarrpy.create_group(store, zarr_format=zarr_format)
    group.create_array("below/a", data=np.arange(100), chunks=10, attributes={"units": "m"})
    return store


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("mode", ["r", "r+", None])
def test_an_array_costs_one_request(filled, mode):
    """For the documents of either format."""
    assert asked(filled, path="below/a", mode=mode) == [
        ("get_many", [f"below/a/{name}" for name in ALL])
    ]


@pytest.mark.parametrize("zarr_format", [3])
def test_an_array_of_a_known_format_costs_a_request_for_one_document(filled):
    """The others are not looked for."""
    assert asked(filled, path="below/a", zarr_format=3) == [("get_many", ["below/a/zarr.json"])]


@pytest.mark.parametrize("zarr_format", [3])
def test_a_group_costs_one_request(filled):
    """Consolidated metadata of Zarr v3 are in the same document."""
    assert asked(filled) == [("get_many", ALL)]
    assert asked(filled, path="below") == [("get_many", [f"below/{name}" for name in ALL])]


@pytest.mark.parametrize("zarr_format", [2])
def test_a_group_of_v2_costs_another_request_for_its_consolidated_metadata(filled):
    """Which are a document of its own, and are not asked for by who does not want them."""
    assert asked(filled) == [("get_many", ALL), ("get_many", [".zmetadata"])]
    assert asked(filled, use_consolidated=False) == [("get_many", ALL)]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_member_told_by_consolidated_metadata_costs_no_request_of_its_documents(filled):
    """They are known; that the metadata are still those of this process costs no request either."""
    zarrpy.consolidate_metadata(filled)
    group = zarrpy.open(filled)
    filled.calls = []

    array = group["below/a"]

    assert array.shape == (100,)
    assert array.attrs["units"] == "m"
    assert filled.calls == []


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_what_an_array_is_costs_no_request(filled):
    """Shape, chunks, codecs, attributes and all facts that need no listing."""
    array = zarrpy.open(filled, path="below/a")
    filled.calls = []

    assert (array.shape, array.chunks, array.nchunks) == ((100,), (10,), 10)
    assert array.chunk_key((1,)).startswith("below/a/")
    assert array.codecs.native
    assert array.attrs["units"] == "m"
    assert "int64" in str(array.info)
    assert filled.calls == []

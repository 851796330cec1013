"""Tests of `zarrpy.stores.http` against nginx, whose own log counts the requests."""

from __future__ import annotations

import time
import uuid
from pathlib import Path

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import StoreError
from zarrpy.stores import ByteRange, HTTPStore, LocalStore

pytestmark = pytest.mark.services

FIELD = np.arange(64 * 64, dtype="float32").reshape(64, 64)


class Site:
    """A folder that nginx serves: its address, a store to write with, and what was asked for."""

    def __init__(self, address, folder):
        name = uuid.uuid4().hex
        self.url = f"{address}/{name}"
        self.files = LocalStore(folder / "site" / name)
        self._log = folder / "access.log"
        self._name = name

    def asked(self):
        """Method, path, status, range and connection of each request of this site, in order."""
        time.sleep(0.1)  # it is written after the answer
        lines = [line.split() for line in self._log.read_text().splitlines()]
        return [line for line in lines if line[1].startswith(f"/{self._name}/")]


@pytest.fixture
def site(nginx):
    """A folder of this test's own."""
    address, folder = nginx.split()
    return Site(address, Path(folder))


def test_values_and_parts_of_them(site):
    """Ranges within, at the end, beyond, of nothing, and of what is absent."""
    site.files.set("a/b", bytes(range(256)))
    site.files.set("empty", b"")
    store = HTTPStore(site.url)

    assert bytes(store.get("a/b")) == bytes(range(256))
    assert bytes(store.get("a/b", ByteRange(10, 5))) == bytes(range(10, 15))
    assert bytes(store.get("a/b", ByteRange(250))) == bytes(range(250, 256))
    assert bytes(store.get("a/b", ByteRange(-4))) == bytes(range(252, 256))
    assert bytes(store.get("a/b", ByteRange(-400, 10))) == bytes(range(10))
    assert bytes(store.get("a/b", ByteRange(256, 5))) == b""
    assert bytes(store.get("a/b", ByteRange(250, 50))) == bytes(range(250, 256))
    assert bytes(store.get("empty")) == b""
    assert bytes(store.get("empty", ByteRange(-4))) == b""
    assert store.get("nothing") is None
    assert store.get("nothing", ByteRange(-4)) is None
    assert [store.size(key) for key in ("a/b", "empty", "nothing")] == [256, 0, None]


def test_keys_of_any_language(site):
    """And with what means something in a URL."""
    keys = ["größe/温度", "a b", "a%20b", "q?x=1", "h#i", "plus+"]
    for key in keys:
        site.files.set(key, key.encode())
    store = HTTPStore(site.url)

    assert [bytes(value).decode() for value in store.get_many(keys)] == keys


def test_a_folder_is_no_value(site):
    """Nginx refuses to list it, and says so."""
    site.files.set("a/b", b"1")

    with pytest.raises(StoreError, match="403"):
        HTTPStore(site.url).get("a")


def test_a_value_that_was_replaced_is_another_version(site):
    """By the tag of the server."""
    site.files.set("a", b"1")
    store = HTTPStore(site.url)
    first = store.get_versioned("a")[1]
    site.files.set("a", b"22")

    assert first is not None
    assert store.get_versioned("a")[1] != first


def test_requests_are_counted_by_the_server(site):
    """One to open, one for each chunk; a shard's index once, and near chunks together."""
    root = zarrpy.create_group(site.files)
    root.create_array("plain", data=FIELD, chunks=(16, 16))
    root.create_array("shards", data=FIELD, chunks=(8, 8), shards=(64, 64))
    plain = zarrpy.open_array(f"{site.url}/plain", mode="r", zarr_format=3)
    assert (plain[20:40, 20:40] == FIELD[20:40, 20:40]).all()
    assert [line[0] for line in site.asked()] == ["GET"] * 5
    before = len(site.asked())

    shards = zarrpy.open_array(f"{site.url}/shards", mode="r", zarr_format=3)
    assert (shards[:8, :8] == FIELD[:8, :8]).all()
    assert (shards[16:24, 8:40] == FIELD[16:24, 8:40]).all()

    ranges = [line[3] for line in site.asked()[before:]]
    assert len(ranges) == 4
    assert ranges[0] == "-"
    assert ranges[1].startswith("bytes=-")


def test_connections_are_used_again(site):
    """As many as requests are under way."""
    zarrpy.create_array(site.files, data=FIELD, chunks=(4, 4))
    store = HTTPStore(site.url, requests=4)

    assert (zarrpy.open_array(store, mode="r")[...] == FIELD).all()

    lines = site.asked()
    assert len(lines) >= 256
    assert len({line[4] for line in lines}) <= 5


def test_references_to_a_file_on_the_server(site):
    """Pieces that lie close together come with one request."""
    site.files.set("x.bin", bytes(range(256)) * 4096)
    refs = {f"v/{i}": [f"{site.url}/x.bin", i * 1000, 500] for i in range(100)}
    store = zarrpy.ReferenceStore(refs)

    found = store.get_many(list(refs))

    whole = bytes(range(256)) * 4096
    assert [bytes(each) for each in found] == [whole[i * 1000 : i * 1000 + 500] for i in range(100)]
    assert len(site.asked()) == 1

"""How many requests reading and writing a bucket takes, as a server before it counts them."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

import zarrpy
from zarrpy.stores import ObjectStore

FIELD = np.arange(64 * 64, dtype="float32").reshape(64, 64)


@pytest.fixture
def make(moto, proxy):
    """A function that makes an array; gives its URL, and options by way of the proxy."""
    options = {"access_key_id": "key", "secret_access_key": "secret", "region": "us-east-1"}

    def make(**keywords):
        url = f"s3://bucket/{uuid.uuid4().hex}"
        store = ObjectStore(url, endpoint=moto, **options)
        zarrpy.create_array(store, data=FIELD, **keywords)
        return url, {**options, "endpoint": proxy.url}

    return make


def told(proxy):
    """Method and range of each request, and no listing among them."""
    assert not [seen for seen in proxy.seen if "list-type" in seen.path]
    return [(seen.method, seen.byte_range) for seen in proxy.seen]


def test_opening_takes_one_request_and_a_chunk_one(make, proxy):
    """Nothing is listed, and nothing looked for that is known."""
    url, options = make(chunks=(16, 16))

    array = zarrpy.open_array(url, mode="r", zarr_format=3, storage_options=options)
    assert told(proxy) == [("GET", None)]
    proxy.forget()
    assert (array[20:40, 20:40] == FIELD[20:40, 20:40]).all()

    assert told(proxy) == [("GET", None)] * 4


def test_opening_without_a_format_looks_for_both(make, proxy):
    """At the same time."""
    url, options = make(chunks=(16, 16))

    zarrpy.open_array(url, mode="r", storage_options=options)

    assert told(proxy) == [("GET", None)] * 4


def test_a_shard_takes_one_request_for_its_index_once(make, proxy):
    """And one for chunks that lie close together; later reads know the index."""
    url, options = make(chunks=(8, 8), shards=(64, 64))
    array = zarrpy.open_array(url, mode="r", zarr_format=3, storage_options=options)
    proxy.forget()

    assert (array[:8, :8] == FIELD[:8, :8]).all()
    kinds = [byte_range.startswith("bytes=-") for _, byte_range in told(proxy)]
    assert kinds == [True, False]
    proxy.forget()
    assert (array[16:24, 8:40] == FIELD[16:24, 8:40]).all()
    assert (array[60:, 60:] == FIELD[60:, 60:]).all()

    assert [method for method, _ in told(proxy)] == ["GET"] * 2


def test_a_whole_shard_is_one_request(make, proxy):
    """Its index comes with it."""
    url, options = make(chunks=(8, 8), shards=(32, 32))
    array = zarrpy.open_array(url, mode="r", zarr_format=3, storage_options=options)
    proxy.forget()

    assert (array[...] == FIELD).all()

    assert told(proxy) == [("GET", None)] * 4


def test_a_shard_that_was_replaced_costs_one_more(make, proxy):
    """What is read is of the new one."""
    url, options = make(chunks=(8, 8), shards=(64, 64))
    array = zarrpy.open_array(url, mode="r", zarr_format=3, storage_options=options)
    array[:8, :8]
    other = {**options, "endpoint": proxy.url}
    zarrpy.open_array(url, storage_options=other)[:32] = 5
    proxy.forget()

    assert (array[:8, :8] == 5).all()

    assert [method for method, _ in told(proxy)] == ["GET"] * 3


def test_a_consolidated_hierarchy_is_opened_by_one_request(moto, proxy):
    """Whatever is in it."""
    options = {"access_key_id": "key", "secret_access_key": "secret", "region": "us-east-1"}
    url = f"s3://bucket/{uuid.uuid4().hex}"
    root = zarrpy.create_group(ObjectStore(url, endpoint=moto, **options))
    for i in range(5):
        root.create_array(f"g/{i}", data=[i])
    zarrpy.consolidate_metadata(root.store)

    options["endpoint"] = proxy.url
    group = zarrpy.open_consolidated(url, zarr_format=3, storage_options=options)
    names = [group["g"][name].shape for name in sorted(group["g"])]

    assert names == [(1,)] * 5
    assert told(proxy) == [("GET", None)]


def test_writing_whole_chunks_reads_nothing(make, proxy):
    """One request a chunk, or a shard; a part of a chunk takes one more, to read it.

    With the first part it is tried out what conditions the service keeps.
    """
    url, options = make(chunks=(16, 16))
    array = zarrpy.open_array(url, zarr_format=3, storage_options=options)
    array[0, 0] = 0
    proxy.forget()

    array[:32, :32] = 1
    assert told(proxy) == [("PUT", None)] * 4
    proxy.forget()
    array[:8, :8] = 2

    assert told(proxy) == [("GET", None), ("PUT", None)]


def test_changing_attributes_takes_one_request_to_write(make, proxy):
    """When nobody comes between; the first time it is tried out what conditions are kept."""
    url, options = make(chunks=(16, 16))
    array = zarrpy.open_array(url, zarr_format=3, storage_options=options)
    array.attrs["a"] = 1
    proxy.forget()

    array.attrs["b"] = 2

    assert [method for method, _ in told(proxy)].count("PUT") == 1
    assert len(proxy.seen) <= 6  # consolidated documents that may be above it among them

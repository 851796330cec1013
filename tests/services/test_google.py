"""Google's storage by the client that users have, against a server of ours that speaks as it does.

The suite against Google's own service is in `test_services`; it runs where ZARRPY_GCS_URL names a
bucket.
"""

from __future__ import annotations

import pickle
import uuid

import numpy as np
import pytest
import writers

import zarrpy
from tests.services.google_server import serving
from zarrpy.errors import StoreError
from zarrpy.stores import ObjectStore
from zarrpy.testing.store_contract import StoreContract

FIELD = np.arange(64 * 64, dtype="float32").reshape(64, 64)


@pytest.fixture(scope="module")
def google():
    """A server with an empty bucket."""
    with serving() as google:
        yield google


@pytest.fixture
def options(google):
    """Options of stores of the server."""
    return {"service_account_key": google.account, "retries": 1}


@pytest.fixture
def url():
    """A part of the bucket that is this test's own."""
    return f"gs://bucket/{uuid.uuid4().hex}"


class TestGoogle(StoreContract):
    """obstore's client for Google keeps the contract and compares generations."""

    nkeys = 1200
    exchanges = True

    @pytest.fixture
    def store(self, url, options):
        return ObjectStore(url, **options)

    @pytest.fixture
    def another(self, store):
        return pickle.loads(pickle.dumps(store))


def test_shards_are_written_and_read_in_part(url, options):
    """By URL and options."""
    root = zarrpy.create_group(url, storage_options=options)
    array = root.create_array("t", data=FIELD, chunks=(8, 8), shards=(32, 32))
    array[10:20, 10:20] = -1
    array.attrs["unit"] = "K"

    expected = FIELD.copy()
    expected[10:20, 10:20] = -1
    again = zarrpy.open(url, mode="r", storage_options=options)["t"]
    assert (again[5:50, 3:60] == expected[5:50, 3:60]).all()
    assert again.attrs["unit"] == "K"


def test_large_values_are_sent_in_parts(url, options, google):
    """And come back whole."""
    store = ObjectStore(url, part_nbytes=5 << 20, **options)
    value = np.random.default_rng(0).bytes((12 << 20) + 1)
    google.seen.clear()

    store.set("a", value)

    assert sum("partNumber" in path for _, path in google.seen) == 3
    assert store.get("a") == value


def test_what_is_not_there_is_not_taken_for_an_absent_key(options):
    """A bucket that does not exist is an error."""
    with pytest.raises(StoreError, match="create the bucket"):
        ObjectStore("gs://nothere", **options).get("a")


def test_processes_that_write_parts_of_one_chunk_lose_nothing(url, options):
    """Whoever comes second reads again."""
    store = ObjectStore(url, **options)
    assert (writers.race(store, 4) == writers.expected(4)).all()

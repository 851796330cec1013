"""Tests of `zarrpy.stores.obstore` against Azurite and Ceph's gateway for S3."""

from __future__ import annotations

import pickle
import threading
import uuid
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import zarrpy
from tests.services.objects.servers import AZURITE_ACCOUNT, AZURITE_KEY, KEYS
from zarrpy.errors import NodeExistsError, StoreError
from zarrpy.stores import ByteRange, ObjectStore
from zarrpy.stores.obstore import UnguardedUpdateWarning
from zarrpy.testing.store_contract import StoreContract

pytestmark = pytest.mark.services

FIELD = np.arange(64 * 64, dtype="float32").reshape(64, 64)


@pytest.fixture
def azure(azurite):
    """Options of stores in Azurite."""
    return {
        "account_name": AZURITE_ACCOUNT,
        "account_key": AZURITE_KEY,
        "endpoint": azurite,
        "retries": 1,
    }


@pytest.fixture
def ceph(radosgw):
    """Options of stores in Ceph."""
    return {**KEYS, "region": "us-east-1", "endpoint": radosgw, "retries": 1}


class TestAzure(StoreContract):
    """Azure's service, as Azurite emulates it, keeps the contract and compares before it swaps."""

    nkeys = 1200
    exchanges = True

    @pytest.fixture
    def store(self, azure):
        return ObjectStore(f"az://bucket/{uuid.uuid4().hex}", **azure)

    @pytest.fixture
    def another(self, store):
        return pickle.loads(pickle.dumps(store))


@pytest.mark.filterwarnings("ignore::zarrpy.stores.obstore.UnguardedUpdateWarning")
class TestCeph(StoreContract):
    """So does Ceph, but that it takes tags without quotes only, and so compares none of ours."""

    nkeys = 1200

    @pytest.fixture
    def store(self, ceph):
        return ObjectStore(f"s3://bucket/{uuid.uuid4().hex}", **ceph)

    @pytest.fixture
    def another(self, store):
        return pickle.loads(pickle.dumps(store))


def test_ends_of_values_are_read_by_their_size(azure):
    """Azure has no request for the last bytes; that is found out once."""
    store = ObjectStore(f"az://bucket/{uuid.uuid4().hex}", **azure)
    store.set("a", b"0123456789")

    assert bytes(store.get("a", ByteRange(-3))) == b"789"
    assert bytes(store.get("a", ByteRange(-30))) == b"0123456789"
    assert store.get("b", ByteRange(-3)) is None


@pytest.mark.parametrize("service", ["azure", "ceph"])
def test_shards_are_read_in_part(service, request):
    """And written in part, by URL and options."""
    options = request.getfixturevalue(service)
    scheme = {"azure": "az", "ceph": "s3"}[service]
    url = f"{scheme}://bucket/{uuid.uuid4().hex}"
    root = zarrpy.create_group(url, storage_options=options)
    array = root.create_array("t", data=FIELD, chunks=(8, 8), shards=(32, 32))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UnguardedUpdateWarning)
        array[10:20, 10:20] = -1
        array.attrs["unit"] = "K"

    expected = FIELD.copy()
    expected[10:20, 10:20] = -1
    again = zarrpy.open(url, mode="r", storage_options=options)["t"]
    assert (again[5:50, 3:60] == expected[5:50, 3:60]).all()
    assert again.attrs["unit"] == "K"


@pytest.mark.parametrize("service", ["azure", "ceph"])
def test_large_values_are_sent_in_parts(service, request):
    """And come back whole."""
    options = request.getfixturevalue(service)
    scheme = {"azure": "az", "ceph": "s3"}[service]
    store = ObjectStore(f"{scheme}://bucket/{uuid.uuid4().hex}", part_nbytes=5 << 20, **options)
    value = np.random.default_rng(0).bytes((12 << 20) + 1)

    store.set("a", value)

    assert store.get("a") == value


@pytest.mark.parametrize("service", ["azure", "ceph"])
def test_of_many_who_create_the_same_node_one_does(service, request):
    """The others are told that it is there, and it stays as that one has made it."""
    options = request.getfixturevalue(service)
    scheme = {"azure": "az", "ceph": "s3"}[service]
    url = f"{scheme}://bucket/{uuid.uuid4().hex}"
    stores = [ObjectStore(url, **options, timeout=60 + i) for i in range(6)]  # clients of their own
    start = threading.Barrier(len(stores))

    def create(i):
        start.wait()
        try:
            zarrpy.create_array(stores[i], shape=(4,), dtype="i4", fill_value=i)
        except NodeExistsError:
            return False
        return True

    with ThreadPoolExecutor(len(stores)) as pool:
        done = list(pool.map(create, range(len(stores))))

    assert done.count(True) == 1
    array = zarrpy.open_array(url, mode="r", storage_options=options)
    assert array.fill_value == done.index(True)


@pytest.mark.parametrize("service", ["azure", "ceph"])
def test_replacing_leaves_nothing_of_the_old_array(service, request):
    """Whether new chunks come with it or not."""
    options = request.getfixturevalue(service)
    scheme = {"azure": "az", "ceph": "s3"}[service]
    store = ObjectStore(f"{scheme}://bucket/{uuid.uuid4().hex}", **options)
    zarrpy.create_array(store, data=FIELD, chunks=(8, 8))

    zarrpy.create_array(store, data=FIELD[:16, :16] + 1, chunks=(16, 16), overwrite=True)
    assert sorted(store.list()) == ["c/0/0", "zarr.json"]
    assert (zarrpy.open_array(store, mode="r")[...] == FIELD[:16, :16] + 1).all()
    zarrpy.create_array(store, shape=(8,), dtype="i4", overwrite=True, zarr_format=2)

    assert list(store.list()) == [".zarray"]


@pytest.mark.parametrize("service", ["azure", "ceph"])
def test_what_is_not_there_or_not_allowed_is_an_error(service, request):
    """It is never taken for an absent key."""
    options = request.getfixturevalue(service)
    scheme, name = {"azure": ("az", "account_key"), "ceph": ("s3", "secret_access_key")}[service]

    with pytest.raises(StoreError, match="create the"):
        ObjectStore(f"{scheme}://nothere", **options).get("a")
    wrong = {**options, name: "d3Jvbmc="}
    with pytest.raises(StoreError, match="credentials"):
        ObjectStore(f"{scheme}://bucket", **wrong).get("a")


def test_what_ceph_compares_is_found_out(ceph):
    """It creates only what is absent, but refuses the right version as well."""
    store = ObjectStore(f"s3://bucket/{uuid.uuid4().hex}", **ceph, exchanges=True)

    with pytest.raises(StoreError, match="does not compare"):
        store.update("a", lambda value: b"1")
    assert list(store.list()) == []

"""File systems of fsspec for buckets, behind `FsspecStore`, against servers that others start."""

import os
import uuid
import warnings

import fsspec
import numpy as np
import pytest
import zarr

import zarrpy
from zarrpy.errors import StoreError
from zarrpy.stores import ByteRange, FsspecStore
from zarrpy.stores.zarr_python import ZarrPythonStore
from zarrpy.testing.store_contract import StoreContract

FIELD = np.arange(64 * 64, dtype="float32").reshape(64, 64)
S3 = {
    "key": "key",
    "secret": "secret",
    "endpoint_url": os.environ.get("ZARRPY_MOTO_URL"),
    "client_kwargs": {"region_name": "us-east-1"},
}
GCS = {"endpoint_url": os.environ.get("ZARRPY_GCS_EMULATOR_URL"), "token": "anon"}
PLACES = {"s3": S3, "gs": GCS}


@pytest.fixture
def url(request):
    """A part of the bucket that is this test's own."""
    return f"{getattr(request, 'param', 's3')}://bucket/{uuid.uuid4().hex}"


class TestS3fs(StoreContract):
    """s3fs, as moto serves it, keeps the contract."""

    nkeys = 100

    @pytest.fixture
    def store(self, url):
        return FsspecStore(url, **S3)

    @pytest.fixture
    def another(self, url):
        return FsspecStore(url, **S3)


class TestGcsfs(StoreContract):
    """So does gcsfs, as an emulator of Google's storage serves it."""

    nkeys = 100

    @pytest.fixture
    def store(self):
        return FsspecStore(f"gs://bucket/{uuid.uuid4().hex}", **GCS)

    test_keys_are_taken_as_they_are = None  # the emulator cuts addresses at a semicolon


class TestZarrPythonOverS3(StoreContract):
    """And zarr-python's store over s3fs, whose connections belong to its loop."""

    nkeys = 100

    @pytest.fixture
    def store(self, url):
        return ZarrPythonStore(zarr.storage.FsspecStore.from_url(url, storage_options=S3))


@pytest.mark.parametrize("scheme", PLACES)
def test_an_array_is_written_and_read_in_part(scheme):
    """In shards, which are read by ranges."""
    store = FsspecStore(f"{scheme}://bucket/{uuid.uuid4().hex}", **PLACES[scheme])
    array = zarrpy.create_array(store, data=FIELD, chunks=(8, 8), shards=(32, 32))
    array[10:20, 10:20] = -1

    expected = FIELD.copy()
    expected[10:20, 10:20] = -1
    assert (zarrpy.open_array(store, mode="r")[5:50, 3:60] == expected[5:50, 3:60]).all()


def test_both_libraries_use_one_store_in_turn(url):
    """On the loop of zarr-python."""
    theirs = zarr.storage.FsspecStore.from_url(url, storage_options=S3)
    zarr.create_array(theirs, name="a", data=FIELD, chunks=(16, 16))

    ours = zarrpy.open_array(theirs, path="a")
    ours[:3] = 5

    assert (zarr.open_array(theirs, path="a")[:3] == 5).all()
    assert (ours[3:] == FIELD[3:]).all()


def test_a_zip_file_in_a_bucket_is_a_chain(url, tmp_path):
    """Of which only ranges are read."""
    with zarrpy.create_group(tmp_path / "a.zip") as root:
        root.create_array("in/it", data=FIELD, chunks=(16, 16))
    fsspec.filesystem("s3", **S3).put_file(str(tmp_path / "a.zip"), f"{url}/a.zip")

    for place in (f"{url}/a.zip|zip:in/it", f"zip://in/it::{url}/a.zip"):
        options = S3 if "|" in place else {"s3": S3}
        array = zarrpy.open_array(place, mode="r", storage_options=options)
        assert (array[20:40] == FIELD[20:40]).all()


def test_references_lead_into_a_bucket(url):
    """By our client for it."""
    fs = fsspec.filesystem("s3", **S3)
    fs.pipe_file(f"{url}/x.bin", FIELD.tobytes())
    options = {"key": "key", "secret": "secret", "endpoint_url": S3["endpoint_url"]}
    refs = {f"v/{i}": [f"{url}/x.bin", i * 256, 256] for i in range(64)}
    store = zarrpy.ReferenceStore(refs, remote_options={**options, "region_name": "us-east-1"})

    found = store.get_many(list(refs))

    assert b"".join(bytes(each) for each in found) == FIELD.tobytes()


@pytest.mark.parametrize("scheme", PLACES)
def test_a_bucket_that_is_not_there_is_an_error(scheme):
    """And no absent key."""
    store = FsspecStore(f"{scheme}://nobucket{uuid.uuid4().hex}", **PLACES[scheme])

    with pytest.raises(StoreError):
        store.set("a", b"1")
    if scheme == "s3":
        with pytest.raises(StoreError):
            store.get("a", ByteRange(0, 1))


@pytest.fixture(autouse=True)
def quiet():
    """Their own warnings are not ours."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield

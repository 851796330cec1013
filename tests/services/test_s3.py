"""Tests of `zarrpy.stores.obstore` against a server of S3."""

from __future__ import annotations

import errno
import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
import uuid
from pathlib import Path

import numpy as np
import pytest
import writers

import zarrpy
from zarrpy.errors import ConflictError, MissingDependencyError, StoreError
from zarrpy.stores import ByteRange, ObjectStore, PrefixStore
from zarrpy.stores.obstore import UnguardedUpdateWarning
from zarrpy.testing.store_contract import StoreContract

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "s3.py"
OPTIONS = {"access_key_id": "key", "secret_access_key": "secret", "region": "us-east-1"}


@pytest.fixture
def url():
    """A part of the bucket that is this test's own."""
    return f"s3://bucket/{uuid.uuid4().hex}"


@pytest.fixture
def options(moto):
    """Options of stores of the server; requests that fail are not repeated for long."""
    return {**OPTIONS, "endpoint": moto, "retries": 1}


@pytest.fixture
def store(url, options):
    """A new empty store."""
    return ObjectStore(url, **options)


@pytest.fixture
def proxied(url, options, proxy):
    """A store by way of the proxy."""
    return ObjectStore(url, **{**options, "endpoint": proxy.url})


class TestObjectStore(StoreContract):
    """A store of a bucket keeps the contract of stores."""

    nkeys = 1200  # more than one page of a listing
    exchanges = True

    @pytest.fixture
    def store(self, url, options):
        return ObjectStore(url, **options)

    @pytest.fixture
    def another(self, store):
        return pickle.loads(pickle.dumps(store))


@pytest.mark.long
class TestObjectStoreOfManyKeys(TestObjectStore):
    """Ten thousand keys take their time."""

    nkeys = 10_000


def test_a_url_and_options_make_an_array(url, options):
    """Written and read by its URL."""
    array = zarrpy.create_array(f"{url}/a", data=np.arange(10), storage_options=options)

    assert array.store.label == f"{url}/a"
    found = zarrpy.open(f"{url}/a", mode="r", storage_options=options)
    assert found[...].tolist() == list(range(10))


def test_options_may_have_the_names_of_others(url, moto, store):
    """Those of fsspec's file systems, as many notebooks have them."""
    store.set("a", b"1")
    names = {"key": "key", "secret": "secret", "endpoint_url": moto}
    nested = {**names, "client_kwargs": {"region_name": "us-east-1"}}

    assert ObjectStore(url, **names).get("a") == b"1"
    assert ObjectStore(url, **nested).get("a") == b"1"
    with pytest.raises(StoreError, match="403") as caught:  # it is not for everybody
        ObjectStore(url, anon=True, endpoint_url=moto).get("a")
    assert caught.value.errno == errno.EACCES


def test_credentials_and_addresses_come_from_the_environment(url, moto, store, monkeypatch):
    """By the names that the tools of the service have for them."""
    store.set("a", b"1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "key")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    monkeypatch.setenv("AWS_REGION", "us-east-1")

    assert ObjectStore(url).get("a") == b"1"


def test_an_option_that_is_not_known_is_named(url):
    """None is passed over."""
    with pytest.raises(StoreError, match="nonsense"):
        ObjectStore(url, nonsense=1)


def test_a_store_shows_no_secrets(store):
    """Neither its name nor its errors."""
    assert "secret" not in repr(store) + store.label + store.place_of("x")


def test_a_bucket_that_does_not_exist_is_an_error(options):
    """It is not a key that is absent."""
    store = ObjectStore(f"s3://nobucket-{uuid.uuid4().hex}", **options)

    with pytest.raises(StoreError, match=r"NoSuchBucket.*create the bucket"):
        store.get("a")
    with pytest.raises(StoreError, match="NoSuchBucket"):
        list(store.list())
    with pytest.raises(StoreError, match="NoSuchBucket"):
        store.set("a", b"1")


@pytest.mark.parametrize("status", [403, 500, 503])
def test_what_the_service_refuses_is_an_error_that_names_the_key(proxied, proxy, status):
    """It is never taken for an absent key, whatever was asked."""
    proxied.set("a/b", b"1")
    proxy.fault = lambda seen: status

    for ask in (
        lambda: proxied.get("a/b"),
        lambda: proxied.get("a/b", ByteRange(0, 1)),
        lambda: proxied.get("a/b", ByteRange(-1)),
        lambda: proxied.get_many(["a/b", "a/c"]),
        lambda: proxied.exists("a/b"),
        lambda: proxied.set("a/b", b"2"),
        lambda: proxied.delete("a/b"),
    ):
        with pytest.raises(StoreError, match=r"'a/[bc]'") as caught:
            ask()
        assert caught.value.__cause__ is not None
        assert str(caught.value).isprintable()


def test_an_answer_that_is_cut_off_is_an_error(proxied, proxy):
    """A part of a value is never given for the whole."""
    proxied.set("a", bytes(1000))
    proxy.cut = 10

    with pytest.raises(StoreError, match="'a'"):
        proxied.get("a")
    with pytest.raises(StoreError, match="'a'"):
        proxied.get("a", ByteRange(0, 500))


def test_a_server_that_is_not_there_is_an_error(url):
    """After as many attempts as were asked for."""
    options = {**OPTIONS, "endpoint": "http://127.0.0.1:9", "retries": 0, "timeout": 5}

    with pytest.raises(StoreError, match="'a'"):
        ObjectStore(url, **options).get("a")


def test_a_server_that_fails_for_a_while_is_asked_again(proxied, proxy):
    """As often as `retries` says."""
    proxied.set("a", b"1")
    left = [503]
    proxy.fault = lambda seen: left.pop() if left else None

    assert proxied.get("a") == b"1"


def test_requests_are_made_at_the_same_time_and_no_more_than_wanted(url, options, proxy):
    """Never more than `requests`, which the settings say otherwise."""
    store = ObjectStore(url, **{**options, "endpoint": proxy.url}, requests=3)
    store.set_many([str(i) for i in range(12)], [b"1"] * 12)
    lock, now, most = threading.Lock(), [0], [0]
    gate = threading.Barrier(3, timeout=30)

    def fault(seen):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        gate.wait()  # three are there at once, or this breaks
        with lock:
            now[0] -= 1

    proxy.fault = fault
    assert store.get_many([str(i) for i in range(12)]) == [b"1"] * 12

    assert most[0] == 3
    assert ObjectStore(url, **options).requests == zarrpy.config.requests
    with zarrpy.config.set(requests=5):
        assert ObjectStore(url, **options).requests == 5


def test_large_values_are_sent_in_parts(url, options, proxy):
    """Each of them a request."""
    store = ObjectStore(url, **{**options, "endpoint": proxy.url}, part_nbytes=5 << 20)
    value = np.random.default_rng(0).bytes((12 << 20) + 1)

    store.set("a", value)

    assert len(proxy.of("PUT")) == 3
    assert store.get("a") == value


def test_many_keys_are_deleted_with_one_request(proxied, proxy):
    """And listed with one."""
    proxied.set_many([f"a/{i}" for i in range(20)], [b"1"] * 20)
    proxy.forget()

    proxied.delete_prefix("a/")

    assert [seen.method for seen in proxy.seen] == ["GET", "POST"]
    assert list(proxied.list()) == []


@pytest.mark.parametrize("keys", [["a"], ["a", "b", "c"]])
def test_a_deletion_whose_connection_is_cut_is_asked_for_again(proxied, proxy, keys):
    """It does no harm to delete twice; a server that never answers is an error."""
    for key in keys:
        proxied.set(key, b"1")
    proxy.forget()

    def cut(seen):
        if len(proxy.seen) < 3:
            raise ConnectionError("cut")

    proxy.fault = cut
    proxied.set_many(keys, [None] * len(keys))

    assert list(proxied.list()) == []
    assert len(proxy.of("POST")) == 3


def test_processes_that_change_one_value_lose_nothing(store):
    """The service turns away who comes second, who then sees what the first has done."""
    store.update("count", lambda value: b"0")
    spawn = multiprocessing.get_context("spawn")
    workers = [spawn.Process(target=count, args=(store, 10)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    assert store.get("count") == b"30"


def test_processes_that_write_parts_of_one_chunk_lose_nothing(store):
    """Whoever comes second reads again, and writes into what the first has written."""
    assert (writers.race(store, 4) == writers.expected(4)).all()


def test_a_part_that_another_writes_into_a_chunk_that_empties_stays(store, proxied, proxy):
    """No object is deleted that was not compared; chunks that are written whole are deleted."""
    other = zarrpy.create_array(store, shape=(8,), chunks=(8,), dtype="i4")
    other[0] = 1
    array = zarrpy.open_array(proxied)
    array[:1]  # whatever is found out once
    left = [7]

    def meanwhile(seen):
        if seen.method in ("PUT", "DELETE", "POST") and seen.path.endswith("/c/0") and left:
            other[left.pop()] = 5

    proxy.fault = meanwhile
    array[0] = 0
    assert left == []
    assert other[...].tolist() == [0] * 7 + [5]

    array[7] = 0
    assert store.exists("c/0")
    assert other[...].tolist() == [0] * 8
    array[:] = 0
    assert not store.exists("c/0")


FORKED = """
import os, sys, warnings
from zarrpy.errors import StoreError
from zarrpy.stores import ObjectStore

warnings.simplefilter("ignore")  # newer Pythons warn of forks
store = ObjectStore(
    sys.argv[1], endpoint=sys.argv[2], access_key_id="key", secret_access_key="secret",
    region="us-east-1",
)
if sys.argv[3] == "used":
    store.set("a", b"1")
child = os.fork()
if child == 0:
    try:
        store.set("b", b"2")
    except StoreError as error:
        print(error, flush=True)
        os._exit(0 if sys.argv[3] == "used" and "spawn" in str(error) else 1)
    os._exit(0 if sys.argv[3] == "unused" and store.get("b") == b"2" else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork: run this on Linux or macOS")
@pytest.mark.parametrize("before", ["used", "unused"])
def test_a_forked_process_never_waits_for_ever(url, moto, before):
    """It is told to be spawned, unless nobody had made a request before."""
    command = [sys.executable, "-c", FORKED, url, moto, before]

    run = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert run.returncode == 0, run.stdout + run.stderr


def test_the_example_runs(url, moto):
    """As its first lines say, with the credentials in the environment."""
    command = [sys.executable, str(EXAMPLE), url, "--endpoint", moto, "--region", "us-east-1"]
    names = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}

    run = subprocess.run(
        command, env={**os.environ, **names}, capture_output=True, text=True, check=False
    )

    assert run.returncode == 0, run.stderr
    assert "one time series" in run.stdout


def count(store, times):
    """Add to a number, in another process."""
    for _ in range(times):
        store.update("count", lambda value: b"%d" % (int(bytes(value)) + 1))


def test_others_who_are_always_faster_are_a_conflict(store):
    """After the patience of the settings."""
    store.set("a", b"0")

    def change(value):
        store.set("a", bytes(value) + b"!")
        return b"mine"

    with zarrpy.config.set(lock_timeout=0.2), pytest.raises(ConflictError, match="again and again"):
        store.update("a", change)
    assert set(bytes(store.get("a"))) == set(b"0!")


def test_a_service_that_compares_nothing_is_found_out(url, options, proxy):
    """By trying; it is warned of once, refused where that is asked for, and taken where it is."""
    store = ObjectStore(url, **{**options, "endpoint": proxy.url})
    with proxy.dropping("If-Match", "If-None-Match"):
        with pytest.warns(UnguardedUpdateWarning, match="exchanges=False"):
            store.update("a", lambda value: b"1")
        store.update("a", lambda value: bytes(value) + b"2")
        strict = ObjectStore(url, **{**options, "endpoint": proxy.url}, exchanges=True)
        with pytest.raises(StoreError, match="does not compare"):
            strict.update("a", lambda value: b"3")

    assert store.get("a") == b"12"
    assert list(store.list()) == ["a"]


def test_a_store_goes_to_another_process_as_its_configuration(store):
    """It reaches the same values there."""
    store.set("a", b"1")
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(read, (store,)) == b"1"


def read(store):
    """Read in another process."""
    return bytes(store.get("a"))


def test_stores_of_one_bucket_share_their_locks(url, options):
    """Whatever their prefixes."""
    outer, inner = ObjectStore(url, **options), ObjectStore(f"{url}/a", **options)

    assert outer.lock_scope == inner.lock_scope
    assert list(outer.lock_names(["a/b"])) == list(inner.lock_names(["b"]))
    assert outer.locus("a/b") == inner.locus("b")
    assert outer.overlaps("a", inner, "")
    assert not outer.overlaps("ab", inner, "")


def test_an_identity_changes_with_the_value(store, url, options):
    """And is the same for all who see the same."""
    store.set("a", b"1")
    before = store.identity("a")
    assert before == ObjectStore(url, **options).identity("a")
    assert before == PrefixStore(ObjectStore(url, **options), "").identity("a")

    store.set("a", b"2")

    assert store.identity("a") != before


def test_a_missing_package_is_named_with_its_command(monkeypatch):
    """It is the error of the import, with what to do."""
    monkeypatch.setitem(__import__("sys").modules, "obstore", None)

    with pytest.raises(MissingDependencyError, match=r"pip install 'zarrpy\[cloud\]'"):
        zarrpy.open("s3://bucket/a")

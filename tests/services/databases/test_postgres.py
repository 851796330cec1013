"""Tests of `zarrpy.stores.postgres`, against a cluster of PostgreSQL."""

import pickle
import subprocess
import sys
import threading
import uuid

import numpy as np
import pytest
import writers

import zarrpy
from zarrpy.errors import LockTimeoutError, StoreError
from zarrpy.stores import PostgresStore, PrefixStore, RetryStore, as_store
from zarrpy.stores.base import ByteRange
from zarrpy.stores.postgres_connections import public, split
from zarrpy.testing.store_contract import StoreContract

pytestmark = pytest.mark.services


@pytest.fixture
def table():
    """A name that no other test has."""
    return f"t_{uuid.uuid4().hex}"


@pytest.fixture
def store(postgres, table):
    """A store in a new table."""
    with PostgresStore(postgres, table) as store:
        yield store


class TestPostgresStore(StoreContract):
    """A table keeps the contract of stores."""

    exchanges = True

    @pytest.fixture
    def store(self, postgres, table):
        with PostgresStore(postgres, table) as store:
            yield store

    @pytest.fixture
    def another(self, postgres, table):
        return PostgresStore(postgres, table)


class TestPartOfPostgresStore(StoreContract):
    """So does a part of a table with a name of its own, beside others."""

    @pytest.fixture
    def store(self, postgres):
        name = f'my "own" {uuid.uuid4()}'
        PostgresStore(postgres, name).set("other", b"1")
        return PrefixStore(PostgresStore(postgres, name), "a/path")


def test_a_batch_is_one_transaction(postgres, store):
    """All of it or nothing, when a value cannot be stored."""
    import psycopg

    store.set("a", b"old")
    with psycopg.connect(postgres) as connection:
        connection.execute(f"ALTER TABLE {store.table} ADD CHECK (k <> 'bad')")

    with pytest.raises(StoreError, match="check constraint") as caught:
        store.set_many(["a", "bad"], [b"new", b"1"])

    assert not caught.value.transient

    assert store.get("a") == b"old"


def test_reading_makes_no_table(postgres, store):
    """Neither does opening."""
    assert store.get("a") is None
    assert store.get("a", ByteRange(-4)) is None
    assert list(store.list()) == store.list_dir() == []
    assert store.get_many(["a", "b"]) == [None, None]
    import psycopg

    with psycopg.connect(postgres) as connection:
        found = connection.execute("SELECT to_regclass(%s)", (store.table,)).fetchone()
    assert found == (None,)


def test_a_part_is_cut_out_by_the_database(postgres, store):
    """Values are kept so that it need not read the rest."""
    store.set("a", bytes(range(256)) * 4096)
    import psycopg

    with psycopg.connect(postgres) as connection:
        kept = connection.execute(
            "SELECT attstorage FROM pg_attribute WHERE attrelid = %s::regclass AND attname = 'v'",
            (store.table,),
        ).fetchone()

    assert kept == ("e",) or kept == (b"e",)
    assert store.get("a", ByteRange(-3, 2)) == b"\xfd\xfe"
    assert store.get("a", ByteRange(1 << 40, 5)) == b""
    assert store.get("a", ByteRange(-(1 << 40), 2)) == b"\0\1"
    assert store.get("a", ByteRange(255, 1 << 40))[:2] == b"\xff\0"


@pytest.mark.parametrize("scheme", ["postgresql", "postgres"])
def test_urls(postgres, table, scheme):
    """With the table in the URL, or as an option; schema and table may need to be quoted."""
    url = scheme + postgres.removeprefix("postgresql")
    store = as_store(f"{url}?table={table}&application_name=mine")
    zarrpy.create_array(store, data=np.arange(10), chunks=4, name="deep/a")

    again = zarrpy.open(url, path="deep/a", storage_options={"table": table})
    assert again[...].tolist() == list(range(10))
    assert store.label.endswith(f"#{table}")


def test_several_hosts_are_tried_in_order(postgres, table):
    """As libpq does: one that does not answer is passed over."""
    host = postgres.partition("@")[2].partition("/")[0]
    url = postgres.replace(host, f"127.0.0.1:1,{host}") + "?target_session_attrs=read-write"

    store = PostgresStore(url, table)
    store.set("a", b"1")

    assert PostgresStore(postgres, table).get("a") == b"1"


def test_a_server_that_does_not_answer_is_an_error_that_passes():
    """So that it may be asked again; the password is not told."""
    store = PostgresStore("postgresql://me:secret@127.0.0.1:1/db?connect_timeout=2")

    with pytest.raises(StoreError, match=r"me@127\.0\.0\.1:1/db") as caught:
        store.get("a")

    assert caught.value.transient
    assert caught.value.__cause__ is not None
    assert "secret" not in str(caught.value) + repr(store) + store.label


def test_connections_that_were_cut_are_replaced(postgres, store):
    """The error passes: a store that asks again does not notice."""
    import psycopg

    store.set("a", b"1")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name='zarrpy'"
        )

    assert RetryStore(store, delay=0.01).get("a") == b"1"


def test_arrays_share_a_table(store, body):
    """Several, by their paths; grown, changed in part, read in part."""
    values = np.arange(60, dtype="f4").reshape(6, 10)
    group = zarrpy.create_group(store)
    array = group.create_array("deep/a", data=values, chunks=(2, 5), shards=(4, 10))
    array[1:3, ::2] = -1
    array.append(values[:2])
    group.create_array("b", data=[1, 2, 3])
    values = np.concatenate([values, values[:2]])
    values[1:3, ::2] = -1

    assert np.array_equal(zarrpy.open(store)["deep/a"][...], values)
    assert zarrpy.open(store)["b"][...].tolist() == [1, 2, 3]
    assert zarrpy.open(store, path="deep/a")[5, 3] == values[5, 3]


WRITER = """
import sys, zarrpy
from zarrpy.stores import PostgresStore
array = zarrpy.open(PostgresStore(*sys.argv[1:3]), mode="r+")
for i in range(10):
    array.append([int(sys.argv[3])] * 3)
"""


def test_processes_that_append_lose_nothing(postgres, store):
    """They wait for each other, on whatever machine they are."""
    zarrpy.create_array(store, shape=(0,), chunks=(8,), dtype="i4")
    command = [sys.executable, "-c", WRITER, postgres, store.table]
    writers = [subprocess.Popen([*command, str(i)]) for i in (1, 2)]
    assert [writer.wait(120) for writer in writers] == [0, 0]

    assert sorted(zarrpy.open(store)[...].tolist()) == [1] * 30 + [2] * 30


def test_updates_from_several_connections_are_all_seen(postgres, store):
    """Of a key that is there, and of one that all make at the same time."""
    others = [PostgresStore(postgres, store.table) for _ in range(4)]

    def add(other, key):
        for _ in range(20):
            other.update(key, lambda value: b"%d" % (int(bytes(value or b"0")) + 1))

    for key in ("a", "b"):
        threads = [threading.Thread(target=add, args=(other, key)) for other in others]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert store.get(key) == b"80"


def test_a_batch_of_keys_in_any_order_never_waits_in_a_circle(store):
    """Rows are taken in one order."""
    keys, failed = [f"k{i}" for i in range(40)], []

    def write(order):
        try:
            for _ in range(15):
                store.set_many(order, [b"1"] * len(order))
        except StoreError as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(o,)) for o in (keys, keys[::-1]) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []


def test_waiting_for_a_lock_ends_with_an_error(postgres, store):
    """Its holder may be on another machine."""
    other = PostgresStore(postgres, store.table)
    with other.exclusive("a"), pytest.raises(LockTimeoutError, match="lock_timeout"):
        store.exclusive("a", 0.05)

    with store.exclusive("a", 0.05) as lock:
        lock.commit(b"1")
    assert store.get("a") == b"1"


def test_a_version_never_comes_again(store):
    """Also of a value that is the same as before."""
    seen = [store.version("a")]
    for value in (b"1", b"2", b"1"):
        store.set("a", value)
        seen.append(store.version("a"))
    store.update("a", lambda value: b"1")
    seen.append(store.version("a"))

    assert len(set(seen)) == len(seen)


def test_a_pickled_store_reads_the_same(store):
    """With connections of its own process."""
    store.set("a", b"1")

    assert pickle.loads(pickle.dumps(store)).get("a") == b"1"


def test_a_name_is_given_to_itself(store):
    """Nothing is lost."""
    store.set("a", b"1")

    assert store.rename("a", "a")
    assert store.get("a") == b"1"


def test_what_is_ours_in_a_url_is_taken_out():
    """The rest is libpq's."""
    assert split("postgres://u@h:1,h:2/d?table=a%20b&schema=s&sslmode=require") == (
        "postgresql://u@h:1,h:2/d?sslmode=require",
        {"table": "a b", "schema": "s"},
    )
    assert public("postgresql://u:p%40@h:1,h:2/d?password=x") == "postgresql://u@h:1,h:2/d"


def test_processes_that_write_parts_of_one_chunk_lose_nothing(store):
    """Each has columns of its own in the same two chunks."""
    assert (writers.race(store, 5) == writers.expected(5)).all()

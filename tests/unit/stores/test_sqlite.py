"""Tests of `zarrpy.stores.sqlite`: one file, changed in transactions."""

import builtins
import gc
import os
import pickle
import sqlite3
import subprocess
import sys
import threading

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import LockTimeoutError, StoreError
from zarrpy.stores import LocalStore, PrefixStore, SQLiteStore
from zarrpy.stores.base import ByteRange
from zarrpy.stores.resolve import as_store
from zarrpy.stores.sqlite_database import DATABASES, Database, _translated
from zarrpy.testing.store_contract import StoreContract


class TestSQLiteStore(StoreContract):
    """A SQLite store keeps the contract of stores."""

    @pytest.fixture
    def store(self, tmp_path):
        return SQLiteStore(tmp_path / "a.sqlite")


class TestTableOfSQLiteStore(StoreContract):
    """So does a part of a table of a name of its own, beside others."""

    @pytest.fixture
    def store(self, tmp_path):
        SQLiteStore(tmp_path / "a.sqlite").set("other", b"1")
        return PrefixStore(SQLiteStore(tmp_path / "a.sqlite", 'my "own" table'), "a/path")


@pytest.fixture
def path(tmp_path):
    """Where a file may be."""
    return str(tmp_path / "a.sqlite")


def test_a_file_that_is_no_database_leaves_no_connection_open(path, monkeypatch):
    """After the error that says so."""
    with open(path, "wb") as file:
        file.write(b"x" * 5000)
    opened, connect = [], Database._connect

    def connecting(self, *args):
        opened.append(connect(self, *args))
        return opened[-1]

    monkeypatch.setattr(Database, "_connect", connecting)
    with SQLiteStore(path) as store:
        for verb in (lambda: store.get("a"), lambda: store.set("a", b"1")):
            with pytest.raises(StoreError, match="not a database"):
                verb()

    assert opened
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_a_file_of_an_older_library_is_read_and_written_as_it_is(path):
    """With its table, its journal, and values that are text."""
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE zarr(k TEXT PRIMARY KEY, v BLOB)")
        connection.execute("INSERT INTO zarr VALUES('.zgroup', '{\"zarr_format\": 2}')")
        connection.execute("INSERT INTO zarr VALUES('a', x'010203')")
    connection.close()

    store = SQLiteStore(path)
    assert zarrpy.open_group(store).metadata.zarr_format == 2
    assert store.get("a", ByteRange(-2)) == b"\2\3"
    assert store.get(".zgroup", ByteRange(0, 1)) == b"{"
    assert store.size(".zgroup") == 18
    store.set("b", b"4")
    store.close()

    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    assert connection.execute("SELECT v FROM zarr WHERE k = 'b'").fetchone() == (b"4",)
    connection.close()


def test_a_batch_is_one_transaction(path):
    """All of it or nothing, when a value cannot be stored."""
    store = SQLiteStore(path)
    store.set("a", b"old")

    with pytest.raises(TypeError):
        store.set_many(["a", "b"], [b"new", object()])

    assert store.get("a") == b"old"


def test_reading_makes_no_file(path):
    """Neither does opening."""
    store = SQLiteStore(path)

    assert store.get("a") is None
    assert list(store.list()) == []
    assert not os.path.exists(path)


def test_one_file_is_left_when_the_store_is_closed(path):
    """Nothing stays beside it."""
    with SQLiteStore(path) as store:
        store.set("a", b"1")
        assert store.get("a") == b"1"

    assert os.listdir(os.path.dirname(path)) == ["a.sqlite"]


def test_what_is_no_database_is_not_touched(path):
    """An error says so, for reading as for writing."""
    with open(path, "wb") as file:
        file.write(b"a letter to a friend" * 100)

    for touch in (lambda: SQLiteStore(path).get("a"), lambda: SQLiteStore(path).set("a", b"1")):
        with pytest.raises(StoreError, match="not a database"):
            touch()

    with open(path, "rb") as file:
        assert file.read() == b"a letter to a friend" * 100


@pytest.mark.parametrize("place", ["sqlite:a.sqlite", "a.sqlite", "a.sqlite|sqlite:"])
def test_paths_and_urls(tmp_path, monkeypatch, place):
    """Of files that are there, or are to be made."""
    monkeypatch.chdir(tmp_path)

    assert isinstance(as_store(place), SQLiteStore)
    assert isinstance(as_store("b.db"), LocalStore)
    as_store("sqlite:b.db").set("a", b"1")
    assert isinstance(as_store("b.db"), SQLiteStore)


def test_arrays_live_in_a_sqlite_file(path, body):
    """Several, by their paths; grown, changed in part, read in part."""
    values = np.arange(60, dtype="f4").reshape(6, 10)
    with zarrpy.create_group(path) as group:
        array = group.create_array("deep/a", data=values, chunks=(2, 5), shards=(4, 10))
        array[1:3, ::2] = -1
        array.append(values[:2])
        group.create_array("b", data=[1, 2, 3])
    values = np.concatenate([values, values[:2]])
    values[1:3, ::2] = -1

    assert np.array_equal(zarrpy.open(path)["deep/a"][...], values)
    assert zarrpy.open(f"{path}|sqlite:deep/a")[5, 3] == values[5, 3]
    assert zarrpy.open(path)["b"][...].tolist() == [1, 2, 3]


WRITER = """
import sys, zarrpy
array = zarrpy.open(sys.argv[1], mode="r+")
for i in range(20):
    array.append([int(sys.argv[2])] * 3)
"""


def test_processes_that_append_lose_nothing(path):
    """They wait for each other."""
    zarrpy.create_array(path, shape=(0,), chunks=(8,), dtype="i4").close()
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, path, str(i)]) for i in (1, 2)]
    assert [writer.wait(120) for writer in writers] == [0, 0]

    values = zarrpy.open(path)[...]
    assert sorted(values.tolist()) == [1] * 60 + [2] * 60


def test_waiting_for_another_writer_ends_with_an_error(path):
    """Which says how to wait longer."""
    SQLiteStore(path).set("a", b"1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with zarrpy.config.set(lock_timeout=0.05), pytest.raises(LockTimeoutError, match="locked"):
        SQLiteStore(path).set("a", b"2")
    other.execute("ROLLBACK")
    other.close()


def test_a_pickled_store_reads_the_same(path):
    """With connections of its own."""
    store = SQLiteStore(path, "t")
    store.set("a", b"1")

    assert pickle.loads(pickle.dumps(store)).get("a") == b"1"


@pytest.mark.parametrize("name", ["a.sqlite", "a.db"])
def test_an_empty_file_is_a_database_that_nobody_has_written_to_yet(tmp_path, name):
    """As a process leaves it that was killed while it made one."""
    (tmp_path / name).touch()
    with pytest.raises(zarrpy.NodeNotFoundError):
        zarrpy.open(tmp_path / name)
    zarrpy.create_array(tmp_path / name, data=[1, 2, 3]).store.close()
    assert zarrpy.open(tmp_path / name)[...].tolist() == [1, 2, 3]
    assert (tmp_path / name).read_bytes().startswith(b"SQLite format 3")


def test_an_error_of_locks_says_what_to_do():
    """As of a network file system that cannot unlock."""
    with (
        pytest.raises(StoreError, match=r"locking protocol .*network file system"),
        _translated("a.sqlite"),
    ):
        raise sqlite3.OperationalError("locking protocol")


def test_the_file_is_not_opened_beside_its_connections(tmp_path, monkeypatch):
    """Closing such a file would let go of the locks on it, and others remove the log in use."""
    place = tmp_path / "a.sqlite"
    store = SQLiteStore(place)
    store.set("a", b"1")
    store.close()
    opened = []
    open_ = builtins.open

    def noted(path, *args, **keywords):
        opened.append(os.fspath(path))
        return open_(path, *args, **keywords)

    monkeypatch.setattr(builtins, "open", noted)
    store = SQLiteStore(place)
    assert store.get("a") == b"1"
    store.set("a", b"2")
    as_store(str(place)).close()

    assert str(place) not in opened


COUNT = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
print(*connection.execute("SELECT count(*) FROM mine").fetchone())
connection.close()
"""


def test_connections_of_others_in_the_process_keep_their_locks(path):
    """When the path is looked at, which may be that of any file."""
    mine = sqlite3.connect(path, isolation_level=None)
    mine.execute("PRAGMA journal_mode = WAL")
    mine.execute("CREATE TABLE mine(x)")
    as_store(path).close()

    def count_in_another_process():
        return int(subprocess.check_output([sys.executable, "-c", COUNT, path]))

    assert count_in_another_process() == 0  # without the locks it removes the log, as the last one
    mine.execute("INSERT INTO mine VALUES(1)")
    assert count_in_another_process() == 1
    mine.close()


def test_a_store_may_be_let_go_of_while_another_is_made(tmp_path, monkeypatch):
    """By the garbage collector, on the thread that makes it."""
    circle = [SQLiteStore(tmp_path / "b.sqlite")]
    circle[0].set("a", b"1")
    circle.append(circle)
    make = DATABASES._make

    def making(path):
        nonlocal circle
        del circle
        gc.collect()
        return make(path)

    monkeypatch.setattr(DATABASES, "_make", making)
    stores = []
    thread = threading.Thread(
        target=lambda: stores.append(SQLiteStore(tmp_path / "a.sqlite")), daemon=True
    )
    thread.start()
    thread.join(60)

    assert stores, "it waits for itself"


def test_a_path_may_begin_with_two_slashes(path):
    """They are those of no host."""
    with as_store("/" + path) as store:
        store.set("a", b"1")

    assert as_store("/" + path).get("a") == b"1"


TRY_TO_WRITE = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0).execute("BEGIN IMMEDIATE")
except sqlite3.OperationalError as error:
    print(error)
"""


@pytest.mark.parametrize("mode", ["wal", "delete"])
def test_syncing_a_directory_lets_go_of_no_lock_of_a_database_in_it(path, tmp_path, mode):
    """As opening and closing its files would, of all connections of the process."""
    zarrpy.save(tmp_path / "a.zarr", [1, 2, 3])
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute(f"PRAGMA journal_mode = {mode}")
    connection.execute("CREATE TABLE t (x)")
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO t VALUES (1)")

    zarrpy.sync(tmp_path)
    said = subprocess.check_output([sys.executable, "-c", TRY_TO_WRITE, path], text=True)
    assert "locked" in said
    connection.execute("COMMIT")
    connection.close()


# --------------------------------------------------------------------------- files of others


def made_by_sql(path, script):
    """A file that somebody made."""
    with sqlite3.connect(path) as connection:
        connection.executescript(script)
    connection.close()
    return SQLiteStore(path)


def test_a_row_without_a_value_is_an_empty_value(path):
    """As it is read; verify says that chunks are not empty."""
    zarrpy.create_array(SQLiteStore(path), data=np.arange(1, 5, dtype="i4"), chunks=2)
    store = made_by_sql(path, "UPDATE zarr SET v = NULL WHERE k = 'c/1'")

    assert (store.get("c/1"), store.size("c/1")) == (b"", 0)
    assert dict(store.list_sizes("c/"))["c/1"] == 0
    assert [finding.key for finding in zarrpy.verify(store).findings] == ["c/1"]


LOOSE = "CREATE TABLE zarr(k TEXT, v BLOB);"


def test_what_is_written_to_a_table_without_unique_keys_is_read(path):
    """There is one row a key afterwards."""
    store = made_by_sql(path, LOOSE)

    for value in (b"1", b"2"):
        store.set("a", value)
    assert store.get("a") == b"2"
    store.update("a", lambda value: value + b"3")
    store.set("b", b"other")
    assert not store.rename("a", "b", replace=False)
    assert store.rename("a", "b")
    assert [*store.list_sizes()] == [("b", 2)]


def test_verify_tells_of_rows_with_the_same_key(path):
    """Until the key is written anew."""
    store = made_by_sql(path, LOOSE)
    zarrpy.create_array(store, data=np.arange(1, 5, dtype="i4"), chunks=2, compressors=None)
    made_by_sql(path, "INSERT INTO zarr SELECT k, v FROM zarr WHERE k = 'c/1'")

    (finding,) = zarrpy.verify(store).findings
    assert (finding.kind, finding.key) == ("unreadable", "c/1")
    assert "is there 2 times" in finding.message

    store.set("c/1", store.get("c/1"))
    assert zarrpy.verify(store).ok


ENDLESS = """
CREATE VIEW Zarr(k, v) AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i FROM n)
SELECT i, i FROM n
"""
COMPUTED = """
CREATE TABLE zarr(k TEXT PRIMARY KEY, v BLOB AS (zeroblob(900000000)));
INSERT INTO zarr(k) VALUES('zarr.json')
"""


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("CREATE VIEW zarr(k, v) AS SELECT 'zarr.json', '{}'", "is a view"),
        (ENDLESS, "is a view"),
        (
            COMPUTED,
            "column 'v' of the table 'zarr' is computed",
        ),
        ("CREATE TABLE zarr(key TEXT, v BLOB)", "has no column 'k'"),
    ],
)
def test_only_a_table_with_stored_values_is_read(path, script, message):
    """Anything else could be made of any query, which may never end."""
    store = made_by_sql(path, script)

    for verb in (
        lambda: zarrpy.open(store, mode="r"),
        lambda: store.get("zarr.json", ByteRange(0, 1)),
        lambda: list(store.list()),
        lambda: store.set("a", b"1"),
    ):
        with pytest.raises(StoreError, match=message):
            verb()


def test_a_virtual_table_is_not_read(path):
    """Its rows are computed as well."""
    try:
        store = made_by_sql(path, "CREATE VIRTUAL TABLE zarr USING fts5(k, v)")
    except sqlite3.OperationalError:
        pytest.skip("this SQLite has no full text search; another build of it has")

    with pytest.raises(StoreError, match="is a virtual table"):
        store.get("zarr.json")


def test_a_document_larger_than_allowed_is_not_fetched(path):
    """Its size is known before."""
    store = SQLiteStore(path)
    store.set("zarr.json", bytes(2000))
    store.set("c", bytes(2000))

    with zarrpy.config.set(**{"limits.metadata_bytes": 1000}):
        with pytest.raises(StoreError, match=r"'zarr\.json'.* has 2000 bytes, 1000 are allowed"):
            store.get_many(["c", "zarr.json"])
        assert store.get("c") == bytes(2000)


def test_keys_that_are_not_utf8_are_listed_read_and_deleted(path):
    """As the names of files that are not."""
    store = SQLiteStore(path)
    store.set("a/1", b"1")
    made_by_sql(path, "INSERT INTO zarr VALUES(CAST(x'612FFF' AS TEXT), x'32')")

    assert [*store.list()] == ["a/1", "a/\udcff"]
    assert store.list_dir("a/") == ["1", "\udcff"]
    assert (store.get("a/\udcff"), store.exists("a/\udcff")) == (b"2", True)
    store.delete("a/\udcff")
    assert [*store.list()] == ["a/1"]
    with pytest.raises(StoreError, match="surrogate"):
        store.set("\ud800", b"1")
    with pytest.raises(StoreError, match="surrogate"):
        store.get("\ud800")

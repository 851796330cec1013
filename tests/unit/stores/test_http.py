"""Tests of `zarrpy.stores.http`: values behind a web server, which may behave badly."""

import pickle
import socket
import ssl
import threading

import numpy as np
import pytest
from web_server import serving

import zarrpy
from zarrpy.errors import NodeNotFoundError, ReadOnlyStoreError, StoreError
from zarrpy.stores import HTTPStore, LocalStore
from zarrpy.stores.base import ByteRange
from zarrpy.testing.store_contract import StoreContract

VALUE = bytes(range(256))


@pytest.fixture
def site(tmp_path):
    """A server of a directory."""
    root = tmp_path / "site"
    root.mkdir()
    with serving(root) as site:
        yield site


@pytest.fixture
def files(site):
    """The directory as a store."""
    return LocalStore(site.root)


@pytest.fixture
def store(site):
    """The server as a store that loses no time."""
    store = HTTPStore(site.url, retries=1, timeout=10)
    yield store
    store.close()


class Served(HTTPStore):
    """A store that reads by the server and writes to its directory, to be tested like others."""

    def __init__(self, url, files):
        super().__init__(url, timeout=10)
        self.files = files
        self.read_only = False

    def set(self, key, value):
        self.check_writable("set", key)
        self.files.set(key, value)

    def set_many(self, keys, values):
        if keys:
            self.check_writable("set", keys[0])
        self.files.set_many(keys, values)

    def update(self, key, change):
        self.check_writable("update", key)
        self.files.update(key, change)

    def delete(self, key):
        self.check_writable("delete", key)
        self.files.delete(key)

    def delete_prefix(self, prefix):
        self.check_writable("delete", prefix)
        self.files.delete_prefix(prefix)

    def rename(self, key, new, *, replace=True):
        return self.files.rename(key, new, replace=replace)

    def list(self, prefix=""):
        return self.files.list(prefix)

    def list_dir(self, prefix=""):
        return self.files.list_dir(prefix)


class TestHTTPStore(StoreContract):
    """Reading by HTTP keeps the contract of stores."""

    nkeys = 1200

    @pytest.fixture
    def store(self, site, files):
        store = Served(site.url, files)
        yield store
        store.close()


class TestHTTPStoreWithoutRanges(TestHTTPStore):
    """So does reading from a server that gives whole values only, and tells no versions."""

    @pytest.fixture
    def store(self, site, files):
        site.ranges = site.tags = site.heads = False
        store = Served(site.url, files)
        yield store
        store.close()


def test_an_array_is_opened_by_its_url(site, files):
    """And read, but not written."""
    zarrpy.create_array(files, name="a/b", data=np.arange(10), chunks=(3,))

    with zarrpy.open(f"{site.url}/a/b") as array:
        assert array[2:8].tolist() == list(range(2, 8))
        assert array.store.label == f"{site.url}/a/b"
        with pytest.raises(ReadOnlyStoreError):
            array[0] = 1


def test_a_group_knows_its_members_by_consolidated_metadata(site, files):
    """As a web server lists nothing."""
    root = zarrpy.create_group(files)
    root.create_array("a", data=[1, 2])
    zarrpy.consolidate_metadata(files)

    with zarrpy.open_group(site.url, mode="r") as group:
        assert list(group) == ["a"]
        assert group["a"][...].tolist() == [1, 2]
    assert {method for method, _, _ in site.seen} == {"GET"}


def test_what_cannot_be_listed_says_what_to_do(store, files):
    """A member can be reached by its name all the same."""
    zarrpy.create_group(files).create_array("a", data=[1, 2])

    group = zarrpy.open_group(store, mode="r")
    assert group["a"][...].tolist() == [1, 2]
    with pytest.raises(StoreError, match="consolidate"):
        list(group)


@pytest.mark.parametrize("more", [{}, {"zarr_format": 2}, {"shards": (4, 4)}])
@pytest.mark.parametrize("journal", [False, True])
def test_an_array_is_copied_though_nothing_is_listed(site, files, tmp_path, more, journal):
    """Each chunk of its grid is asked for; what is absent stays so."""
    source = zarrpy.create_array(files, name="a", shape=(5, 9), chunks=(2, 2), dtype="i4", **more)
    source[:2, 3:] = 7
    told = []

    with zarrpy.open(f"{site.url}/a", mode="r") as array:
        keywords = {"journal": tmp_path / "journal"} if journal else {}
        copied = zarrpy.copy(array, tmp_path / "b", progress=told.append, **keywords)

    assert (copied[...] == source[...]).all()
    assert copied.nchunks_initialized == source.nchunks_initialized
    assert told


def test_what_is_not_there_is_not_found(store, files):
    """Though the server cannot tell what there is instead."""
    with pytest.raises(NodeNotFoundError):
        zarrpy.open(store, path="nothing", mode="r")


@pytest.mark.parametrize("status", [400, 401, 403, 405, 418, 500, 503])
def test_only_what_says_so_is_absent(store, files, site, status):
    """Every other answer is an error that names the key and the status."""
    files.set("a", VALUE)

    for ask in (store.get, store.size, store.exists, lambda key: store.get(key, ByteRange(0, 1))):
        site.statuses = [status] * 4
        with pytest.raises(StoreError, match=f"'a'.*{status}"):
            ask("a")


def test_what_is_absent_may_be_said_otherwise(site):
    """Some servers refuse what does not exist, so that nobody learns of it."""
    site.statuses = [403]

    assert HTTPStore(site.url, missing_status=(403, 404)).get("a") is None


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(store, files, site, status):
    """As often as `retries` says; then it is an error with the number of attempts."""
    files.set("a", VALUE)
    site.statuses = [status]
    assert store.get("a") == VALUE

    site.statuses = [status] * 2
    with pytest.raises(StoreError, match="after 2 attempts"):
        store.get("a")


def test_a_server_may_say_how_long_to_wait(store, files, site):
    """It is asked again after that time."""
    files.set("a", VALUE)
    site.statuses, site.answers = [429], {"Retry-After": "0"}

    assert store.get("a") == VALUE


def test_a_connection_that_breaks_is_made_anew(store, files, site):
    """Also one that was used before."""
    files.set("a", VALUE)
    assert store.get("a") == VALUE
    site.drop = 1
    assert store.get("a") == VALUE

    site.drop = 10
    with pytest.raises(StoreError, match="'a'"):
        store.get("a")


def test_an_answer_that_is_cut_off_is_an_error(store, files, site):
    """A part of a value is never given for the whole."""
    files.set("a", VALUE)
    site.short = 5

    for wanted in (None, ByteRange(0, 100), ByteRange(-100)):
        with pytest.raises(StoreError, match="'a'"):
            store.get("a", wanted)


@pytest.mark.parametrize(
    "told", ["bytes 0-9/256", "bytes 10-18/256", "bytes 10-20/256", "bytes */256", "items 1", ""]
)
def test_a_part_that_was_not_asked_for_is_an_error(store, files, site, told):
    """Other bytes are never given for those."""
    files.set("a", VALUE)
    site.answers = {"Content-Range": told}

    with pytest.raises(StoreError, match="'a'"):
        store.get("a", ByteRange(10, 10))


def test_a_value_that_is_compressed_on_the_way_is_an_error(store, files, site):
    """Its bytes are not those that are stored."""
    files.set("a", VALUE)
    site.answers = {"Content-Encoding": "gzip"}

    with pytest.raises(StoreError, match="compresses"):
        store.get("a")


def test_a_server_that_is_not_there_is_an_error():
    """With the key and what the system says."""
    with pytest.raises(StoreError, match="'a'"):
        HTTPStore("http://127.0.0.1:9", retries=0, timeout=2).get("a")


def test_where_no_server_answers_the_error_says_how_to_ask_it():
    """Without the password of the address."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and does not listen
        place = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(StoreError) as caught:
            HTTPStore(f"http://me:secret@{place}/x.zarr", retries=0, timeout=10).get("a")

    assert f"curl -I http://{place}" in caught.value.hint
    assert "secret" not in str(caught.value)
    with pytest.raises(StoreError, match="no host has this name"):
        HTTPStore("http://nowhere.invalid", retries=0, timeout=10).get("a")


def test_connections_are_used_again(store, files, site):
    """One for requests in turn; no more than are under way at the same time."""
    for i in range(20):
        files.set(f"a/{i}", b"%d" % i)
    for i in range(20):
        assert store.get(f"a/{i}") == b"%d" % i
    assert site.connections == 1

    with zarrpy.config.set(requests=4):
        assert [*store.get_many([f"a/{i}" for i in range(20)])] == [b"%d" % i for i in range(20)]
    assert site.connections <= 5
    assert len([t for t in threading.enumerate() if t.name.startswith("zarrpy-io")]) >= 4


def test_headers_and_what_is_in_the_url_are_sent(site, files):
    """User and password as such, and what follows a question mark with each request."""
    files.set("d/a b", VALUE)
    url = site.url.replace("http://", "http://me:se%20cret@") + "/d?token=x&y=1"
    store = HTTPStore(url, headers={"X-Mine": "1"})

    assert store.get("a b") == VALUE

    _, path, headers = site.seen[-1]
    assert path == "/d/a%20b?token=x&y=1"
    assert headers["X-Mine"] == "1"
    assert headers["Authorization"] == "Basic bWU6c2UgY3JldA=="
    assert "cret" not in repr(store) + store.label + store.place_of("a")
    assert "token" not in repr(store) + store.label + store.place_of("a")


def test_a_server_may_send_elsewhere(store, files, site, tmp_path):
    """Another server is not told what is meant for the first."""
    (tmp_path / "other").mkdir()
    LocalStore(tmp_path / "other").set("b", VALUE)
    with serving(tmp_path / "other") as other:
        site.statuses, site.answers = [302], {"Location": f"{other.url}/b"}
        mine = HTTPStore(site.url, headers={"Authorization": "mine"})

        assert mine.get("a") == VALUE

        assert site.seen[-1][2]["Authorization"] == "mine"
        assert "Authorization" not in other.seen[-1][2]


def test_a_server_that_sends_round_in_circles_is_an_error(store, site):
    """After a few times."""
    site.statuses, site.answers = [302] * 100, {"Location": "/a"}

    with pytest.raises(StoreError, match="on and on"):
        store.get("a")


def test_a_server_that_sends_to_files_is_an_error(store, site):
    """It is no web server that is named there."""
    site.statuses, site.answers = [302] * 4, {"Location": "file:///etc/passwd"}

    with pytest.raises(StoreError, match="sends us to"):
        store.get("a")


def test_a_proxy_of_the_environment_is_used(site, files, monkeypatch):
    """Unless the server is excepted from it."""
    files.set("a", VALUE)
    monkeypatch.setenv("http_proxy", site.url)

    assert HTTPStore("http://nowhere.invalid/x", missing_status=(404,)).get("b") is None
    assert site.seen[-1][1] == "http://nowhere.invalid/x/b"

    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert HTTPStore(site.url).get("a") == VALUE


def test_a_store_is_pickled_without_its_connections(store, files):
    """And can be used at once, here and there."""
    files.set("a", VALUE)
    assert store.get("a") == VALUE

    assert pickle.loads(pickle.dumps(store)).get("a") == VALUE


def test_a_closed_store_can_be_used_again(store, files):
    """It makes new connections."""
    files.set("a", VALUE)
    store.get("a")
    store.close()

    assert store.get("a") == VALUE


@pytest.mark.parametrize("url", ["ftp://host/a", "http://", "/path", "https:///a"])
def test_what_is_no_url_of_a_web_server_is_refused(url):
    """With the form that is one."""
    with pytest.raises(StoreError, match="https://host/path"):
        HTTPStore(url)


def test_nothing_is_changed(store, files):
    """Every change is refused, whatever was asked when it was made."""
    files.set("a", VALUE)
    for change in (
        lambda: store.set("a", b""),
        lambda: store.set_many(["a"], [b""]),
        lambda: store.update("a", bytes),
        lambda: store.delete("a"),
        lambda: store.delete_prefix(""),
        lambda: store.rename("a", "b"),
    ):
        with pytest.raises(ReadOnlyStoreError, match="a web server is only read"):
            change()
    assert files.get("a") == VALUE


def test_an_encrypted_server_has_to_be_believed(site):
    """A server that cannot encrypt is an error, and so is a certificate that nobody knows."""
    store = HTTPStore(
        site.url.replace("http", "https"), retries=0, context=ssl.create_default_context()
    )

    with pytest.raises(StoreError, match="'a'"):
        store.get("a")


def test_the_index_of_a_shard_is_read_once(store, files, site):
    """And what lies near in it with one request."""
    zarrpy.create_array(files, name="a", data=np.arange(64), chunks=(4,), shards=(64,))
    array = zarrpy.open_array(store, path="a", mode="r")
    site.seen.clear()

    assert array[:8].tolist() == list(range(8))
    assert array[40:50].tolist() == list(range(40, 50))

    assert site.methods() == ["GET"] * 3


def test_a_shard_that_was_replaced_is_read_anew(store, files, site):
    """Index and chunks are of one version, though the index was kept."""
    array = zarrpy.create_array(files, name="a", data=np.arange(64), chunks=(4,), shards=(64,))
    mine = zarrpy.open_array(store, path="a", mode="r")
    assert mine[:8].tolist() == list(range(8))

    array[:32] = 7
    assert mine[:8].tolist() == [7] * 8
    assert mine[28:36].tolist() == [7] * 4 + [32, 33, 34, 35]
    array[...] = 0
    assert mine[:8].tolist() == [0] * 8


def test_the_switch_of_kept_indexes(store, files, site):
    """Without them each read asks for the index."""
    zarrpy.create_array(files, name="a", data=np.arange(64), chunks=(4,), shards=(64,))
    array = zarrpy.open_array(store, path="a", mode="r")
    with zarrpy.config.set(disable={"index"}):
        array[:8]
        site.seen.clear()
        assert array[:8].tolist() == list(range(8))
        assert len(site.seen) == 2

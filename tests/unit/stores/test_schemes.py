"""Tests of `zarrpy.stores.schemes` and `zarrpy.stores.bridge`: stores of others."""

import asyncio
import os
import pickle
import runpy
import subprocess
import sys
import threading
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import StoreError
from zarrpy.stores import LocalStore, MemoryStore, SQLiteStore, as_store
from zarrpy.stores.base import ByteRange
from zarrpy.stores.bridge import BlockingStore
from zarrpy.stores.schemes import adopted, stores
from zarrpy.testing.store_contract import StoreContract

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "dbm_store.py"


class Plain:
    """Four methods and nothing else."""

    def __init__(self, name="", **options):
        self.name = name
        self.options = options
        self.values = {}

    def get(self, key, byte_range=None):
        """Read."""
        value = self.values.get(key)
        return value if value is None or byte_range is None else byte_range.of(value)

    def set(self, key, value):
        """Write."""
        self.check_writable("set", key)
        self.values[key] = bytes(value)

    def delete(self, key):
        """Delete."""
        self.check_writable("delete", key)
        self.values.pop(key, None)

    def list(self, prefix=""):
        """List."""
        return iter([key for key in self.values if key.startswith(prefix)])


class Awaited:
    """A store whose methods are coroutines; counts how many are at work."""

    def __init__(self, name="", delay=0.0):
        self.name, self.delay = name, delay
        self.values = {}
        self.nworking = self.most = 0

    async def get(self, key, byte_range=None):
        """Read, after a while."""
        self.nworking += 1
        self.most = max(self.most, self.nworking)
        try:
            await asyncio.sleep(self.delay)
            value = self.values.get(key)
            return value if value is None or byte_range is None else byte_range.of(value)
        finally:
            self.nworking -= 1

    async def set(self, key, value):
        """Write."""
        self.values[key] = bytes(value)

    async def delete(self, key):
        """Delete."""
        self.values.pop(key, None)

    async def list(self, prefix=""):
        """List."""
        for key in sorted(self.values):
            if key.startswith(prefix):
                yield key


class TestPlainStore(StoreContract):
    """Any class with the four methods keeps the contract."""

    @pytest.fixture
    def store(self):
        return adopted(Plain)()


class TestAsynchronousStore(StoreContract):
    """So does one whose methods are coroutines."""

    @pytest.fixture
    def store(self):
        return as_store(Awaited())


class TestExampleStore(StoreContract):
    """So does the whole example."""

    nkeys = 500  # each is a transaction of its own

    @pytest.fixture
    def store(self, tmp_path):
        with runpy.run_path(str(EXAMPLE))["DbmStore"](str(tmp_path / "x")) as store:
            yield store


@pytest.fixture
def registered():
    """Register stores for a test."""
    before = stores.registered()
    yield zarrpy.register_store
    for scheme in set(stores.registered()) - set(before):
        zarrpy.unregister_store(scheme)


def test_the_example_runs():
    """As its first lines say."""
    run = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(EXAMPLE.parents[1])},
    )

    assert run.stdout == "[2, 3, 4, 5, 6, 7] ['a/c/0', 'a/c/1', 'a/c/2']\n"


# -------------------------------------------------------------------------------- registering


def test_a_registered_store_stands_behind_urls(registered):
    """Made of what comes after the scheme, and of the options."""
    registered("Plain-1", Plain)

    store = as_store("plain-1://a/b", storage_options={"size": 3})

    assert isinstance(store, Plain)
    assert isinstance(store, zarrpy.Store)
    assert (store.name, store.options) == ("a/b", {"size": 3})
    array = zarrpy.create_array(store, data=np.arange(6), chunks=4)
    assert array[3:].tolist() == [3, 4, 5]
    assert as_store("plain-1:", read_only=True).read_only


def test_a_class_may_say_itself_how_it_is_made_of_a_url(registered):
    """By `from_url`, with the whole URL."""

    class Named(Plain):
        @classmethod
        def from_url(cls, url, *, read_only=False, **options):
            return cls(url.upper(), read_only=read_only, **options)

    registered("named", Named)

    store = as_store("named://x", storage_options={"y": 1})

    assert (store.name, store.options) == ("NAMED://X", {"read_only": False, "y": 1})


def test_a_scheme_that_is_taken_is_not_replaced_by_accident(registered):
    """Only when that is said; it comes back afterwards."""
    with pytest.raises(ValueError, match="there is a store named 'sqlite' already"):
        registered("sqlite", Plain)

    registered("sqlite", Plain, force=True)
    assert isinstance(as_store("sqlite:x"), Plain)
    zarrpy.unregister_store("sqlite")
    assert isinstance(as_store("sqlite:x"), SQLiteStore)


def test_what_was_unregistered_is_not_known_any_more(registered):
    """The URL is refused by its scheme."""
    registered("plain", Plain)
    zarrpy.unregister_store("PLAIN")

    with pytest.raises(StoreError, match="register_store"):
        as_store("plain://x")
    with pytest.raises(KeyError, match="not registered"):
        zarrpy.unregister_store("plain")


@pytest.mark.parametrize("scheme", ["", "c", "no scheme", "1ab", "ü2", None, "a/b"])
def test_what_cannot_be_a_scheme_is_refused(scheme):
    """A letter would be a drive."""
    with pytest.raises(ValueError, match="no scheme"):
        zarrpy.register_store(scheme, Plain)


@pytest.mark.parametrize("missing", ["get", "set", "delete", "list"])
@pytest.mark.parametrize("base", [object, zarrpy.Store])
def test_a_class_without_a_method_is_refused_by_its_name(missing, base):
    """Whether or not it is derived from `Store`."""
    methods = {name: vars(Plain)[name] for name in ("get", "set", "delete", "list")}
    del methods[missing]
    wrong = type("Wrong", (base,), methods)

    with pytest.raises(TypeError, match=f"Wrong is no class of stores: .*'{missing}'"):
        zarrpy.register_store("wrong", wrong)


@pytest.mark.parametrize("wrong", [Plain(), "Plain", None, len])
def test_what_is_no_class_is_refused(wrong):
    """An object is not one."""
    with pytest.raises(TypeError, match="give the class"):
        zarrpy.register_store("wrong", wrong)


def test_a_method_that_takes_something_else_is_refused():
    """Before it is called."""

    class Wrong(Plain):
        def get(self, key):
            return None

    with pytest.raises(TypeError, match=r"Wrong\.get does not take \(key, byte_range\)"):
        zarrpy.register_store("wrong", Wrong)


def test_stores_are_told_about(registered):
    """Name, description, and whether they can be used."""
    registered("plain", Plain)

    told = {info.name: info for info in zarrpy.available_stores()}

    assert {"file", "sqlite", "zip", "plain"} <= set(told)
    assert told["plain"].description == "Four methods and nothing else."
    assert told["plain"].available
    assert told["sqlite"].kind == "store"
    assert {info.version for info in told.values()} == {None}  # none of ours has one


class Half:
    """Two of the methods."""

    def get(self, key, byte_range=None):
        """Find nothing."""

    def list(self, prefix=""):
        """Find nothing."""


class HalfAwaited(Half):
    """Two of the methods as coroutines."""

    async def get(self, key, byte_range=None):
        """Find nothing."""


@pytest.mark.parametrize("place", [Half(), HalfAwaited()])
def test_an_object_that_lacks_methods_is_told_which(place):
    """When it is given, and not when the first of them is needed."""
    with pytest.raises(TypeError, match="no method 'set' and 'delete'; a store has"):
        zarrpy.open(place)


def test_packages_announce_stores_by_entry_points(monkeypatch):
    """A wrong one is told with its reason, and harms nobody else."""
    points = {
        "announced": EntryPoint("announced", f"{__name__}:Plain", "zarrpy.stores"),
        "wrong": EntryPoint("wrong", "builtins:dict", "zarrpy.stores"),
        "lost": EntryPoint("lost", "no.such:Thing", "zarrpy.stores"),
    }
    monkeypatch.setattr(stores, "_announced", points)
    monkeypatch.setattr(stores, "_loaded", {})

    assert type(as_store("announced://x")).__name__ == "Plain"
    told = {info.name: info for info in zarrpy.available_stores()}
    assert told["announced"].available
    assert "no method 'set' and 'delete' and 'list'" in told["wrong"].reason
    assert "no.such" in told["lost"].reason or "No module" in told["lost"].reason
    with pytest.raises(ImportError, match=r"a package has for 'lost': No module"):
        as_store("lost://x")


def test_the_configuration_names_stores():
    """For a block, or by the environment for a process."""
    target = f"{__name__}:Plain"
    with zarrpy.config.set(stores={"Configured": target}):
        assert type(as_store("configured://x")).__name__ == "Plain"
        assert "configured" in {info.name for info in zarrpy.available_stores()}
    with pytest.raises(StoreError):
        as_store("configured://x")

    code = "from zarrpy.stores import as_store; print(type(as_store('ex:')).__name__)"
    environment = os.environ | {
        "ZARRPY_STORES": "ex=zarrpy.stores.memory:MemoryStore,ey=a:b",
        "PYTHONPATH": str(EXAMPLE.parents[1]),
    }
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert run.stdout.strip() == b"MemoryStore", run.stderr


@pytest.mark.parametrize("wrong", ["ex", "ex=", "ex=module", {"ex": 3}, 7, "ex=:x"])
def test_a_configuration_that_names_nothing_is_refused(wrong):
    """When it is set."""
    with pytest.raises(ValueError, match=r"config\.stores must be"):
        zarrpy.config.set(stores=wrong)


def test_a_configured_store_that_is_not_there_is_an_error():
    """With the name of the setting."""
    with (
        zarrpy.config.set(stores={"ex": "zarrpy.stores.memory:Nothing"}),
        pytest.raises(ImportError, match=r"config\.stores names 'zarrpy\.stores\.memory:Nothing'"),
    ):
        as_store("ex:x")


def test_a_plain_store_is_pickled():
    """Though its class was made here."""
    store = adopted(Plain)("x")
    store.set("a", b"1")

    assert pickle.loads(pickle.dumps(store)).get("a") == b"1"


# ------------------------------------------------------------------------------- coroutines


def test_an_asynchronous_store_is_taken_as_it_is(registered):
    """As an object, or behind a URL."""
    registered("awaited", Awaited)

    for place in (Awaited(), "awaited://x"):
        array = zarrpy.create_array(place, data=np.arange(20), chunks=3)
        array[2:9] = 0
        assert array[...].tolist() == [0, 1, *[0] * 7, *range(9, 20)]
    assert as_store("awaited://x", storage_options={"delay": 1}).store.delay == 1


def test_values_are_awaited_together():
    """As many at a time as the settings say."""
    below = Awaited(delay=0.005)
    below.values = {str(i): b"%d" % i for i in range(40)}
    store = as_store(below)

    with zarrpy.config.set(requests=8):
        found = store.get_many([str(i) for i in range(40)])

    assert found == [b"%d" % i for i in range(40)]
    assert below.most == 8


def test_the_first_error_ends_all_of_them():
    """It is raised as it is; the others are not left at work."""

    class Failing(Awaited):
        async def get(self, key, byte_range=None):
            if key == "3":
                raise StoreError("no")
            return await super().get(key, byte_range)

    below = Failing(delay=30)
    with pytest.raises(StoreError, match="no"):
        as_store(below).get_many([str(i) for i in range(6)])

    assert below.nworking == 0


def test_an_asynchronous_store_serves_coroutines_too():
    """The loop of the caller is not blocked, and not the one that the store runs on."""

    async def use():
        array = await zarrpy.create_array.aio(Awaited(), data=np.arange(6), chunks=2)
        return await array.read.aio(slice(1, 5))

    assert asyncio.run(use()).tolist() == [1, 2, 3, 4]


def test_a_store_is_not_waited_for_on_its_own_loop():
    """It would be for ever."""
    inner = as_store(Awaited())

    class Outer(Awaited):
        async def get(self, key, byte_range=None):
            return inner.get(key)

    with pytest.raises(StoreError, match="the loop that serves it"):
        as_store(Outer()).get("a")


def test_threads_share_the_loop():
    """Each gets its own answers."""
    store = as_store(Awaited())
    for i in range(8):
        store.set(str(i), b"%d" % i)
    wrong = []

    def read(i):
        for _ in range(50):
            if store.get(str(i), ByteRange(0)) != b"%d" % i:
                wrong.append(i)

    threads = [threading.Thread(target=read, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system with fork, such as Linux")
def test_a_forked_child_has_a_loop_of_its_own():
    """The thread of the first one is not there."""
    code = """
import os, sys, warnings
sys.path.insert(0, sys.argv[1])
warnings.simplefilter("ignore")
from tests.unit.stores.test_schemes import Awaited
from zarrpy.stores import as_store
store = as_store(Awaited())
store.set("a", b"1")
pid = os.fork()
if pid == 0:
    os._exit(0 if store.get("a") == b"1" else 1)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
"""
    command = [sys.executable, "-c", code, str(EXAMPLE.parents[1])]

    assert subprocess.run(command, timeout=60).returncode == 0


def test_methods_that_do_better_are_used():
    """Those that are coroutines."""

    class Better(Awaited):
        async def get_many(self, keys):
            return [b"many"] * len(keys)

        async def size(self, key):
            return 7

        async def close(self):
            self.closed = True

    below = Better()
    with BlockingStore(below) as store:
        assert (store.get_many(["a", "b"]), store.size("a")) == ([b"many"] * 2, 7)
        assert store.tells_sizes
        assert not BlockingStore(Awaited()).tells_sizes

    assert below.closed


def test_a_mapping_and_a_path_are_still_what_they_were(tmp_path):
    """A class with four methods of these names is asked for its coroutines only."""
    assert isinstance(as_store({}), MemoryStore)
    assert isinstance(as_store(tmp_path), LocalStore)

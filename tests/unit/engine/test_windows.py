"""Tests of `zarrpy.engine.windows`: values of a window come while those before are decoded."""

import threading
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

import zarrpy
from tests.four_methods import FourMethods
from zarrpy.codecs.base import BytesToBytes
from zarrpy.engine import pool
from zarrpy.engine.budget import ONE_BY_ONE_NBYTES

#: Several windows of eight chunks.
VALUES = np.arange(8 << 20, dtype="u1").reshape(32, -1)
CHUNK = (1, VALUES.shape[1])
EIGHT = ONE_BY_ONE_NBYTES // CHUNK[1]
#: The first chunk of the second window.
SECOND = f"c/{EIGHT}/0"


class Meeting(FourMethods):
    """Knows when the second window is asked for, and can wait for the decoding of the first."""

    def __init__(self):
        super().__init__()
        self.asked, self.decoding = threading.Event(), threading.Event()
        self.failure = None
        self.waits = False

    def get(self, key, byte_range=None):
        """Read a value; that of the second window when the first is being decoded."""
        if key == SECOND:
            self.asked.set()
            if self.failure is not None:
                raise self.failure
            if self.waits:
                assert self.decoding.wait(10)
        return super().get(key, byte_range)


@dataclass(frozen=True, slots=True)
class Waiting(BytesToBytes):
    """Tells that it decodes, and waits until the second window is asked for."""

    name: ClassVar[str] = "test.waiting"
    store: ClassVar[Meeting]

    def encode(self, data):
        """Change nothing."""
        return bytes(data)

    def decode(self, data, nbytes=None, exact=True):
        """Change nothing, later."""
        del nbytes, exact
        self.store.decoding.set()
        assert self.store.asked.wait(10)
        return bytes(data)


@pytest.fixture
def store():
    """A store with an array whose chunks wait for each other when they are decoded."""
    zarrpy.register_codec(Waiting)
    Waiting.store = Meeting()
    zarrpy.create_array(Waiting.store, data=VALUES, chunks=CHUNK, compressors=Waiting.name)
    yield Waiting.store
    zarrpy.unregister_codec(Waiting.name)
    assert pool.loans() == {}
    assert pool._pool._nhelpers == 0


def test_a_window_is_brought_while_the_one_before_is_decoded(store):
    """Each waits here for the other."""
    store.waits = True

    with zarrpy.config.set(workers=2):
        assert np.array_equal(zarrpy.open_array(store)[...], VALUES)


@pytest.mark.parametrize("settings", [{"workers": 1}, {"workers": 2, "disable": ["prefetch"]}])
def test_nothing_is_brought_ahead_by_one_thread_or_where_that_is_turned_off(store, settings):
    """The second window is asked for when the first is decoded."""
    store.asked.wait = lambda timeout: True
    found = []
    store.decoding.set = lambda: found.append(store.asked.is_set())

    with zarrpy.config.set(**settings):
        assert np.array_equal(zarrpy.open_array(store)[...], VALUES)

    assert found == [False] * EIGHT + [True] * (32 - EIGHT)


def test_no_thread_comes_where_every_core_has_one(store, monkeypatch):
    """As where a program has threads of its own: windows are brought and decoded in turn."""
    monkeypatch.setattr(pool._pool, "cores", 1)
    found = set()
    store.decoding.set = lambda: found.add(threading.current_thread())

    with zarrpy.config.set(workers=2):
        array = zarrpy.open_array(store)
        store.asked.set()
        assert np.array_equal(array[...], VALUES)

    assert found == {threading.current_thread()}


def test_an_error_of_the_store_ends_the_decoding(store):
    """And comes out as it is."""
    store.failure = zarrpy.StoreError("the network is down")

    with zarrpy.config.set(workers=2), pytest.raises(zarrpy.StoreError, match="network is down"):
        zarrpy.open_array(store)[...]

    store.failure = None
    assert np.array_equal(zarrpy.open_array(store)[...], VALUES)


def test_an_error_of_decoding_comes_out_when_the_next_window_is_there(tmp_path):
    """With the chunk that it is about."""
    store = FourMethods()
    zarrpy.create_array(store, data=VALUES, chunks=CHUNK, compressors="zstd")
    store.values["c/3/0"] = store.values["c/3/0"][:-1]

    with zarrpy.config.set(workers=2), pytest.raises(zarrpy.CorruptChunkError) as caught:
        zarrpy.open_array(store)[...]

    assert caught.value.chunk == (3, 0)


@pytest.mark.parametrize("disable", [[], ["native"], ["prefetch"], ["native", "prefetch"]])
@pytest.mark.parametrize("kind", ["four methods", "zip", "sqlite"])
def test_the_switch_changes_nothing_of_what_is_read(tmp_path, disable, kind):
    """Absent chunks, windows and points among it."""
    stores = {"zip": zarrpy.ZipStore, "sqlite": zarrpy.SQLiteStore}
    store = stores[kind](tmp_path / "a") if kind in stores else FourMethods()
    array = zarrpy.create_array(store, data=VALUES, chunks=(1, 1 << 16), compressors="zstd:1")
    expected = VALUES.copy()
    for i in (0, 7, 8, 30):
        store.delete(f"c/{i}/1")
        expected[i, 1 << 16 : 2 << 16] = 0
    rows, columns = np.arange(0, 32, 3), np.arange(0, VALUES.shape[1], 7)

    with zarrpy.config.set(disable=disable, workers=2):
        array = zarrpy.open_array(store, mode="r")
        assert np.array_equal(array[...], expected)
        assert np.array_equal(array[1:31, 100:-100], expected[1:31, 100:-100])
        assert np.array_equal(array.oindex[rows, columns], expected[np.ix_(rows, columns)])
        assert array.sum() == expected.sum()
    store.close()

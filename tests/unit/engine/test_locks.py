"""Tests of `zarrpy.engine.locks`: who waits for whom in one process."""

import os
import threading

import numpy as np
import pytest

import zarrpy
from zarrpy.codecs.base import BytesToBytes
from zarrpy.engine import locks
from zarrpy.engine.locks import _table, hold
from zarrpy.errors import LockTimeoutError


def test_one_key_has_one_holder_at_a_time():
    """Others wait for it; those of other keys and other stores do not."""
    order = []

    def wait():
        with hold(1, ["b", "a"]):
            order.append("second")

    with hold(1, ["a"]):
        with hold(1, ["c"]), hold(2, ["a"]):
            pass
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join(10)

    assert order == ["first", "second"]
    assert _table == {}


def test_who_holds_a_key_may_take_it_again():
    """And gives it back once."""
    with hold(1, ["a"]):
        with hold(1, ["a", "b"]):
            pass
        assert list(_table) == [(1, "a")]

    assert _table == {}


def test_locks_may_be_let_go_of_at_any_time():
    """The garbage collector lets go of them also in a thread that is changing the table."""

    def let_go():
        held = hold(1, ["a"])
        held.__enter__()
        with locks._table_lock:
            held.__exit__(None, None, None)

    thread = threading.Thread(target=let_go, daemon=True)
    thread.start()
    thread.join(10)

    assert not thread.is_alive()
    with hold(1, ["a"]):
        pass
    assert _table == {}


def test_waiting_for_too_long_is_an_error():
    """It names the key; nothing stays held."""
    failure = []

    def wait():
        with zarrpy.config.set(lock_timeout=0.02):
            try:
                with hold(1, ["0", "a"]):
                    pass
            except LockTimeoutError as error:
                failure.append(error)

    with hold(1, ["a"]):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(10)
        assert list(_table) == [(1, "a")]

    assert failure[0].key == "a"
    assert "0.02 s" in str(failure[0])


def test_a_forked_child_is_not_locked_out():
    """It has none of the threads that held something."""
    if not hasattr(os, "fork"):
        pytest.skip("needs os.fork: run this on Linux or macOS")
    with hold(1, ["a"]):
        child = os.fork()
        if child == 0:
            with hold(1, ["a"]):
                os._exit(7)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7


class Logging(BytesToBytes):
    """A codec that writes to another array of the same store while it encodes."""

    name = "test.logging"
    log = None

    def to_config(self, dialect=3):
        return {}

    @classmethod
    def from_config(cls, configuration, *, dialect=3, spec=None):
        return cls()

    def encode(self, data):
        for i in range(len(Logging.log)):
            Logging.log[i] = 1
        return bytes(data)

    def decode(self, data, nbytes=None, exact=True):
        return bytes(data)


@pytest.mark.parametrize("workers", [1, 4])
def test_a_codec_may_write_another_array_while_its_own_chunk_is_locked(store, workers):
    """On whichever thread it runs, in a store of any kind."""
    zarrpy.register_codec(Logging)
    try:
        Logging.log = zarrpy.create_array(store, name="log", shape=64, chunks=1, dtype="u1")
        array = zarrpy.create_array(
            store, name="a", shape=(8, 1000), dtype="f8", chunks=(2, 1000), compressors=[Logging()]
        )
        with zarrpy.config.set(workers=workers, lock_timeout=30):
            array[1:7, :-1] = 1
    finally:
        zarrpy.unregister_codec("test.logging")

    assert Logging.log[...].all()
    assert np.array_equal(array[1:7, :-1], np.ones((6, 999)))

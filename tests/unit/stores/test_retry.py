"""Tests of `zarrpy.stores.retry`: asking again when that may help."""

import errno

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import ConflictError, LockTimeoutError, StoreError
from zarrpy.stores import MemoryStore, MockStore, RetryStore
from zarrpy.stores.retry import is_transient
from zarrpy.testing.store_contract import StoreContract


class TestRetryStore(StoreContract):
    """A store that asks again keeps the contract, however often the one below fails."""

    @pytest.fixture
    def store(self):
        below = MockStore(error_mode="random", probability=0.2, seed=1)
        return RetryStore(below, attempts=50, delay=0)

    # Renaming and locking may have been done when an error comes, and are not asked for again.
    test_an_array_grows_and_shrinks = None
    test_an_array_is_appended_to = None
    test_threads_that_append_lose_nothing = None
    test_a_node_is_replaced = None
    test_a_node_is_moved_and_copied = None
    test_consolidated_metadata_are_used_and_kept_true = None


class Flaky(MemoryStore):
    """Fails so many times, before or after it does what it was asked."""

    def __init__(self, *errors, late=False):
        super().__init__()
        self.errors = list(errors)
        self.late = late
        self.nasked = 0

    def get(self, key, byte_range=None):
        """Read a value, perhaps."""
        self.nasked += 1
        if self.errors:
            raise self.errors.pop(0)
        return super().get(key, byte_range)

    def set(self, key, value):
        """Set a value, and perhaps say that it failed."""
        self.nasked += 1
        if self.late:
            super().set(key, value)
        if self.errors:
            raise self.errors.pop(0)
        super().set(key, value)


def test_an_error_that_passes_is_not_seen():
    """The request is made until it is answered."""
    below = Flaky(ConnectionResetError("gone"), TimeoutError("late"))
    below._values["a"] = b"1"

    assert RetryStore(below, delay=0).get("a") == b"1"
    assert below.nasked == 3


def test_what_is_absent_is_not_asked_for_again():
    """None is an answer."""
    below = Flaky()

    assert RetryStore(below, delay=0).get("a") is None
    assert below.nasked == 1


@pytest.mark.parametrize(
    "error",
    [
        PermissionError("no"),
        StoreError("no such bucket"),
        ConflictError("somebody else"),
        LockTimeoutError("held"),
        StoreError("overloaded, but told", transient=False, errno=errno.ECONNRESET),
        ValueError("a mistake"),
    ],
)
def test_other_errors_come_at_once(error):
    """Asking again would not help."""
    below = Flaky(error)

    with pytest.raises(type(error)):
        RetryStore(below, delay=0).get("a")

    assert below.nasked == 1


def test_after_the_last_attempt_the_error_tells_how_many_there_were():
    """It is the error of the last one."""
    store = RetryStore(MockStore(error_mode="always"), attempts=3, delay=0)

    with pytest.raises(StoreError, match="after 3 attempts") as caught:
        store.get("a")

    assert caught.value.attempts == 3
    assert store.store.count("get") == 3


def test_no_attempt_begins_after_the_deadline(monkeypatch):
    """Waits grow, with a part left to chance, up to a bound."""
    waits, clock = [], [0.0]

    def sleeping(seconds):
        waits.append(seconds)
        clock[0] += seconds

    monkeypatch.setattr("zarrpy.stores.retry.sleep", sleeping)
    monkeypatch.setattr("zarrpy.stores.retry.monotonic", lambda: clock[0])
    store = RetryStore(
        MockStore(error_mode="always"), attempts=1000, delay=1, max_delay=4, deadline=30, seed=1
    )

    with pytest.raises(StoreError):
        store.get("a")

    assert 20 < sum(waits) <= 30
    assert 0.5 <= waits[0] <= 1 <= waits[1] <= 2 <= waits[2] <= 4
    assert len(set(waits)) == len(waits)
    assert all(2 <= wait <= 4 for wait in waits[2:])


def test_an_error_says_itself_whether_it_passes():
    """Or its cause does."""
    caused = StoreError("failed")
    caused.__cause__ = ConnectionRefusedError()

    assert is_transient(caused)
    assert is_transient(StoreError("slow down", transient=True))
    assert is_transient(OSError(errno.EPIPE, "broken pipe"))
    assert not is_transient(OSError(errno.ENOSPC, "full"))
    assert not is_transient(FileNotFoundError("x"))


def test_a_change_that_was_made_before_the_answer_got_lost_is_not_made_twice():
    """The value is known again."""
    below = Flaky(late=True)
    below._values["a"] = b"1"
    store = RetryStore(below, delay=0)

    def add(value):
        if not below.errors and below.nasked == 1:
            below.errors.append(ConnectionResetError("no answer"))
        return bytes(value) + b"+"

    store.update("a", add)

    assert below.get("a") == b"1+"


def test_an_error_of_the_callers_own_is_not_asked_for_again():
    """Even one that would pass, were it of the store."""
    calls = []

    def change(value):
        calls.append(value)
        raise ConnectionResetError("mine")

    with pytest.raises(ConnectionResetError, match="mine"):
        RetryStore(MemoryStore(), delay=0).update("a", change)

    assert calls == [None]


def test_renaming_is_not_repeated():
    """It may have been done, and would then look as if there was nothing to rename."""
    below = MockStore(fail_on="rename")

    with pytest.raises(StoreError):
        RetryStore(below, delay=0).rename("a", "b")

    assert below.count("rename") == 1


def test_an_array_is_written_and_read_over_a_store_that_fails():
    """Every second request or so."""
    below = MockStore(error_mode="random", probability=0.4, seed=3)
    values = np.arange(100).reshape(10, 10)
    store = RetryStore(below, attempts=40, delay=0)

    array = zarrpy.create_array(store, data=values, chunks=(3, 3))
    array[2:5] = 0
    array.append(values[:2])

    assert np.array_equal(zarrpy.open(store)[5:10], values[5:])
    assert any(call.failed for call in below.calls)


@pytest.mark.parametrize("wrong", [{"attempts": 0}, {"delay": -1}, {"max_delay": -1}])
def test_numbers_that_make_no_sense_are_refused(wrong):
    """When the store is made."""
    with pytest.raises(ValueError, match="at least"):
        RetryStore(MemoryStore(), **wrong)

"""Tests of `zarrpy.stores.mock`: a store that fails and waits as told."""

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import StoreError
from zarrpy.stores import LocalStore, MemoryStore, MockStore
from zarrpy.stores.mock import MockCall
from zarrpy.testing.store_contract import StoreContract


class TestMockStore(StoreContract):
    """A mock store that never fails keeps the contract of stores."""

    @pytest.fixture
    def store(self):
        return MockStore()


def test_it_remembers_what_it_was_asked():
    """In order, with keys and bytes."""
    store = MockStore()

    store.set("a", b"123")
    store.get_many(["a", "b"])
    list(store.list("a"))

    assert store.calls == [
        MockCall("set", ("a",), 3, False),
        MockCall("get_many", ("a", "b"), 0, False),
        MockCall("list", ("a",), 0, False),
    ]
    assert (store.count(), store.count("get"), store.count("get_many", key="b")) == (3, 0, 1)


def test_errors_come_always():
    """Nothing is changed by what fails."""
    store = MockStore(error_mode="always")

    for work in (lambda: store.get("a"), lambda: store.set("a", b"1"), lambda: store.list()):
        with pytest.raises(StoreError, match="told to fail"):
            work()

    assert store.state() == {}
    assert [call.failed for call in store.calls] == [True] * 3


def test_errors_come_by_operation():
    """Others go well."""
    store = MockStore(fail_on=("set", "delete"))

    store.get("a")
    store.set_many(["a"], [b"1"])
    with pytest.raises(StoreError):
        store.delete("a")

    assert store.state() == {"a": b"1"}


def outcomes(store, count=200):
    """Whether each of so many requests failed."""
    found = []
    for _ in range(count):
        try:
            store.get("a")
            found.append(False)
        except StoreError:
            found.append(True)
    return found


def test_random_errors_are_as_many_as_told_and_the_same_for_a_seed():
    """A reset begins them anew."""
    store = MockStore(error_mode="random", probability=0.25, seed=7)

    found = outcomes(store)

    assert 20 < sum(found) < 80
    assert outcomes(MockStore(error_mode="random", probability=0.25, seed=7)) == found
    store.reset()
    assert store.calls == []
    assert outcomes(store) == found
    assert outcomes(MockStore(error_mode="random", probability=0.25, seed=8)) != found


def test_random_errors_may_be_of_some_operations_only():
    """Each by chance."""
    store = MockStore(error_mode="random", probability=1, fail_on="set")

    store.get("a")
    with pytest.raises(StoreError):
        store.set("a", b"1")


def test_the_error_may_be_one_of_your_own():
    """Made of the method and the key."""
    store = MockStore(fail_on="get", error=lambda operation, key: KeyError((operation, key)))

    with pytest.raises(KeyError) as caught:
        store.get("a/b")

    assert caught.value.args == (("get", "a/b"),)


@pytest.mark.parametrize(
    ("latency", "least", "most"),
    [(0.5, 0.5, 0.5), ((0.1, 0.3), 0.1, 0.3), (lambda draw: draw.expovariate(2), 0, 50)],
)
def test_requests_wait(monkeypatch, latency, least, most):
    """For a fixed time, or for one drawn each time."""
    waits = []
    monkeypatch.setattr("zarrpy.stores.mock.sleep", waits.append)
    store = MockStore(latency=latency, seed=1)

    for _ in range(20):
        store.get("a")

    assert len(waits) == 20
    assert all(least <= wait <= most for wait in waits)
    assert len(set(waits)) == (1 if least == most else 20)


def test_values_may_lie_in_any_store(tmp_path):
    """And be forgotten with the calls."""
    store = MockStore(LocalStore(tmp_path))
    store.set("a/b", b"1")

    assert store.state() == {"a/b": b"1"}
    store.reset(values=True)
    assert (store.state(), store.calls) == ({}, [])


@pytest.mark.parametrize(
    "wrong",
    [
        {"error_mode": "sometimes"},
        {"probability": 2},
        {"fail_on": "fetch"},
        {"fail_on": ["no"]},
        {"latency": -1},
        {"latency": "1"},
        {"latency": (2, 1)},
        {"latency": ()},
    ],
)
def test_settings_that_make_no_sense_are_refused(wrong):
    """When the store is made."""
    with pytest.raises(ValueError, match=r"must be|no method"):
        MockStore(**wrong)


@pytest.mark.parametrize(
    ("operation", "use"),
    [
        ("get_many", lambda array: array[...]),
        ("get_many", lambda array: array.__setitem__(slice(2, 8), 1)),
        ("set_many", lambda array: array.__setitem__(slice(2, 8), 1)),
        ("commit", lambda array: array.append([1])),
    ],
)
def test_an_array_tells_the_error_of_its_store(operation, use):
    """Which request it was; nothing is swallowed, and what was stored is as it was."""
    store = MockStore()
    array = zarrpy.create_array(store, data=np.arange(10), chunks=5)
    before = store.state()
    store.fail_on, store.error_mode = frozenset([operation]), "always"

    with pytest.raises(StoreError, match=rf"cannot {operation} .*told to fail"):
        use(array)

    store.error_mode = "never"
    assert zarrpy.open(MemoryStore(before))[...].tolist() == list(range(10))
    assert zarrpy.open(store)[...].tolist() == list(range(10))

"""Tests of `zarrpy.transaction` on stores behind a server: together, or not at all."""

import threading
import uuid

import pytest

import zarrpy
from zarrpy.errors import TransactionError
from zarrpy.stores import PostgresStore, RedisStore

pytestmark = pytest.mark.services


@pytest.fixture(params=["postgres", "redis"])
def another(request):
    """A function that gives a store of one place, as another process would have it."""
    name = f"t{uuid.uuid4().hex}"
    kind = {"postgres": PostgresStore, "redis": RedisStore}[request.param]
    url = request.getfixturevalue(request.param)
    return lambda: kind(url, name)


@pytest.fixture
def group(another):
    """Two arrays of three chunks, all 0."""
    with another() as store:
        group = zarrpy.create_group(store)
        for name in "ab":
            group.create_array(name, shape=9, chunks=4, dtype="i4", fill_value=-1)[...] = 0
        yield group


def test_all_of_it_is_there_at_the_end(group, another):
    """And nothing before, nor after an exception."""
    other = zarrpy.open_group(another())
    with zarrpy.transaction(group):
        group["a"][...] = 1
        group["b"].resize((3,))
        group.create_array("new", data=[7, 8])
        assert not other["a"][...].any()
        assert sorted(other) == ["a", "b"]
    assert other["a"][...].tolist() == [1] * 9
    assert other["b"].shape == (3,)
    assert other["new"][...].tolist() == [7, 8]

    def fail():
        with zarrpy.transaction(group):
            group["a"][...] = 2
            del group["new"]
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert other["a"][...].tolist() == [1] * 9
    assert sorted(group) == ["a", "b", "new"]


def test_what_others_have_changed_is_not_overwritten(group, another):
    """Nothing is written then."""

    def change():
        with zarrpy.transaction(group):
            group["a"][0] = 1
            group["b"][...] = 1
            zarrpy.open_array(another(), path="a")[1] = 5

    with pytest.raises(TransactionError, match="'a/c/0' was changed by another writer"):
        change()
    assert group["a"][:3].tolist() == [0, 5, 0]
    assert not group["b"][...].any()


def test_writers_that_add_in_transactions_lose_nothing(group, another):
    """Each runs a block again when another was first."""

    def add():
        with another() as store:
            mine = zarrpy.open_group(store)
            for _ in range(10):
                while True:
                    try:
                        with zarrpy.transaction(mine):
                            mine["a"][2:6] = mine["a"][2:6] + 1
                            mine["b"][0] = mine["b"][0] + 1
                    except TransactionError:
                        continue
                    break

    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert group["a"][...].tolist() == [0, 0, 30, 30, 30, 30, 0, 0, 0]
    assert group["b"][0] == 30

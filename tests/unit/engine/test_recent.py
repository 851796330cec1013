"""Documents may be as old as somebody allows, and never older."""

import gc

import numpy as np
import pytest

import zarrpy
from zarrpy.engine import recent as module
from zarrpy.engine.drive import answer
from zarrpy.engine.recent import Recent
from zarrpy.engine.requests import Fetch, ListNames, Put
from zarrpy.stores import LocalStore


class Clock:
    """A time that passes when somebody says so."""

    now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    """The time of what is kept, which begins empty."""
    time = Clock()
    zarrpy.cache_clear()
    monkeypatch.setattr(module.recent, "clock", time)
    yield time
    zarrpy.cache_clear()


@pytest.fixture(params=[2, 3], ids=["v2", "v3"])
def hierarchy(request, counting_store):
    """A store with a group, a group in it, and two arrays there; nothing counted yet."""
    with zarrpy.config.set({"array.zarr_format": request.param}):
        group = zarrpy.create_group(counting_store, zarr_format=request.param)
        for name in ("a", "b"):
            group.create_array(f"run/{name}", data=np.arange(4), attributes={"n": 1})
    counting_store.forget()
    return counting_store


def look(store, **keywords):
    """Open everything: by members, by path, and of its own."""
    group = zarrpy.open_group(store, mode="r", **keywords)
    names = [name for name, _ in group.members(None)]
    shapes = [group["run/a"].shape, zarrpy.open(store, path="run/b", mode="r", **keywords).shape]
    array = zarrpy.open_array(store, path="run/a", **keywords)
    return names, shapes, dict(array.attrs), zarrpy.open_group(store, path="run", **keywords).path


def test_opening_everything_again_asks_nothing_within_the_time(hierarchy, clock):
    """Whatever way it is opened; when the time is over it is asked for as before."""
    first = look(hierarchy, metadata_ttl=10)
    asked = hierarchy.nrequests
    for _ in range(5):
        clock.now += 1
        assert look(hierarchy, metadata_ttl=10) == first
    assert hierarchy.nrequests == asked

    clock.now += 10
    assert look(hierarchy, metadata_ttl=10) == first
    assert hierarchy.nrequests == 2 * asked


def test_by_default_everything_is_read_each_time(hierarchy, clock):
    """And what others kept is not used; the switch and 0 say the same."""
    look(hierarchy)
    asked = hierarchy.nrequests
    with zarrpy.config.set(metadata_ttl=10):
        look(hierarchy)
        hierarchy.forget()
        look(hierarchy)
        assert hierarchy.nrequests == 0
        look(hierarchy, metadata_ttl=0)
        assert hierarchy.nrequests == asked
        with zarrpy.config.set(disable=["recall"]):
            look(hierarchy)
        assert hierarchy.nrequests == 2 * asked
    look(hierarchy)
    assert hierarchy.nrequests == 3 * asked


def test_what_this_process_changes_is_seen_at_once(hierarchy, clock):
    """Attributes, shapes, new nodes, and those that were deleted or moved."""
    look(hierarchy, metadata_ttl=10)
    plain = zarrpy.open_group(hierarchy)

    plain["run/a"].attrs["n"] = 2
    assert look(hierarchy, metadata_ttl=10)[2] == {"n": 2}
    plain["run/a"].resize((9,))
    assert look(hierarchy, metadata_ttl=10)[1] == [(9,), (4,)]
    plain["run/c"] = [1, 2]
    assert look(hierarchy, metadata_ttl=10)[0] == ["run", "run/a", "run/b", "run/c"]
    del plain["run/c"]
    assert look(hierarchy, metadata_ttl=10)[0] == ["run", "run/a", "run/b"]
    plain.move("run/a", "run/d")
    plain.move("run/b", "run/a")
    plain.move("run/d", "run/b")
    assert look(hierarchy, metadata_ttl=10)[1] == [(4,), (9,)]


def test_what_others_change_is_seen_when_the_time_is_over(hierarchy, clock):
    """Until then a node is as it was, as through a handle that was opened then."""
    look(hierarchy, metadata_ttl=10)
    for key in [key for key in hierarchy.list() if key.startswith("run/a")]:
        hierarchy.delete(key)

    assert zarrpy.open(hierarchy, path="run/a", mode="r", metadata_ttl=10).shape == (4,)
    with pytest.raises(zarrpy.errors.NodeNotFoundError):
        zarrpy.open(hierarchy, path="run/a", mode="r")
    clock.now += 10
    with pytest.raises(zarrpy.errors.NodeNotFoundError):
        zarrpy.open(hierarchy, path="run/a", mode="r", metadata_ttl=10)


def test_a_node_that_is_not_there_is_always_looked_for(hierarchy, clock):
    """Somebody may be about to create it."""
    group = zarrpy.open_group(hierarchy, mode="r", metadata_ttl=10)
    assert "new" not in group
    documents = {
        key.replace("run/a", "new"): hierarchy.get(key)
        for key in list(hierarchy.list())
        if key.startswith("run/a")
    }
    for key, value in documents.items():
        hierarchy.set(key, value)

    assert "new" in group
    assert zarrpy.open(hierarchy, path="new", metadata_ttl=10).shape == (4,)


def test_an_answer_that_is_older_than_a_change_is_not_kept(clock, counting_store):
    """It was asked for before, and came after."""
    kept = Recent(1 << 20, clock)
    get_many = counting_store.get_many

    def slow(keys):
        found = get_many(keys)
        kept.note(Put((("zarr.json", b"new"),)), None)
        return found

    counting_store.set("zarr.json", b"old")
    counting_store.get_many = slow
    assert kept.fetch(counting_store, Fetch(("zarr.json",), max_age=10)) == [b"old"]
    counting_store.set("zarr.json", b"new")
    counting_store.get_many = get_many

    assert kept.fetch(counting_store, Fetch(("zarr.json",), max_age=10)) == [b"new"]
    assert kept.fetch(counting_store, Fetch(("zarr.json",), max_age=10)) == [b"new"]
    assert (kept.info.hits, kept.info.misses) == (1, 2)


def test_what_is_kept_is_bounded_and_counted(clock, counting_store):
    """What was not asked for the longest goes first."""
    kept = Recent(3000, clock)
    for i in range(4):
        counting_store.set(f"{i}/zarr.json", b"x" * 400)

    for i in (0, 1, 2, 0, 3, 0, 1):
        kept.fetch(counting_store, Fetch((f"{i}/zarr.json",), max_age=10))

    info = kept.info
    assert (info.hits, info.misses, info.ndocuments) == (2, 5, 3)
    assert info.nbytes == 2700 <= info.limit
    kept.clear()
    assert kept.info == (3000, 0, 0, 0, 0)


def test_a_store_that_comes_after_another_one_is_not_taken_for_it(clock):
    """Even when it has the same number."""
    kept = Recent(1 << 20, clock)
    for i in range(5):
        store = zarrpy.MemoryStore({"zarr.json": b"%d" % i})

        assert kept.fetch(store, Fetch(("zarr.json",), max_age=10)) == [b"%d" % i]
        del store
        gc.collect()


def test_handles_of_one_directory_share_what_is_kept(tmp_path, clock):
    """Opened by its path each time."""
    zarrpy.create_array(tmp_path / "x", data=[1, 2], attributes={"n": 1})
    zarrpy.open(tmp_path / "x", metadata_ttl=10)
    before = zarrpy.metadata_info()

    assert zarrpy.open(tmp_path / "x", metadata_ttl=10).attrs["n"] == 1

    assert zarrpy.metadata_info().hits == before.hits + 1
    assert zarrpy.metadata_info().misses == before.misses
    store = LocalStore(tmp_path / "x")
    assert answer(store, ListNames("", max_age=10)) == answer(store, ListNames("", max_age=10))


def test_a_time_to_live_is_a_number_of_seconds(counting_store):
    """Anything else is refused, by the name that it was given by."""
    zarrpy.create_group(counting_store)

    with pytest.raises(ValueError, match="metadata_ttl must be a number of seconds"):
        zarrpy.open(counting_store, metadata_ttl=-1)
    with pytest.raises(ValueError, match=r"config\.metadata_ttl must be a number of seconds"):
        zarrpy.config.set(metadata_ttl="soon")

"""Tests of `zarrpy.transaction`: all of what a block writes, or nothing."""

import asyncio
import os
import pickle
import subprocess
import sys
import textwrap

import pytest

import zarrpy
from tests.unit.transactional import KINDS, new_store
from zarrpy.errors import ReadOnlyStoreError, StoreError, TransactionError
from zarrpy.stores import MemoryStore, PrefixStore, SQLiteStore, ZipStore


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    """A store that can."""
    with new_store(request.param, tmp_path) as made:
        yield made


@pytest.fixture
def group(store):
    """Two arrays of three chunks, all 0."""
    group = zarrpy.create_group(store)
    for name in "ab":
        group.create_array(name, shape=9, chunks=4, dtype="i4", fill_value=-1)[...] = 0
    return group


def test_others_see_all_of_it_at_the_end(group):
    """And the block itself sees what it has written."""
    other = zarrpy.open_group(group.store)
    with zarrpy.transaction(group) as given:
        assert given is group
        group["a"][2:6] = 1
        group["b"].append([2, 2])
        group.attrs["done"] = True
        group.create_array("new", data=[7, 8])
        assert group["a"][...].tolist() == [0, 0, 1, 1, 1, 1, 0, 0, 0]
        assert group["new"][...].tolist() == [7, 8]
        assert sorted(group) == ["a", "b", "new"]
        assert not other["a"][...].any()
        assert other["b"].shape == (9,)
        assert "new" not in other
        assert "done" not in other.read_attributes()

    assert other["a"][...].tolist() == [0, 0, 1, 1, 1, 1, 0, 0, 0]
    assert other["b"][...].tolist() == [0] * 9 + [2, 2]
    assert other["new"][...].tolist() == [7, 8]
    assert other.read_attributes() == {"done": True}
    assert zarrpy.verify(group.store, deep=True).ok


def test_what_is_deleted_goes_at_the_end(group):
    """Members, and what a shorter array has no more."""
    with zarrpy.transaction(group):
        del group["b"]
        group["a"].resize((3,))
        assert list(group) == ["a"]
        assert sorted(zarrpy.open_group(group.store.lower)) == ["a", "b"]

    assert list(zarrpy.open_group(group.store)) == ["a"]
    again = zarrpy.open_array(group.store, path="a")
    again.resize((9,))
    assert again[...].tolist() == [0] * 3 + [-1] * 6
    assert [key for key in group.store.list() if key.startswith("b/")] == []


def test_an_exception_undoes_it(group):
    """The handle knows what is stored, and nothing is left."""
    before = sorted(group.store.list())

    def change():
        with zarrpy.transaction(group):
            group["a"][...] = 1
            group.attrs["done"] = True
            group.create_array("new", data=[7, 8])
            raise KeyError

    with pytest.raises(KeyError):
        change()

    assert dict(group.attrs) == {}
    assert not group["a"][...].any()
    assert sorted(group.store.list()) == before


def test_an_array_undone_has_its_shape_again(group):
    """It was longer within the block."""
    array = group["a"]

    def change():
        with zarrpy.transaction(array):
            array.append([1])
            assert array.shape == (10,)
            raise KeyError

    with pytest.raises(KeyError):
        change()

    assert array.shape == (9,)
    assert array[...].tolist() == [0] * 9


@pytest.mark.parametrize("reads_first", [True, False])
def test_what_others_have_changed_is_not_overwritten(group, reads_first):
    """Nothing is written then; the block can be run again."""
    other = zarrpy.open_array(group.store, path="a")

    def change(number):
        with zarrpy.transaction(group):
            array = group["a"]
            if reads_first:
                array[0] += number
            else:
                array[...] = number
            group["b"][...] = number
            if number == 1:
                other[1] = 5

    with pytest.raises(TransactionError, match=r"'a/c/0' was changed by another writer"):
        change(1)

    assert other[:4].tolist() == [0, 5, 0, 0]
    assert not group["b"][...].any()

    change(2)
    assert other[:2].tolist() == ([2, 5] if reads_first else [2, 2])
    assert (group["b"][...] == 2).all()


def test_an_array_that_others_resize_is_a_conflict(group):
    """What was written may lie outside by now."""

    def change():
        with zarrpy.transaction(group):
            group["a"][8] = 1
            zarrpy.open_array(group.store.lower, path="a").resize((3,))

    with pytest.raises(TransactionError, match=r"'a/zarr.json'.* was changed by another"):
        change()


def test_changes_of_other_keys_are_no_conflict(group):
    """Of another array, and of other chunks of this one."""
    with zarrpy.transaction(group):
        group["a"][:4] = 1
        lower = zarrpy.open_group(group.store.lower)
        lower["a"][4:8] = 2
        lower["b"][...] = 3

    assert group["a"][...].tolist() == [1] * 4 + [2] * 4 + [0]
    assert (group["b"][...] == 3).all()


def test_members_of_the_block_go_on_after_it(group):
    """They reach the store itself then."""
    with zarrpy.transaction(group):
        new = group.create_array("new", data=[7, 8])
        array = group["a"]
    new[0] = 1
    array[0] = 2

    assert zarrpy.open_array(group.store, path="new")[...].tolist() == [1, 8]
    assert zarrpy.open_array(group.store, path="a")[0] == 2
    if group.store.of_files:
        assert pickle.loads(pickle.dumps(new))[...].tolist() == [1, 8]


def test_of_a_place_a_store_is_given(tmp_path):
    """For what is opened, or created, within the block."""
    place = tmp_path / "a.zarr"
    with zarrpy.transaction(place) as store:
        zarrpy.create_array(store, data=[1, 2, 3])
        assert not (place / "zarr.json").exists()

    assert zarrpy.open_array(place)[...].tolist() == [1, 2, 3]
    assert not [name for name in os.listdir(place) if name.startswith(".")]


def test_it_can_be_awaited(group):
    """``async with`` gives the same."""

    async def change():
        async with zarrpy.transaction(group):
            array = await group.get_array.aio("a")
            await array.write.aio(..., 1)
            assert not zarrpy.open_array(group.store.lower, path="a")[...].any()

    asyncio.run(change())
    assert (group["a"][...] == 1).all()


def test_stores_that_cannot_say_so(tmp_path):
    """And what to do instead."""
    for store in (ZipStore(tmp_path / "a.zip"), PrefixStore(MemoryStore(), "p")):
        with store:
            group = zarrpy.create_group(store)
            with pytest.raises(TransactionError, match="as one step -> local directories"):
                zarrpy.transaction(group).__enter__()
            group.create_array("a", data=[1])  # the handle is what it was


def test_one_within_another_is_refused(group):
    """Whichever node it is of."""
    with zarrpy.transaction(group):
        array = group["a"]
        for node in (group, array):
            with pytest.raises(TransactionError, match="within a transaction already"):
                zarrpy.transaction(node).__enter__()
        array[...] = 1
    assert (group["a"][...] == 1).all()


def test_what_cannot_be_written_or_is_buffered_is_refused(group):
    """On entering."""
    with pytest.raises(ReadOnlyStoreError, match="read-only"):
        zarrpy.transaction(zarrpy.open_group(group.store, mode="r")).__enter__()
    array = group["a"]
    with array.buffered(), pytest.raises(TransactionError, match="is buffered"):
        zarrpy.transaction(array).__enter__()
    with zarrpy.transaction(array), array.buffered():
        array[0] = 1
    assert zarrpy.open_array(group.store, path="a")[0] == 1


def test_it_is_not_pickled(group):
    """A copy would not be committed."""
    with zarrpy.transaction(group), pytest.raises(TypeError, match="within a transaction"):
        pickle.dumps(group["a"])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork: run on Linux")
def test_a_forked_process_has_no_part_in_it(group):
    """It says so, and undoes nothing when it ends."""
    with zarrpy.transaction(group):
        group["a"][...] = 1
        child = os.fork()
        if child == 0:
            try:
                group["a"][...] = 2
            except TransactionError:
                os._exit(0)
            os._exit(1)
        assert os.waitpid(child, 0)[1] == 0
    assert (group["a"][...] == 1).all()


# ------------------------------------------------------------------------------- in directories


LIMITED = """
    import resource, sys, zarrpy
    from zarrpy.errors import TransactionError

    array = zarrpy.create_array(sys.argv[1], shape=150, chunks=1, dtype="i4")
    hard = int(sys.argv[2])
    resource.setrlimit(resource.RLIMIT_NOFILE, (120, hard))
    try:
        with zarrpy.transaction(array):
            array[...] = 1
    except TransactionError as error:
        assert "holds 304 files open" in str(error), error
        assert not array[...].any()
    else:
        assert (array[...] == 1).all()
        assert hard > 304
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (120, hard)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit: run on Linux")
@pytest.mark.parametrize("hard", [150, 2000])
def test_many_keys_need_many_open_files(tmp_path, hard):
    """As many as the system gives; more are refused before anything is written."""
    words = [sys.executable, "-c", textwrap.dedent(LIMITED), str(tmp_path / "a"), str(hard)]
    subprocess.run(words, check=True)


ADDER = """
    import sys, zarrpy
    from zarrpy.errors import TransactionError

    group = zarrpy.open_group(sys.argv[1])
    for _ in range(int(sys.argv[2])):
        while True:
            try:
                with zarrpy.transaction(group):
                    group["a"][2:6] = group["a"][2:6] + 1
                    group["b"][0] = group["b"][0] + 1
            except TransactionError:
                continue
            break
"""


@pytest.mark.parametrize("kind", ["local", "sqlite", "lmdb"])
def test_processes_that_add_in_transactions_lose_nothing(tmp_path, kind):
    """Each runs a block again when the other was first."""
    place = f"{tmp_path}/a.{kind}" if kind != "local" else f"{tmp_path}/a.zarr"
    place = {"sqlite": f"sqlite:{place}", "lmdb": f"lmdb:{place}"}.get(kind, place)
    group = zarrpy.create_group(place)
    for name in "ab":
        group.create_array(name, shape=9, chunks=4, dtype="i4")[...] = 0
    group.store.close()
    words = [sys.executable, "-c", textwrap.dedent(ADDER), place, "15"]
    children = [subprocess.Popen(words) for _ in range(2)]
    assert [child.wait() for child in children] == [0, 0]

    group = zarrpy.open_group(place)
    assert group["a"][...].tolist() == [0, 0, 30, 30, 30, 30, 0, 0, 0]
    assert group["b"][0] == 30
    group.store.close()


# ---------------------------------------------------------------------------------- durability


def test_a_group_commit_is_a_transaction_that_lasts(group, monkeypatch):
    """The loss of power itself is in tests/faults/test_power.py."""
    syncs = []
    real = os.fsync
    monkeypatch.setattr(os, "fsync", lambda number: syncs.append(number) or real(number))
    other = zarrpy.open_array(group.store, path="a")
    with zarrpy.group_commit(group):
        for i in range(9):
            group["a"][i] = i
        assert not other[...].any()
        assert syncs == []

    assert other[...].tolist() == list(range(9))
    assert len(syncs) > 4 or not group.store.of_files


def test_sync_is_there_for_every_store(group, tmp_path):
    """And awaited; below a path, or of all."""
    group["a"][...] = 1
    zarrpy.sync(group.store)
    zarrpy.sync(group.store, path="a")
    asyncio.run(zarrpy.sync.aio(group.store))
    zarrpy.sync(PrefixStore(group.store, "a"))
    zarrpy.sync(SQLiteStore(tmp_path / "nothing"))
    zarrpy.sync(tmp_path / "nothing-either")
    assert not (tmp_path / "nothing").exists()
    assert not (tmp_path / "nothing-either").exists()


def test_a_sync_that_fails_is_an_error(tmp_path, monkeypatch):
    """It names the place."""
    array = zarrpy.create_array(tmp_path, data=[0, 0])

    def fsync(number):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(StoreError, match="Input/output error"):
        zarrpy.sync(tmp_path)
    with pytest.raises(StoreError, match="Input/output error"), zarrpy.group_commit(array):
        array[...] = 1
    monkeypatch.undo()
    assert not zarrpy.open_array(tmp_path)[...].any()
    assert zarrpy.verify(tmp_path).ok


@pytest.mark.parametrize("level", ["durable", "atomic"])
def test_sqlite_syncs_as_the_settings_say_now(tmp_path, level, monkeypatch):
    """Not as they said when its file was opened."""
    with SQLiteStore(tmp_path / "a.sqlite") as store:
        store.set("a", b"1")
        with zarrpy.config.set(durability=level):
            store.set("a", b"2")
        with store._shared._connected(writing=True) as connection:
            ((number,),) = connection.execute("PRAGMA synchronous")
        assert number == {"durable": 2, "atomic": 1}[level]

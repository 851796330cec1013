"""Tests of transactions while others write: nothing is lost, and nothing of theirs is misread."""

import subprocess
import sys

import pytest

import zarrpy
from tests.unit.transactional import KINDS, new_store
from zarrpy.errors import NodeNotFoundError, StaleArrayError, TransactionError


@pytest.fixture(params=KINDS)
def store(request, tmp_path):
    """A store that can."""
    with new_store(request.param, tmp_path) as made:
        yield made


@pytest.fixture(params=[2, 3])
def group(store, request):
    """A group with one array, of which the first of four chunks is stored."""
    group = zarrpy.create_group(store, zarr_format=request.param, attributes={"count": 0})
    group.create_array("a", shape=8, chunks=2, dtype="i4", fill_value=-1)[:2] = 5
    return group


def add(group):
    """Count in a transaction, as users do."""
    with zarrpy.transaction(group):
        group.attrs["count"] = group.attrs.get("count", 0) + 1


# ---------------------------------------------------------------------- what was known before


def test_a_block_begins_with_what_is_stored_now(group):
    """What the handle knew before it is older than what others have written."""
    other = zarrpy.open_group(group.store)
    for _ in range(3):
        add(other)
    add(group)

    assert zarrpy.open_group(group.store).attrs["count"] == 4


def test_what_others_change_after_the_block_began_is_a_conflict(group):
    """Although the block reads it from the handle, before it writes."""
    other = zarrpy.open_group(group.store)

    def change():
        with zarrpy.transaction(group):
            other.attrs["count"] = 10
            group.attrs["count"] = group.attrs["count"] + 1

    with pytest.raises(TransactionError, match="was changed by another writer"):
        change()

    add(group)
    assert zarrpy.open_group(group.store).attrs["count"] == 11


def test_an_array_is_as_long_as_others_have_made_it(group):
    """What they appended is not cut off."""
    array = group["a"]
    zarrpy.open_array(group.store, path="a").append([7, 8, 9])
    with zarrpy.transaction(array):
        array.resize((array.shape[0] + 1,))

    assert zarrpy.open_array(group.store, path="a")[8:].tolist() == [7, 8, 9, -1]


def test_members_of_consolidated_groups_are_read_from_their_documents(group):
    """So that what others have written there is seen, and compared."""
    zarrpy.consolidate_metadata(group.store)
    consolidated = zarrpy.open_group(group.store)
    zarrpy.open_array(group.store, path="a").attrs["n"] = 10
    with zarrpy.transaction(consolidated):
        array = consolidated["a"]
        array.attrs["n"] = array.attrs.get("n", 0) + 1

    assert zarrpy.open_array(group.store, path="a").attrs["n"] == 11
    assert consolidated.is_consolidated
    assert consolidated["a"].attrs["n"] == 11


def test_consolidated_metadata_that_were_undone_are_not_told(group):
    """Those that were read in the block are read again."""
    zarrpy.consolidate_metadata(group.store)
    inner = []

    def change():
        with zarrpy.transaction(zarrpy.open_group(group.store)) as given:
            given.create_array("new", data=[1])
            inner.append(zarrpy.open_group(given.store))
            assert "new" in inner[0]
            raise KeyError

    with pytest.raises(KeyError):
        change()

    assert sorted(inner[0]) == ["a"]


def test_a_node_that_is_not_there_any_more_is_said_on_entering(group):
    """Nor one that is another by now; the handle can be used for what it can be used for."""
    array = group["a"]
    group.create_array("a", shape=4, dtype="f8", overwrite=True)
    with pytest.raises(StaleArrayError):
        zarrpy.transaction(array).__enter__()
    del group["a"]
    with pytest.raises(NodeNotFoundError):
        zarrpy.transaction(array).__enter__()
    assert array.store is group.store
    with zarrpy.transaction(group):
        group.create_array("a", data=[1])
    assert not [key for key in group.store.list() if ".__zp" in key]


def test_handles_of_the_block_know_what_was_undone(group):
    """Their shapes and attributes are those that are stored."""
    handles = []

    def change():
        with zarrpy.transaction(group):
            array = group["a"]
            array.attrs["k"] = 1
            array.resize((100,))
            handles.extend((array, group["a"].with_config({"write_empty_chunks": True})))
            raise KeyError

    with pytest.raises(KeyError):
        change()

    for handle in handles:
        assert handle.shape == (8,)
        assert dict(handle.attrs) == {}
        assert handle[...].tolist() == [5, 5] + [-1] * 6


def test_handles_of_a_block_that_was_refused_know_what_others_wrote(group):
    """As after any other error."""
    handles = []

    def change():
        with zarrpy.transaction(group):
            handles.append(group["a"])
            handles[0].attrs["k"] = 1
            zarrpy.open_array(group.store.lower, path="a").attrs["k"] = 2

    with pytest.raises(TransactionError, match="another writer"):
        change()

    assert handles[0].attrs["k"] == 2


# ------------------------------------------------------------- what others store where nodes go


def replaced(group):
    """Replace the array by one of another data type."""
    options = {"shape": 8, "chunks": 2, "dtype": "f4", "fill_value": -1}
    group.create_array("a", **options, overwrite=True)[:2] = 6


def shrunk(group):
    """Leave one chunk of it."""
    group["a"].resize((2,))


def cut(group):
    """Leave a part of its third chunk."""
    group["a"].resize((5,))


def deleted(group):
    """Delete it."""
    del group["a"]


@pytest.mark.parametrize("change", [replaced, shrunk, cut, deleted])
def test_chunks_that_others_store_where_there_are_none_any_more_are_a_conflict(group, change):
    """They would be values of what comes there next."""

    def change_while_others_write():
        with zarrpy.transaction(group):
            change(group)
            zarrpy.open_array(group.store.lower, path="a")[4:6] = 99

    with pytest.raises(TransactionError, match="another writer"):
        change_while_others_write()

    assert zarrpy.open_array(group.store, path="a")[...].tolist() == [5, 5, -1, -1, 99, 99, -1, -1]
    with zarrpy.transaction(group):
        change(group)
    if "a" in group:
        group["a"].resize((8,))
    else:
        group.create_array("a", shape=8, chunks=2, dtype="i4", fill_value=-1)
    assert 99 not in group["a"][5:].tolist()
    assert zarrpy.verify(group.store, deep=True).ok


def test_many_chunks_that_are_lost_are_listed(store):
    """As they cannot all be asked for."""
    array = zarrpy.create_array(store, shape=(1000, 4), chunks=(1, 2), dtype="i4", fill_value=0)
    array[:3] = 1

    def shrink(row, value):
        with zarrpy.transaction(array):
            array.resize((2, 4))
            zarrpy.open_array(array.store.lower)[row] = value

    with pytest.raises(TransactionError, match=r"'c/700/[01]'.* was changed"):
        shrink(700, 99)

    shrink(1, 7)
    assert array[...].tolist() == [[1] * 4, [7] * 4]


def test_nodes_that_others_create_in_a_deleted_group_are_a_conflict(group):
    """They would stay without it."""
    group.create_group("g").create_array("b", data=[1, 2])

    def delete():
        with zarrpy.transaction(group):
            del group["g"]
            zarrpy.create_array(group.store.lower, name="g/new", data=[1])

    with pytest.raises(TransactionError, match="'g/new/"):
        delete()

    assert sorted(group["g"]) == ["b", "new"]


def test_chunks_that_were_left_before_are_no_conflict(group):
    """Of a document that goes without them."""
    document = "a/.zarray" if group.metadata.zarr_format == 2 else "a/zarr.json"
    chunk = "a/0" if group.metadata.zarr_format == 2 else "a/c/0"
    with zarrpy.transaction(group.store) as store:
        store.delete(document)

    assert list(group) == []
    assert group.store.get(chunk) is not None


WRITER = """
    import sys, time, zarrpy

    array = zarrpy.open_array(sys.argv[1], path="a")
    with array.store.exclusive("a/c/2"):
        print("held", flush=True)
        sys.stdin.read()
"""


def test_a_chunk_that_is_being_written_where_a_node_is_deleted_is_a_conflict(tmp_path):
    """Whoever has its lock has looked at the array already."""
    group = zarrpy.create_group(tmp_path)
    group.create_array("a", shape=8, chunks=2, dtype="i4")[:2] = 1
    script = "\n".join(line[4:] for line in WRITER.splitlines())
    words = [sys.executable, "-c", script, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, **pipes) as writer:
        assert writer.stdout.readline() == b"held\n"
        with pytest.raises(TransactionError, match="'a/c/2' was"), zarrpy.transaction(group):
            del group["a"]
        writer.stdin.close()

    with zarrpy.transaction(group):
        del group["a"]
    assert list(group) == []

"""Each system call and each allocation of an operation fails in turn, or is its last."""

import json
import os
import sys

import pytest
from report import tell

import zarrpy
from faults import shim
from faults.layouts import LAYOUTS
from zarrpy.errors import StoreError
from zarrpy.stores import LocalStore, SQLiteStore

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason=shim.REASON)

WAYS = ("calls", "kills", "allocations")
QUICK = [
    *(("chunks", "some calls"), ("zip", "some calls"), ("shards", "kills")),
    *(("shards", "allocations"), ("sqlite", "allocations"), ("copies", "copied ranges")),
]
#: Changes for which the engine asks for no memory: documents are Python's.
WITHOUT_MEMORY = {"attributes", "moves"}


@pytest.fixture(scope="module")
def shim_file(tmp_path_factory):
    """The library that stands between a process and the system."""
    return shim.build(tmp_path_factory.mktemp("shim"))


def fail_in_turn(library, layout, way, place):
    """Let all of them fail; the program ends well when every failure left the old or the new."""
    counts = json.loads(shim.run(library, "failures.py", layout, way, place))
    assert counts or (way == "allocations" and layout in WITHOUT_MEMORY)
    raised = counts.pop("raised", None)
    told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    outcome = "" if raised is None else f", of them {raised} raised and the others made good"
    tell("each failure in turn", [f"{layout}, {way}: {told or 'none'}{outcome}; 0 torn, 0 lost"])


@pytest.mark.parametrize(("layout", "way"), QUICK)
def test_every_failure_leaves_the_old_or_the_new(tmp_path, shim_file, layout, way):
    """An error says where; nothing is torn, and no temporary file is left."""
    fail_in_turn(shim_file, layout, way, tmp_path / "place")


@pytest.mark.parametrize("layout", ["create", "nodes"])
def test_an_array_created_with_data_is_there_as_a_whole_or_not_at_all(tmp_path, shim_file, layout):
    """In a group, or at the root of a store. At every 17th call; the long form takes each."""
    fail_in_turn(shim_file, layout, "some kills", tmp_path / "place")


def test_a_transaction_that_is_killed_is_there_as_a_whole_or_not_at_all(tmp_path, shim_file):
    """At every 17th call; the long form kills it at each."""
    fail_in_turn(shim_file, "transaction", "some kills", tmp_path / "place")


@pytest.mark.long
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_failure_leaves_the_old_or_the_new_in_all_layouts(tmp_path, shim_file, layout, way):
    """In every layout, and whatever fails."""
    fail_in_turn(shim_file, layout, way, tmp_path / "place")


def without_looking(monkeypatch, path):
    """Let the system refuse to say whether a file is there."""
    real = os.stat

    def stat(name, *args, **keywords):
        if os.fspath(name) == os.fspath(path):
            raise OSError(5, "Input/output error", name)
        return real(name, *args, **keywords)

    monkeypatch.setattr(os, "stat", stat)


def test_a_file_that_cannot_be_looked_at_is_not_missing(tmp_path, monkeypatch):
    """Renaming it does not pass for done; deleting it does not depend on a look."""
    store = LocalStore(tmp_path / "x")
    store.set("a", b"1")

    with monkeypatch.context() as context:
        without_looking(context, tmp_path / "x" / "a")
        with pytest.raises(StoreError) as caught:
            store.rename("a", "b")

    assert caught.value.key == "a"
    assert store.get("a") == b"1"


def test_a_folder_that_cannot_be_looked_at_is_not_missing(tmp_path):
    """A group does not seem empty."""
    group = zarrpy.create_group(tmp_path / "x")
    os.symlink("endless", tmp_path / "x" / "endless")  # whatever it is, the system cannot tell

    with pytest.raises(StoreError, match="Too many levels of symbolic links"):
        list(group.groups())


def test_a_database_that_cannot_be_looked_at_is_not_empty(tmp_path, monkeypatch):
    """Its chunks are not read as the fill value."""
    with SQLiteStore(tmp_path / "x.sqlite") as store:
        array = zarrpy.create_array(store, data=[1, 2])
        without_looking(monkeypatch, tmp_path / "x.sqlite")

        with pytest.raises(StoreError, match=r"x\.sqlite"):
            array[...]

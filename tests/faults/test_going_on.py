"""Moves, conversions, exports and copies that are cut off: what goes on, and what is refused."""

from __future__ import annotations

import os
import shutil
import sys
from itertools import count

import numpy as np
import pytest

import zarrpy
from zarrpy.engine import copy as copying
from zarrpy.stores import LocalStore

VALUES = np.arange(1, 1001)


class CutError(Exception):
    """Cuts work off."""


def cut(event):
    """Cut it off when one window is done."""
    raise CutError


def cut_off(work, *arguments, **keywords):
    """Begin work, and cut it off."""
    with pytest.raises(CutError):
        work(*arguments, progress=cut, **keywords)


def cut_at(monkeypatch, name):
    """Cut a program off when it renames or deletes something of this name."""

    def patched(inner):
        def call(*arguments, **keywords):
            if any(name in str(each) for each in arguments):
                raise CutError
            return inner(*arguments, **keywords)

        return call

    monkeypatch.setattr(LocalStore, "delete", patched(LocalStore.delete))


def cut_after(monkeypatch, ndone):
    """Cut a program off when it has made so many changes of documents."""
    left = count(ndone, -1)

    def patched(inner):
        def call(*arguments, **keywords):
            if next(left) <= 0:
                raise CutError
            return inner(*arguments, **keywords)

        return call

    for name in ("set", "set_many", "update", "delete", "rename"):
        monkeypatch.setattr(LocalStore, name, patched(getattr(LocalStore, name)))


@pytest.fixture
def source(tmp_path):
    """An array of many chunks."""
    return zarrpy.create_array(tmp_path / "a.zarr", data=VALUES, chunks=10)


def files(folder):
    """Name the files below a folder."""
    return sorted(str(each.relative_to(folder)) for each in folder.rglob("*") if each.is_file())


def test_a_move_that_was_deleting_goes_on(tmp_path, source, monkeypatch):
    """The source is gone when it goes on, but for chunks that nobody describes."""
    with monkeypatch.context() as patched:
        cut_at(patched, "c/7")
        with pytest.raises(CutError):
            zarrpy.move(tmp_path / "a.zarr", tmp_path / "b.zarr", journal=tmp_path / "j")
    assert files(tmp_path / "a.zarr")
    with pytest.raises(zarrpy.NodeNotFoundError):
        zarrpy.open(tmp_path / "a.zarr")

    moved = zarrpy.move(tmp_path / "a.zarr", tmp_path / "b.zarr", journal=tmp_path / "j")

    assert moved[...].tolist() == VALUES.tolist()
    assert not files(tmp_path / "a.zarr")
    assert not (tmp_path / "j").exists()


def test_another_node_in_the_place_of_the_source_stays(tmp_path, source, monkeypatch):
    """Somebody gave up, and stored something there."""
    with monkeypatch.context() as patched:
        cut_at(patched, "zarr.json")
        with pytest.raises(CutError):
            zarrpy.move(tmp_path / "a.zarr", tmp_path / "b.zarr", journal=tmp_path / "j")
    zarrpy.create_array(tmp_path / "a.zarr", data=[1.5], overwrite=True)

    with pytest.raises(zarrpy.ConflictError, match="another node"):
        zarrpy.move(tmp_path / "a.zarr", tmp_path / "b.zarr", journal=tmp_path / "j")

    assert zarrpy.open(tmp_path / "a.zarr")[...].tolist() == [1.5]


def test_a_move_within_a_store_takes_a_journal(tmp_path):
    """It is one rename; a journal of it that was cut off says whether it was done."""
    group = zarrpy.create_group(tmp_path / "g.zarr")
    made = group.create_array("a", data=VALUES)
    moved = zarrpy.move(made, group, "b", journal=tmp_path / "j")
    assert (moved.name, list(group)) == ("/b", ["b"])
    assert not (tmp_path / "j").exists()
    group.create_array("c", data=[1])
    with pytest.raises(zarrpy.NodeExistsError):
        zarrpy.move(moved, group, "c", journal=tmp_path / "j")
    assert not (tmp_path / "j").exists()


def test_a_move_goes_on_where_it_copied(tmp_path, source):
    """Nothing is deleted before all of it is there."""
    cut_off(zarrpy.move, source, tmp_path / "b.zarr", journal=tmp_path / "j")
    assert source[...].tolist() == VALUES.tolist()
    seen = []
    zarrpy.move(source, tmp_path / "b.zarr", journal=tmp_path / "j", progress=seen.append)
    assert (seen[0].done, seen[-1].done) == (64, 100)
    assert zarrpy.open(tmp_path / "b.zarr")[...].tolist() == VALUES.tolist()


def test_a_conversion_whose_new_array_was_cleared_away_begins_anew(tmp_path, monkeypatch):
    """What the journal says is done of it is not there any more."""
    monkeypatch.setattr("zarrpy.engine.regions.REGION_NBYTES", 800)
    array = zarrpy.create_array(tmp_path / "a.zarr", data=VALUES, chunks=10, shards=100)
    cut_off(zarrpy.convert, array.store, zarr_format=2, journal=tmp_path / "j")
    (stage,) = [name for name in os.listdir(tmp_path / "a.zarr") if name.startswith(".__zp-long-")]
    assert array[...].tolist() == VALUES.tolist()
    shutil.rmtree(tmp_path / "a.zarr" / stage)

    zarrpy.convert(array.store, zarr_format=2, journal=tmp_path / "j")

    made = zarrpy.open(tmp_path / "a.zarr")
    assert made.metadata.zarr_format == 2
    assert made[...].tolist() == VALUES.tolist()
    assert not [name for name in os.listdir(tmp_path / "a.zarr") if name.startswith(".__zp-")]


def test_a_conversion_refuses_an_array_that_is_another_by_now(tmp_path, source):
    """It stays as it is."""
    cut_off(zarrpy.convert, source.store, zarr_format=2, journal=tmp_path / "j")
    zarrpy.create_array(source.store, data=[1.5], overwrite=True)

    with pytest.raises(zarrpy.ConflictError, match="another by now"):
        zarrpy.convert(source.store, zarr_format=2, journal=tmp_path / "j")

    assert zarrpy.open(source.store)[...].tolist() == [1.5]


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege: run this elsewhere")
def test_values_behind_a_link_are_not_converted_into_nothing(tmp_path):
    """Replacing the link would leave nothing to read."""
    group = zarrpy.create_group(tmp_path / "g.zarr")
    zarrpy.create_array(tmp_path / "a.zarr", data=VALUES, chunks=10, shards=100)
    os.symlink(tmp_path / "a.zarr", tmp_path / "g.zarr/a", target_is_directory=True)

    with pytest.raises(zarrpy.StoreError, match="behind a link"):
        zarrpy.convert(group.store, zarr_format=2)

    assert zarrpy.open(tmp_path / "g.zarr/a")[...].tolist() == VALUES.tolist()


def test_a_conversion_goes_on_with_what_was_consolidated(tmp_path, monkeypatch):
    """The names that a run removes are made anew by the run that ends."""
    group = zarrpy.create_group(tmp_path / "g.zarr", zarr_format=2)
    for name in ("a", "b"):
        group.create_array(name, data=VALUES, chunks=10)
    zarrpy.consolidate_metadata(group.store, zarr_format=2)
    with monkeypatch.context() as patched:
        cut_at(patched, "a/.zarray")
        with pytest.raises(CutError):
            zarrpy.convert(group.store, zarr_format=3, journal=tmp_path / "j")

    zarrpy.convert(group.store, zarr_format=3, journal=tmp_path / "j")

    made = zarrpy.open_group(group.store, use_consolidated=True)
    assert {name: member.metadata.zarr_format for name, member in made.members()} == {
        "a": 3,
        "b": 3,
    }
    assert not [name for name in files(tmp_path / "g.zarr") if "/.z" in f"/{name}"]


@pytest.mark.parametrize("old", [2, 3])
def test_a_conversion_goes_on_wherever_it_was_cut_off(tmp_path, monkeypatch, old):
    """Also where the group is converted already, and only what is consolidated is missing."""
    for ndone in count():
        folder = tmp_path / str(ndone)
        group = zarrpy.create_group(folder, zarr_format=old)
        group.create_array("in/a", data=VALUES, chunks=100)
        zarrpy.consolidate_metadata(group.store, zarr_format=old)
        with monkeypatch.context() as patched:
            cut_after(patched, ndone)
            try:
                zarrpy.convert(group.store, zarr_format=5 - old, journal=tmp_path / f"j{ndone}")
                break
            except CutError:
                pass

        zarrpy.convert(group.store, zarr_format=5 - old, journal=tmp_path / f"j{ndone}")

        made = zarrpy.open_group(folder, use_consolidated=True)
        assert made.metadata.zarr_format == 5 - old
        assert [name for name, _ in made.members(max_depth=None)] == ["in", "in/a"]
        assert made["in/a"][...].tolist() == VALUES.tolist()
        theirs = {2: "zarr.json", 3: ".zarray .zgroup .zmetadata"}[5 - old].split()
        assert not [name for name in files(folder) if name.rpartition("/")[2] in theirs]
    assert ndone > 5


def test_an_export_with_a_journal_replaces_nothing(tmp_path, source):
    """Neither a file that was there, nor one that somebody made meanwhile."""
    (tmp_path / "a.npy").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        zarrpy.export_to(source, tmp_path / "a.npy", journal=tmp_path / "j")
    with pytest.raises(ValueError, match="new"):
        zarrpy.export_to(source, tmp_path / "a.npy", overwrite=True, journal=tmp_path / "j")
    cut_off(zarrpy.export_to, source, tmp_path / "b.npy", journal=tmp_path / "j")
    assert not (tmp_path / "b.npy").exists()
    (tmp_path / "b.npy").write_bytes(b"mine")
    with pytest.raises(FileExistsError):
        zarrpy.export_to(source, tmp_path / "b.npy", journal=tmp_path / "j")
    (tmp_path / "b.npy").unlink()

    zarrpy.export_to(source, tmp_path / "b.npy", journal=tmp_path / "j")

    assert np.load(tmp_path / "b.npy").tolist() == VALUES.tolist()
    assert (tmp_path / "a.npy").read_bytes() == b"mine"
    assert sorted(os.listdir(tmp_path)) == ["a.npy", "a.zarr", "b.npy"]


def test_a_copy_that_is_cut_off_leaves_nothing(tmp_path, source, monkeypatch):
    """Before all of it is there, there is none, at the root as in a group."""
    monkeypatch.setattr(copying, "MOST_FILES", 10)
    monkeypatch.setattr(copying, "MOST_VALUES", 10)
    group = zarrpy.create_group(tmp_path / "g.zarr")
    seen = []

    def look(event):
        seen.append(event.done)
        for place in (tmp_path / "b.zarr", tmp_path / "g.zarr/b"):
            with pytest.raises(zarrpy.NodeNotFoundError):
                zarrpy.open(place)
        if event.done == 50:
            raise CutError

    for target, name in ((tmp_path / "b.zarr", None), (group, "b")):
        with pytest.raises(CutError):
            zarrpy.copy(source, target, name, progress=look)
    assert seen == [10, 20, 30, 40, 50] * 2
    assert not (tmp_path / "b.zarr").exists() or not files(tmp_path / "b.zarr")
    assert files(tmp_path / "g.zarr") == ["zarr.json"]


def test_who_is_first_stays(tmp_path, source):
    """Somebody creates a node where a copy is on its way to."""

    def create(event):
        if not (tmp_path / "b.zarr/zarr.json").exists():
            zarrpy.create_array(tmp_path / "b.zarr", data=[1.5])

    with pytest.raises(zarrpy.NodeExistsError):
        zarrpy.copy(source, tmp_path / "b.zarr", progress=create)

    assert zarrpy.open(tmp_path / "b.zarr")[...].tolist() == [1.5]
    assert files(tmp_path / "b.zarr") == ["c/0", "zarr.json"]


def test_a_copy_beside_other_nodes_leaves_them(tmp_path, source):
    """A directory that is no node itself may hold some."""
    other = zarrpy.create_array(tmp_path / "b.zarr/x", data=[7])
    zarrpy.copy(source, tmp_path / "b.zarr")
    assert zarrpy.open(tmp_path / "b.zarr")[...].tolist() == VALUES.tolist()
    assert other[...].tolist() == [7]

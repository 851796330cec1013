"""Tests of `zarrpy.engine.scattered`: storage transformers name chunks by the path of the array."""

import numpy as np
import pytest

import zarrpy
from zarrpy.engine import copy as copying
from zarrpy.errors import MetadataError

VALUES = np.arange(1, 25, dtype="i4").reshape(4, 6)


class Apart(zarrpy.StorageTransformer):
    """Store chunks under keys of another beginning, twice."""

    name = "test.apart"

    def get(self, key, byte_range=None):
        return self.store.get("apart/" + key, byte_range)

    def set(self, key, value):
        self.store.set("apart/" + key, value)
        self.store.set("apart/" + key + ".twin", value)

    def delete(self, key):
        self.store.delete("apart/" + key)
        self.store.delete("apart/" + key + ".twin")


class Beside(zarrpy.StorageTransformer):
    """Store a second copy beside each chunk, and read that where the first is lost."""

    name = "test.beside"

    def get(self, key, byte_range=None):
        found = self.store.get(key, byte_range)
        return self.store.get(key + ".twin", byte_range) if found is None else found

    def set(self, key, value):
        self.store.set(key, value)
        self.store.set(key + ".twin", value)

    def delete(self, key):
        self.store.delete(key)
        self.store.delete(key + ".twin")


@pytest.fixture(autouse=True, params=[Apart, Beside], ids=lambda kind: kind.name)
def kind(request):
    """Name each, for the time of a test."""
    zarrpy.register_storage_transformer(request.param)
    yield request.param.name
    zarrpy.unregister_storage_transformer(request.param.name)


@pytest.fixture
def group(tmp_path, kind):
    """A group with such an array, one chunk of which is not stored, and an ordinary one."""
    made = zarrpy.create_group(tmp_path / "g.zarr")
    array = made.create_array(
        "s/a", shape=(6, 6), dtype="i4", chunks=(2, 6), storage_transformers=[kind]
    )
    array[:4] = VALUES
    made.create_array("b", data=VALUES)
    return made


def is_whole(place, path="s/a"):
    """Whether the array is there with all its values, and the fill value where none were."""
    array = zarrpy.open(place, path=path)
    return bool((array[:4] == VALUES).all() and (array[4:] == 0).all())


def twins(folder):
    """Count what a transformer stores besides."""
    return len(list(folder.rglob("*.twin")))


@pytest.mark.parametrize("keywords", [{}, {"scheduler": "threads"}, {"journal": "j"}], ids=str)
@pytest.mark.parametrize("within", [False, True])
def test_a_copy_takes_along_what_its_transformers_store(tmp_path, group, keywords, within):
    """Of an array, and of a group that it is in; its twins are made anew."""
    if "journal" in keywords:
        keywords = {"journal": tmp_path / "j"}
    target = group.store if within else tmp_path / "t.zarr"
    before = twins(tmp_path)

    zarrpy.copy(group["s"], target, "x/s", **keywords)
    zarrpy.copy(group["s/a"], target, "x/c", **keywords)

    assert is_whole(target, "x/s/a")
    assert is_whole(target, "x/c")
    assert is_whole(group.store)
    assert twins(tmp_path) == 3 * before


def test_a_copy_of_the_root(tmp_path, group):
    """A group, into a store of its own and into memory."""
    memory = zarrpy.MemoryStore()
    for target in (tmp_path / "t.zarr", memory):
        zarrpy.copy(group, target)
        assert is_whole(target)
        assert (zarrpy.open(target, path="b")[...] == VALUES).all()
    group["t"] = group["s/a"]
    assert is_whole(group.store, "t")


@pytest.mark.filterwarnings("ignore:left .* not Zarr")
def test_a_copy_replaces_what_was_there(tmp_path, group, kind):
    """Chunks that the source has none of are none in the copy."""
    other = zarrpy.create_group(tmp_path / "t.zarr")
    keywords = {"chunks": (1, 6), "storage_transformers": [kind]}
    other.create_array("s/a", data=np.full((6, 6), 99), **keywords)

    zarrpy.copy(group["s/a"], other["s"], if_exists="replace")
    assert is_whole(other.store)

    other.create_array("s/a", data=np.full((6, 6), 99), overwrite=True, **keywords)
    zarrpy.copy(group, other.store, if_exists="replace")
    assert is_whole(other.store)


def test_a_copy_that_fails_leaves_no_part(tmp_path, group, monkeypatch):
    """Which would read as fill values."""
    monkeypatch.setattr(copying, "MOST_VALUES", 1)

    def stop(event):
        raise StopError

    for source, name in ((group["s/a"], "c"), (group["s"], "s"), (group["s"], None)):
        target = tmp_path / f"{source.basename}{name}.zarr"
        with pytest.raises(StopError):
            zarrpy.copy(source, target, name, progress=stop)
        with pytest.raises(zarrpy.NodeNotFoundError):
            zarrpy.open(target, path=name or "")


class StopError(Exception):
    """Cuts work off."""


def test_moving_within_a_store_is_refused(tmp_path, group, kind):
    """A rename would leave behind what is named by the path; the error says what to do."""
    for move in (
        lambda: zarrpy.move(group["s/a"], group, "c"),
        lambda: zarrpy.move(group["s/a"], group, "c", journal=tmp_path / "j"),
        lambda: group.move("s", "t"),
        lambda: group["s"].rename("a", "c"),
    ):
        with pytest.raises(MetadataError, match=r"'?s/a'?.* its path.* -> zarrpy\.copy"):
            move()
    group.move("b", "c")

    assert is_whole(group.store)
    assert sorted(group) == ["c", "s"]


def test_a_group_with_a_transformer_that_is_not_known_is_not_moved(group, kind):
    """Nobody here can say what it does."""
    zarrpy.unregister_storage_transformer(kind)
    try:
        with pytest.raises(MetadataError, match="its path"):
            group.move("s", "t")
    finally:
        zarrpy.register_storage_transformer({"test.apart": Apart, "test.beside": Beside}[kind])
    assert is_whole(group.store)


@pytest.mark.parametrize("journal", [None, "j"])
def test_moving_to_another_store(tmp_path, group, journal):
    """It is copied, and then nothing of it is left."""
    keywords = {} if journal is None else {"journal": tmp_path / journal}
    zarrpy.move(group["s"], tmp_path / "t.zarr", "s", **keywords)

    assert is_whole(tmp_path / "t.zarr")
    assert "s" not in group
    assert twins(tmp_path / "g.zarr") == 0


def test_what_was_deleted_does_not_come_back(tmp_path, group, kind):
    """A new array at the place reads as the fill value."""
    keywords = {"shape": (6, 6), "dtype": "i4", "chunks": (2, 6), "storage_transformers": [kind]}

    del group["s"]
    assert twins(tmp_path) == 0
    assert (group.create_array("s/a", **keywords)[...] == 0).all()

    group["s/a"][...] = 5
    assert (group.create_array("s/a", overwrite=True, **keywords)[...] == 0).all()
    assert twins(tmp_path) == 0


def test_packing_takes_every_key(tmp_path, group):
    """Wherever transformers have put it, below the root of the store."""
    zarrpy.pack(tmp_path / "g.zarr", tmp_path / "g.zip")
    assert is_whole(tmp_path / "g.zip")
    zarrpy.unpack(tmp_path / "g.zip", tmp_path / "u.zarr")
    assert is_whole(tmp_path / "u.zarr")


def test_other_chunks_of_the_same_values(tmp_path, group):
    """Rechunk reads and writes through transformers, in place as well."""
    zarrpy.rechunk(group["s/a"], group, "c", chunks=(6, 1))
    assert is_whole(group.store, "c")
    zarrpy.rechunk(group["s/a"], group["s"], "a", chunks=(6, 1), if_exists="replace")
    assert is_whole(group.store)


def test_an_array_is_not_replaced_by_one_that_is_made_of_it(group, kind):
    """With transformers it would be written when there is nothing left to read."""
    keywords = {"chunks": (6, 1), "storage_transformers": [kind]}

    with pytest.raises(MetadataError, match=r"beside the old.*under another name"):
        zarrpy.rechunk(group["s/a"], group["s"], "a", if_exists="replace", **keywords)
    with pytest.raises(MetadataError, match=r"beside the old.*under another name"):
        zarrpy.from_array(group.store, name="s/a", data=group["s/a"], overwrite=True, **keywords)

    assert is_whole(group.store)


def test_a_part_of_a_hierarchy_is_not_packed_without_its_chunks(group, tmp_path):
    """The whole is, and a copy takes the array, opened by the path that it was created at."""
    for part in ("s", "s/a"):
        with pytest.raises(MetadataError, match=r"storage_transformers.*pack the whole, or copy"):
            zarrpy.pack(tmp_path / "g.zarr" / part, tmp_path / "part.zarr")
    zarrpy.pack(tmp_path / "g.zarr/b", tmp_path / "b.zarr")
    zarrpy.pack(tmp_path / "g.zarr", tmp_path / "whole.zarr")
    zarrpy.copy(zarrpy.open(tmp_path / "g.zarr", path="s/a"), tmp_path / "a.zarr")

    assert is_whole(tmp_path / "whole.zarr")
    assert is_whole(tmp_path / "a.zarr", "")
    assert (zarrpy.open(tmp_path / "b.zarr")[...] == VALUES).all()
    assert not (tmp_path / "part.zarr").exists()

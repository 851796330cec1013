"""Tests of `zarrpy.engine.lifecycle`: replacing and deleting, and what is left of it all."""

import asyncio
import os
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import zarrpy
from zarrpy.codecs.base import ArrayToArray
from zarrpy.engine.lifecycle import ForeignFilesWarning
from zarrpy.errors import MetadataError, NodeExistsError, NodeKindError, NodeNotFoundError
from zarrpy.stores import LocalStore, MemoryStore

ENCODINGS = [
    (3, None),
    (3, {"name": "default", "separator": "."}),
    (3, {"name": "v2", "separator": "/"}),
    (2, "."),
    (2, "/"),
]
FOREIGN = {"a/README": b"1", "a/c/notes.txt": b"2", "a/pictures/0.png": b"3", "a/00.1": b"4"}


class Refusing(ArrayToArray):
    """A codec that encodes nothing."""

    name = "test.refusing"

    def to_config(self, dialect=3):
        return {}

    @classmethod
    def from_config(cls, configuration, *, dialect=3, spec=None):
        return cls()

    def encode(self, array):
        raise ValueError("cannot encode this")

    def decode(self, data, spec):
        return data


@pytest.fixture(autouse=True)
def _registered():
    """Know that codec."""
    zarrpy.register_codec(Refusing)
    yield
    zarrpy.unregister_codec("test.refusing")


def put_foreign(store, values=FOREIGN):
    """Store files of somebody else."""
    for key, value in values.items():
        store.set(key, value)


def below(store, prefix="a/"):
    """Keys below a path."""
    return sorted(key for key in store.list() if key.startswith(prefix))


# ------------------------------------------------------------------------------------ what is Zarr


@pytest.mark.parametrize(("zarr_format", "keys"), ENCODINGS)
def test_overwriting_an_array_keeps_the_files_of_others(store, contents, zarr_format, keys):
    """Only documents and chunks go, by the key encoding of the old array."""
    zarrpy.create_array(
        store, name="a", data=np.ones((4, 4)), chunks=2, zarr_format=zarr_format,
        chunk_key_encoding=keys,
    )  # fmt: skip
    put_foreign(store)

    with pytest.warns(ForeignFilesWarning, match=r"a/?'.*notes\.txt"):
        zarrpy.create_array(store, name="a", shape=(4, 4), dtype="i4", overwrite=True)

    found = contents(store)
    assert {key: found[key] for key in FOREIGN} == FOREIGN
    assert below(store) == sorted([*FOREIGN, "a/zarr.json"])
    assert not zarrpy.open(store, path="a")[...].any()


OVERWRITING = {
    "mode": lambda store: zarrpy.open(store, path="a", mode="w"),
    "group": lambda store: zarrpy.group(store, path="a", overwrite=True),
    "overwrite": lambda store: zarrpy.create_group(store, path="a", overwrite=True),
}


@pytest.mark.parametrize("how", OVERWRITING)
def test_overwriting_a_group_keeps_the_files_of_others_at_every_depth(store, how):
    """Whichever way it is asked for."""
    group = zarrpy.create_group(store, path="a")
    group.create_array("b/x", data=np.arange(4), chunks=2)
    put_foreign(store, {"a/notes": b"1", "a/b/c/0": b"no chunk", "a/b/x/log.txt": b"2"})

    with pytest.warns(ForeignFilesWarning, match=r"left 2 files.*b/c/0.*b/x/log\.txt"):
        OVERWRITING[how](store)

    assert below(store) == ["a/b/c/0", "a/b/x/log.txt", "a/notes", "a/zarr.json"]
    assert list(zarrpy.open_group(store, path="a")) == []


def test_deleting_keeps_the_files_of_others_and_names_them(store, contents):
    """The node is gone, its directory is not."""
    group = zarrpy.create_group(store)
    group.create_array("a/x", data=np.arange(4), chunks=2)
    put_foreign(store, {"a/notes.txt": b"1", "a/x/c/notes": b"2"})

    with pytest.warns(ForeignFilesWarning, match=r"left 2 files.*not Zarr.*notes\.txt.*x/c/notes"):
        del group["a"]

    assert "a" not in group
    assert below(store) == ["a/notes.txt", "a/x/c/notes"]


def test_deleting_what_is_all_zarr_says_nothing(store):
    """And leaves nothing."""
    group = zarrpy.create_group(store)
    group.create_array("a/x", data=np.arange(4), chunks=2, zarr_format=2)
    store.set("a/.zmetadata", b"{}")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del group["a"]

    assert list(store.list()) == ["zarr.json"]
    if isinstance(store, LocalStore):
        assert os.listdir(store.root) == ["zarr.json"]


def test_chunks_beyond_the_shape_are_chunks(store):
    """Another writer may have shrunk the array; they must not show up in the new one."""
    zarrpy.create_array(store, name="a", data=np.ones(4), chunks=2)
    store.set("a/c/9", store.get("a/c/1"))

    zarrpy.create_array(store, name="a", shape=100, dtype="f8", chunks=2, overwrite=True)

    assert below(store) == ["a/zarr.json"]


def test_a_file_that_would_become_a_chunk_is_refused(store, contents):
    """It is not a chunk of the old array, so it is somebody's; nothing is changed."""
    zarrpy.create_array(store, name="a", data=np.ones(4), chunks=2, zarr_format=2)
    store.set("a/c/0", b"mine")
    before = contents(store)

    with pytest.raises(NodeExistsError, match=r"taken for chunks.*'c/0'"):
        zarrpy.create_array(store, name="a", shape=4, dtype="i4", overwrite=True)

    assert contents(store) == before


def test_the_lock_files_of_killed_writers_go_with_the_node(tmp_path):
    """Those of others stay."""
    group = zarrpy.create_group(tmp_path / "x")
    group.create_array("a", data=[1, 2], chunks=1)
    for name in ("a/c/1.__lock", "a/zarr.json.__lock", "a/mine.__lock"):
        (tmp_path / "x" / name).write_bytes(b"half")

    with pytest.warns(ForeignFilesWarning, match="mine"):
        del group["a"]

    assert os.listdir(tmp_path / "x" / "a") == ["mine.__lock"]


@pytest.mark.parametrize("document", [b"{", b"", b'{"zarr_format": 4}', b'{"node_type": "array"}'])
def test_a_node_with_a_broken_document_can_be_replaced(store, document):
    """When that is asked for; its chunks go, other files stay."""
    zarrpy.create_array(store, name="a", data=np.ones(4), chunks=2)
    store.set("a/zarr.json", document)
    store.set("a/notes.txt", b"1")

    with pytest.raises(MetadataError):
        zarrpy.create_array(store, name="a", shape=4, dtype="i4")
    with pytest.raises(MetadataError):
        zarrpy.open(store, path="a", mode="w-")
    assert len(below(store)) == 4
    zarrpy.open(store, path="a", mode="w", shape=4, dtype="i4")

    assert below(store) == ["a/notes.txt", "a/zarr.json"]
    assert zarrpy.open(store, path="a")[...].tolist() == [0] * 4


def test_a_link_to_a_node_is_removed_and_not_followed(tmp_path):
    """What it leads to may be somebody else's; a link to anything else is not Zarr."""
    outside = zarrpy.create_array(tmp_path / "outside", data=np.arange(4))
    (tmp_path / "folder").mkdir()
    group = zarrpy.create_group(tmp_path / "x")
    group.create_group("a")
    os.symlink(tmp_path / "outside", tmp_path / "x/a/linked")
    os.symlink(tmp_path / "folder", tmp_path / "x/a/folder")

    zarrpy.create_group(tmp_path / "x", path="a", overwrite=True)

    assert sorted(os.listdir(tmp_path / "x/a")) == ["folder", "zarr.json"]
    assert outside[...].tolist() == [0, 1, 2, 3]


# --------------------------------------------------------------------------------- all or nothing


class Failing(MemoryStore):
    """A store whose n-th change fails, and if it has died, every one after it."""

    def __init__(self, values, after, *, dies):
        super().__init__(values)
        self.left, self.dies = after, dies

    def _change(self):
        self.left -= 1
        if self.left == 0 or (self.left < 0 and self.dies):
            raise KeyboardInterrupt if not self.dies else OSError("gone")

    def set(self, key, value):
        self._change()
        super().set(key, value)

    def set_many(self, keys, values):
        self._change()
        super().set_many(keys, values)

    def delete(self, key):
        self._change()
        super().delete(key)

    def rename(self, key, new, **how):
        self._change()
        return super().rename(key, new, **how)


OLD, NEW = np.arange(6), np.arange(10, 14, dtype="i2")


def old_values(zarr_format=3):
    """An array of three chunks in a group, as a dictionary."""
    values = {}
    zarrpy.create_group(values, zarr_format=zarr_format).create_array("a", data=OLD, chunks=2)
    return values


@pytest.mark.parametrize("formats", [(3, 3), (2, 3), (3, 2)])
@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("after", range(1, 40))
def test_an_interrupted_overwrite_leaves_the_old_or_the_new(after, dies, formats):
    """Whichever change is the last; what the next writer finds is whole."""
    values = old_values(formats[0])
    store = Failing(values, after, dies=dies)
    create = {"name": "a", "data": NEW, "chunks": 1, "overwrite": True, "zarr_format": formats[1]}

    try:
        zarrpy.create_array(store, **create)
    except (KeyboardInterrupt, OSError):
        failed = True
    else:
        failed = False

    found = zarrpy.open(values, path="a")[...]
    expected = NEW if found.dtype == NEW.dtype else OLD
    assert np.array_equal(found, expected)
    if not failed:
        assert store.left > 0
        assert expected is NEW
    zarrpy.create_array(values, **create)
    assert [key for key in values if ".__zp" in key] == []


def test_the_loop_above_reaches_the_end():
    """The last of its changes is one that never comes."""
    store = Failing(old_values(), 39, dies=True)

    zarrpy.create_array(store, name="a", data=NEW, chunks=1, overwrite=True)

    assert store.left > 0


def test_a_reader_of_an_interrupted_replacement_is_told_what_to_do():
    """It changes nothing itself; the next who opens for writing puts the old one back."""
    for after in range(1, 40):
        values = old_values()
        store = Failing(values, after, dies=True)
        with suppress(OSError):
            zarrpy.create_array(store, name="a", data=NEW, chunks=1, overwrite=True)
        if "a/zarr.json" not in values:
            break
    before = dict(values)

    with pytest.raises(NodeNotFoundError, match=r"cut off.*mode='r\+'"):
        zarrpy.open(values, path="a", mode="r")
    assert values == before

    assert np.array_equal(zarrpy.open(values, path="a", mode="r+")[...], OLD)
    assert values == old_values()


KILLED = """
import os, sys, zarrpy
from zarrpy.stores import LocalStore

left = int(sys.argv[2])

def killing(name):
    real = getattr(LocalStore, name)
    def change(self, *arguments, **how):
        global left
        left -= 1
        if left == 0:
            os._exit(9)
        return real(self, *arguments, **how)
    return change

for name in ("set", "delete", "rename"):
    setattr(LocalStore, name, killing(name))
zarrpy.create_array(sys.argv[1], name="a", data=[7, 8], chunks=1, overwrite=True)
"""


@pytest.mark.parametrize("after", [1, 3, 4, 5, 6, 7, 8, 9])
@pytest.mark.parametrize("foreign", [False, True])
def test_a_process_that_is_killed_while_it_overwrites_leaves_the_old_or_the_new(
    tmp_path, after, foreign
):
    """In a directory, with and without files of others in it."""
    group = zarrpy.create_group(tmp_path / "x")
    group.create_array("a", data=OLD, chunks=2)
    if foreign:
        (tmp_path / "x/a/c/notes").write_bytes(b"mine")

    subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path / "x"), str(after)], check=False, timeout=60
    )

    found = zarrpy.open(tmp_path / "x/a")[...].tolist()
    assert found in (OLD.tolist(), [7, 8])
    assert (tmp_path / "x/a/c/notes").exists() == foreign


def test_data_that_cannot_be_written_leave_the_old_array(store, contents):
    """They are written in full before the old array goes."""
    zarrpy.create_array(store, name="a", data=OLD)
    before = contents(store)

    with pytest.raises(ValueError, match="cannot encode this"):
        zarrpy.create_array(
            store, name="a", data=np.array([1.5, np.nan]), overwrite=True,
            filters=[Refusing()],
        )  # fmt: skip

    assert contents(store) == before
    assert np.array_equal(zarrpy.open(store, path="a")[...], OLD)


def test_the_directory_of_an_overwritten_array_is_the_same_one(tmp_path):
    """With its owner and rights, and whoever stands in it."""
    zarrpy.create_array(tmp_path / "x", data=OLD)
    (tmp_path / "x").chmod(0o2750)
    before = (tmp_path / "x").stat()

    zarrpy.create_array(tmp_path / "x", data=NEW, overwrite=True)

    after = (tmp_path / "x").stat()
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)
    assert sorted(os.listdir(tmp_path / "x")) == ["c", "zarr.json"]


def test_a_group_with_many_members_is_replaced(store):
    """All of them go, and none of the new ones."""
    group = zarrpy.create_group(store)
    for i in range(5):
        group.create_array(f"g/{i}", data=np.arange(4), chunks=1)
    other = zarrpy.create_group({})
    for name in ("x", "y/z"):
        other.create_array(name, data=[1, 2])

    zarrpy.save_array(store, other, path="g", overwrite=True)

    names = [name for name, _ in zarrpy.open(store, path="g").members(None)]
    assert names == ["x", "y", "y/z"]
    assert group["g/y/z"][...].tolist() == [1, 2]


# ---------------------------------------------------------------------------------- below an array


def test_nothing_is_created_below_an_array_by_the_path_of_the_store(tmp_path):
    """As by the path within it; the error names the array."""
    zarrpy.create_array(tmp_path / "x", data=OLD)

    for path in ("x/inner", "x/c/inner"):
        with pytest.raises(NodeKindError, match=r"an array at .*x'"):
            zarrpy.create_array(tmp_path / path, data=[1])
        with pytest.raises(NodeKindError):
            zarrpy.create_group(tmp_path / path)
    with pytest.raises(NodeKindError):
        zarrpy.open(tmp_path / "x/inner", mode="a")

    assert sorted(os.listdir(tmp_path / "x")) == ["c", "zarr.json"]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_store_within_a_group_is_a_member_of_it(tmp_path, zarr_format):
    """Nodes may be created by any path that leads to them."""
    zarrpy.create_group(tmp_path / "x", zarr_format=zarr_format)

    zarrpy.create_array(tmp_path / "x" / "a", data=[1], zarr_format=zarr_format)

    assert list(zarrpy.open(tmp_path / "x")) == ["a"]


# ----------------------------------------------------------------------------------------- moving


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_member_moves_with_all_below_it(store, zarr_format):
    """Groups on the way are created; nothing is left."""
    group = zarrpy.create_group(store, path="g", zarr_format=zarr_format)
    group.create_array("a/b", data=OLD, chunks=2)
    store.set("g/a/notes", b"1")

    group.move("a", "x/y")

    assert [name for name, _ in group.members(None)] == ["x", "x/y", "x/y/b"]
    assert np.array_equal(group["x/y/b"][...], OLD)
    assert below(store, "g/a") == []
    assert store.get("g/x/y/notes") == b"1"


def test_a_member_is_renamed_in_its_group(store):
    """Its path is the same but for its name."""
    group = zarrpy.create_group(store)
    group.create_array("g/a", data=OLD)

    group.rename("g/a", "b")

    assert list(group["g"]) == ["b"]
    with pytest.raises(MetadataError, match="path"):
        group.rename("g/b", "h/b")


def test_moving_replaces_nothing_and_leads_nowhere_impossible(store, contents):
    """What is wrong is an error before anything is changed."""
    group = zarrpy.create_group(store)
    group["a"] = OLD
    group["b"] = NEW
    before = contents(store)

    for source, target, error in [
        ("a", "b", NodeExistsError),
        ("no such", "x", KeyError),
        ("a", "a/b", MetadataError),
        ("a", "b/x", NodeKindError),
        ("a", "__x", MetadataError),
        ("", "x", ValueError),
    ]:
        with pytest.raises(error):
            group.move(source, target)
    with pytest.raises(PermissionError):
        zarrpy.open_group(store, mode="r").move("a", "x")

    assert contents(store) == before


def test_moving_can_be_awaited(store):
    """The same steps, in an event loop."""
    group = zarrpy.create_group(store)
    group["a"] = OLD

    asyncio.run(group.move.aio("a", "b"))

    assert list(group) == ["b"]


def test_a_warning_points_at_the_line_that_deleted(store):
    """Not into the library."""
    group = zarrpy.create_group(store)
    group.create_group("a")
    store.set("a/notes", b"1")

    with pytest.warns(ForeignFilesWarning) as caught:
        group.pop("a")

    assert Path(caught[0].filename) == Path(__file__)

"""Tests of `zarrpy.engine.lifecycle`: replacing and deleting, and what is left of it all."""

import os
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

import zarrpy
from tests.unit.cut_off import NEW, OLD, Failing, FarFailing, cut_off, old_values
from zarrpy.codecs.base import ArrayToArray
from zarrpy.engine.lifecycle import ForeignFilesWarning
from zarrpy.errors import (
    ConflictError,
    MetadataError,
    NodeExistsError,
    NodeKindError,
    NodeNotFoundError,
)
from zarrpy.stores import LocalStore

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


@pytest.mark.parametrize("kind", [Failing, FarFailing])
@pytest.mark.parametrize("formats", [(3, 3), (2, 3), (3, 2)])
@pytest.mark.parametrize("dies", [False, True])
@pytest.mark.parametrize("after", range(1, 40))
def test_an_interrupted_overwrite_leaves_the_old_or_the_new(after, dies, formats, kind):
    """Whichever change is the last; what the next writer finds is whole."""
    values = old_values(formats[0])
    store = kind(values, after, dies=dies)
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


@pytest.mark.parametrize("kind", [Failing, FarFailing])
def test_the_loop_above_reaches_the_end(kind):
    """The last of its changes is one that never comes."""
    store = kind(old_values(), 39, dies=True)

    zarrpy.create_array(store, name="a", data=NEW, chunks=1, overwrite=True)

    assert store.left > 0


LIKE_NEW = {"data": NEW, "chunks": 1, "overwrite": True}


def test_where_renames_are_copies_a_replacement_is_finished_rather_than_taken_back():
    """A reader is told; who opens it to write finds the new one, though old chunks were left."""
    values = cut_off(lambda store: zarrpy.create_array(store, name="a", **LIKE_NEW), FarFailing)
    assert "a/c/0" in values
    with pytest.raises(NodeNotFoundError, match=r"cut off.*mode='r\+'"):
        zarrpy.open(values, path="a", mode="r")

    assert np.array_equal(zarrpy.open(values, path="a", mode="r+")[...], NEW)

    assert [key for key in values if ".__zp" in key] == []
    assert sorted(key for key in values if key.startswith("a/c")) == [f"a/c/{i}" for i in range(4)]


@pytest.mark.parametrize("after", range(1, 20))
def test_a_replacement_that_never_counted_is_forgotten(after):
    """The old array was written to since; repairing it takes nothing away."""
    values = old_values()
    with suppress(OSError):
        zarrpy.create_array(FarFailing(values, after, dies=True), name="a", **LIKE_NEW)
    if "a/zarr.json" not in values:
        return
    array = zarrpy.open_array(values, path="a")
    array[:2] = 7
    expected = array[...]

    zarrpy.repair(values)

    assert np.array_equal(zarrpy.open(values, path="a", mode="r")[...], expected)


@pytest.mark.parametrize("after", range(1, 20))
def test_a_far_replacement_takes_along_what_one_before_it_left(after):
    """Whatever that one had staged, or said in its record."""
    values = old_values()
    with suppress(OSError):
        zarrpy.create_array(FarFailing(values, after, dies=True), name="a", **LIKE_NEW)
    store = FarFailing(values, 1000, dies=True)

    zarrpy.create_array(store, name="a", data=OLD + 1, chunks=3, overwrite=True)

    assert np.array_equal(zarrpy.open(store, path="a", mode="r")[...], OLD + 1)
    assert sorted(store.list("a/")) == ["a/c/0", "a/c/1", "a/zarr.json"]


def test_of_two_who_replace_a_far_array_at_once_neither_leaves_nothing():
    """Even where each takes what the other has staged for something that was left over."""

    class Other(FarFailing):
        """Has another process clear the place when the document goes."""

        def delete(self, key):
            super().delete(key)
            if key == "a/zarr.json":
                for each in [each for each in super().list("a/") if "-new-" in each]:
                    super().delete(each)

    store = Other(old_values(), 1000, dies=True)
    zarrpy.create_array(store, name="a", shape=(4,), dtype="i2", chunks=2, overwrite=True)
    assert zarrpy.open(store, path="a", mode="r").shape == (4,)

    with pytest.raises(ConflictError, match="at the same time"):
        zarrpy.create_array(store, name="a", data=NEW, chunks=2, overwrite=True)


def test_chunks_that_come_while_a_far_array_is_replaced_leave_with_it():
    """Of writers who did not see that its document is gone."""

    class Late(FarFailing):
        """Has another one write when the document goes."""

        def delete(self, key):
            super().delete(key)
            if key == "a/zarr.json":
                super().set("a/c/2", b"late")

    store = Late(old_values(), 1000, dies=True)

    made = zarrpy.create_array(store, name="a", shape=(6,), dtype="i8", chunks=2, overwrite=True)

    assert not made[...].any()
    assert [key for key in store.list("a/") if key != "a/zarr.json"] == []


def test_a_reader_of_an_interrupted_replacement_is_told_what_to_do():
    """It changes nothing itself; the next who opens for writing puts the old one back."""
    values = cut_off(lambda store: zarrpy.create_array(store, name="a", **LIKE_NEW))
    before = dict(values)

    with pytest.raises(NodeNotFoundError, match=r"cut off.*mode='r\+'"):
        zarrpy.open(values, path="a", mode="r")
    assert values == before

    assert np.array_equal(zarrpy.open(values, path="a", mode="r+")[...], OLD)
    assert values == old_values()


ASKING = {
    "[]": lambda group: group["a"][...],
    "get": lambda group: group.get("a")[...],
    "in": lambda group: "a" in group and group["a"][...],
    "list": lambda group: list(group) == ["a"] and group["a"][...],
    "items": lambda group: dict(group.items())["a"][...],
    "members": lambda group: dict(group.members())["a"][...],
    "walk": lambda group: dict(group.walk("a"))["a"][...],
    "copy": lambda group: zarrpy.copy(group, {})["a"][...],
    "tree": lambda group: "a " in str(group.tree()) and group["a"][...],
    "require_array": lambda group: group.require_array("a", shape=OLD.shape, dtype=OLD.dtype)[...],
    "setdefault": lambda group: group.setdefault("a", NEW)[...],
    "attribute": lambda group: group.a[...],
    "a time to live": lambda group: group["a"][...],
}


@pytest.mark.parametrize("how", ASKING)
def test_whoever_asks_a_writable_group_for_a_member_puts_it_back(how):
    """However they ask; no form may say that there is none, and store something else there."""
    values = cut_off(lambda store: zarrpy.create_array(store, name="a", **LIKE_NEW))
    ttl = 60 if how == "a time to live" else None
    group = zarrpy.open_group(values, mode="r+", metadata_ttl=ttl)

    assert np.array_equal(ASKING[how](group), OLD)

    assert values == old_values()


def test_a_group_of_which_only_members_are_left_is_put_back_whole():
    """What looks like a group without a document may be one whose document was taken away."""

    def old(values):
        zarrpy.create_hierarchy(values, {"a": None, "a/b": OLD})
        zarrpy.open(values, mode="r+")["a"].attrs["title"] = "kept"
        return values

    for after in range(1, 40):
        values = old({})
        store = Failing(values, after, dies=True)
        with suppress(OSError):
            zarrpy.create_group(store, path="a", overwrite=True)
        if "a/zarr.json" not in values and "a/b/zarr.json" in values:
            break
    else:
        raise AssertionError("its members never stay behind")

    assert zarrpy.open_group(values, mode="r+")["a"].attrs["title"] == "kept"


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


def test_a_warning_points_at_the_line_that_deleted(store):
    """Not into the library."""
    group = zarrpy.create_group(store)
    group.create_group("a")
    store.set("a/notes", b"1")

    with pytest.warns(ForeignFilesWarning) as caught:
        group.pop("a")

    assert Path(caught[0].filename) == Path(__file__)

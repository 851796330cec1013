"""Tests of `zarrpy.engine.obstacles`: what keeps readers from chunks is no absence of them."""

import os
import shutil

import numpy as np
import pytest

import zarrpy
from zarrpy.engine.lifecycle import ForeignFilesWarning

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs links: run on another system")

SHAPE = (20, 15)


@pytest.fixture
def array(tmp_path):
    """An array of 300 chunks in a directory, in a group."""
    group = zarrpy.create_group(tmp_path / "g.zarr")
    return group.create_array("a", data=np.full(SHAPE, 7, "i4"), chunks=(1, 1))


@pytest.fixture
def folder(tmp_path, array):
    """Where it is."""
    return tmp_path / "g.zarr/a"


def away(path, disk):
    """Put what is at a path on a disk, and a link to it in its place."""
    shutil.move(path, disk)
    path.symlink_to(disk)


def unmounted(path, *, keep):
    """Take the disk away to which a path leads."""
    away(path, keep.with_name("mounted"))
    keep.with_name("mounted").rename(keep)


def file_at(path, *, keep):
    """Put a file in the place of something."""
    path.rename(keep)
    path.write_text("no directory")


def folder_at(path, *, keep):
    """Put an empty directory in the place of something."""
    path.rename(keep)
    path.mkdir()


def full_folder_at(path, *, keep):
    """Put a directory with a file in the place of something."""
    folder_at(path, keep=keep)
    (path / "file").touch()


def refused(act):
    """Whether something is refused by an error that names a key in question."""
    with pytest.raises(zarrpy.StoreError) as info:
        act()
    return "c" in info.value.key.split("/")


OBSTACLES = [
    (unmounted, "c"),
    (unmounted, "c/1"),
    (unmounted, "c/1/2"),
    (file_at, "c"),
    (file_at, "c/1"),
    (folder_at, "c/1/2"),
    (full_folder_at, "c/1/2"),
]


@pytest.fixture(params=OBSTACLES, ids=[f"{put.__name__} {name}" for put, name in OBSTACLES])
def obstructed(request, folder, tmp_path):
    """The array, whose chunk 1, 2 at least cannot be read; what it was is kept."""
    put, name = request.param
    put(folder / name, keep=tmp_path / "disk")
    return zarrpy.open_array(folder, mode="r+")


@pytest.fixture
def unreachable(obstructed, folder):
    """The same, where a chunk is not itself a link: of that the link can be deleted."""
    if (folder / "c/1/2").is_symlink():
        (folder / "c/1/2").unlink()
        (folder / "c/1/2").mkdir()
    return obstructed


# ---------------------------------------------------------------------------------- links that lead


@pytest.mark.parametrize(
    ("separator", "linked"), [("/", ""), ("/", "c"), ("/", "c/1"), ("/", "c/19"), (".", "")]
)
def test_chunks_behind_links_go_when_an_array_shrinks(tmp_path, separator, linked):
    """They are read through links, and so they are deleted; the links stay."""
    keys = {"name": "default", "separator": separator}
    zarrpy.create_array(
        tmp_path / "a", data=np.full(SHAPE, 7), chunks=(1, 1), chunk_key_encoding=keys
    )
    away(tmp_path / "a" / linked, tmp_path / "disk")

    array = zarrpy.open_array(tmp_path / "a", mode="r+")
    array.resize((1, 15))
    array.resize(SHAPE)

    assert np.unique(array[1:]).tolist() == [0]
    assert np.unique(array[:1]).tolist() == [7]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_chunks_behind_a_link_go_when_they_are_discarded(tmp_path, zarr_format):
    """Whether the link is the array's directory or lies in it."""
    group = zarrpy.create_group(tmp_path / "g", zarr_format=zarr_format)
    group.create_array("a", data=np.full(400, 7), chunks=1)
    away(tmp_path / "g/a", tmp_path / "disk")

    array = zarrpy.open_group(tmp_path / "g", mode="r+")["a"]
    array.discard()

    assert np.unique(array[...]).tolist() == [0]
    assert (tmp_path / "g/a").is_symlink()


def test_links_to_chunks_are_no_findings(folder, tmp_path):
    """As all that reads follows them."""
    away(folder / "c/1", tmp_path / "disk")
    away(folder, tmp_path / "other")

    for deep in (False, True):
        report = zarrpy.verify(tmp_path / "g.zarr", deep=deep)
        assert report.findings == []
    assert report.ndecoded == 300


def test_stored_chunks_behind_links_are_given_one_by_one(folder, tmp_path):
    """Without reading those that are not stored."""
    away(folder / "c/1", tmp_path / "disk")
    (folder / "c/1/2").unlink()

    chunks = zarrpy.open_array(folder).iter_chunks(stored_only=True)
    assert len({chunk.position for chunk in chunks} - {(1, 2)}) == 299


# ----------------------------------------------------------------- what cannot be told from absence


def test_no_copy_is_made_of_what_cannot_be_read(obstructed):
    """A copy with holes would be taken for the whole."""
    assert refused(lambda: zarrpy.copy(obstructed, {}))


def test_no_group_is_copied_without_what_cannot_be_read(obstructed, tmp_path):
    """Nor converted, nor packed."""
    for act in (
        lambda: zarrpy.copy(zarrpy.open_group(tmp_path / "g.zarr"), {}),
        lambda: zarrpy.convert(tmp_path / "g.zarr", {}, zarr_format=2),
        lambda: zarrpy.pack(tmp_path / "g.zarr", tmp_path / "g.zip"),
        lambda: zarrpy.pack(tmp_path / "g.zarr", {}),
    ):
        assert refused(act)


def test_stored_chunks_are_not_counted_where_some_cannot_be_found(obstructed):
    """A number would be wrong."""
    for count in (lambda: obstructed.nchunks_initialized, obstructed.chunk_map):
        assert refused(count)


def test_stored_chunks_are_not_given_without_those_that_cannot_be_read(obstructed):
    """The error is that of the chunk, so that others can be had."""
    with pytest.raises(zarrpy.StoreError, match="c/"):
        list(obstructed.iter_chunks(stored_only=True))
    chunks = list(obstructed.iter_chunks(stored_only=True, on_error="yield"))
    assert (1, 2) in [chunk.position for chunk in chunks if chunk.error is not None]


@pytest.mark.parametrize("deep", [False, True])
def test_verify_tells_what_keeps_readers_from_chunks(obstructed, tmp_path, deep):
    """As they are told that the data are there and cannot be had."""
    report = zarrpy.verify(tmp_path / "g.zarr", deep=deep)

    assert {finding.kind for finding in report.findings} == {"unreadable"}
    assert not report.ok


@pytest.mark.parametrize("shape", [(1, 1), (1, 15), (20, 1)])
def test_an_array_does_not_lose_what_it_cannot_reach(folder, tmp_path, shape):
    """What would come back with the disk is deleted by the next who can."""
    unmounted(folder / "c", keep=tmp_path / "disk")
    array = zarrpy.open_array(folder, mode="r+")

    with pytest.raises(zarrpy.StoreError, match="c/"):
        array.resize(shape)
    assert (folder / ".__zp-shrink").exists()

    (tmp_path / "disk").rename(tmp_path / "mounted")
    array = zarrpy.open_array(folder, mode="r+")
    array.resize(SHAPE)
    assert (array[...] == 7).sum() == np.prod(shape)


def test_shrinking_is_refused_where_chunks_are_out_of_reach(unreachable, folder):
    """Nothing says that they are gone."""
    with pytest.raises(zarrpy.StoreError, match="c/"):
        unreachable.resize((1, 1))
    assert (folder / ".__zp-shrink").exists()


def test_discarding_is_refused_where_chunks_are_out_of_reach(unreachable):
    """Nor is anything reported as done."""
    with pytest.raises(zarrpy.StoreError, match="c/"):
        unreachable.discard()


def test_a_chunk_at_the_new_edge_is_not_taken_for_absent(tmp_path):
    """Its values beyond the array would come back with the disk."""
    array = zarrpy.create_array(tmp_path / "a", data=np.full(10, 7), chunks=10)
    unmounted(tmp_path / "a/c", keep=tmp_path / "disk")

    with pytest.raises(zarrpy.StoreError, match="c/0"):
        array.resize(5)
    (tmp_path / "disk").rename(tmp_path / "mounted")

    array = zarrpy.open_array(tmp_path / "a", mode="r+")
    array.resize(10)
    assert array[...].tolist() == [7] * 5 + [0] * 5


@pytest.mark.parametrize("value", [0, 8])
@pytest.mark.parametrize("name", ["c", "c/1"])
def test_writing_behind_a_link_to_nothing_names_the_chunk(folder, tmp_path, name, value):
    """The array is the one that it was."""
    unmounted(folder / name, keep=tmp_path / "disk")
    array = zarrpy.open_array(folder, mode="r+")

    with pytest.raises(zarrpy.StoreError, match=r"c/1/2.*link") as info:
        array[1, 2] = value
    assert not isinstance(info.value, zarrpy.ConflictError)


def test_a_key_behind_a_link_to_nothing_is_not_deleted(tmp_path):
    """Nobody knows whether it has a value."""
    (tmp_path / "gone").symlink_to("nowhere")
    (tmp_path / "file").touch()
    store = zarrpy.stores.LocalStore(tmp_path)

    for key in ("gone/x", "file/x"):
        with pytest.raises(zarrpy.StoreError, match=key):
            store.delete(key)
    for listing in (store.list, store.list_entries, store.list_dir):
        with pytest.raises(zarrpy.StoreError, match="gone"):
            list(listing("gone/x/"))
    store.delete("gone")
    assert not os.path.lexists(tmp_path / "gone")


def test_no_array_is_made_where_old_chunks_may_be(folder, tmp_path):
    """They would be its own once the disk is back."""
    unmounted(folder / "c", keep=tmp_path / "disk")
    group = zarrpy.open_group(tmp_path / "g.zarr", mode="r+")
    with pytest.warns(ForeignFilesWarning):
        del group["a"]

    with pytest.raises(zarrpy.StoreError, match="c/"):
        group.create_array("a", shape=SHAPE, chunks=(1, 1), dtype="i4")
    assert list(group) == []


# ------------------------------------------------------------------------------------------ members


@pytest.mark.parametrize("inner", ["", "b/"])
def test_a_group_is_not_copied_without_a_member_that_cannot_be_read(array, tmp_path, inner):
    """A listing leaves it out, a copy does not."""
    group = zarrpy.open_group(tmp_path / "g.zarr", mode="r+")
    group.create_group("b")
    (tmp_path / "g.zarr" / f"{inner}y").symlink_to("nowhere")

    assert [*group] == ["a", "b"]
    place = tmp_path / "g.zarr"
    for act in (
        lambda: zarrpy.copy(group, {}),
        lambda: zarrpy.convert(place, {}, zarr_format=2),
        lambda: zarrpy.pack(place, {}),
        lambda: zarrpy.move(group, tmp_path / "other.zarr"),
    ):
        with pytest.raises(zarrpy.StoreError, match=f"{inner}y"):
            act()
    assert group["a"][0, 0] == 7


# --------------------------------------------------------------------------------- what is harmless


def test_strangers_and_empty_directories_keep_nobody_from_chunks(folder, tmp_path):
    """What has no name of a chunk, nor of a directory of chunks, is in nobody's way."""
    (folder / "README").touch()
    (folder / "c/.DS_Store").touch()
    (folder / "cache/1").mkdir(parents=True)
    (folder / "cache/file").touch()
    (folder / "link").symlink_to("nowhere")
    shutil.rmtree(folder / "c/1")
    (folder / "c/1").mkdir()
    (folder / "c/99").mkdir()

    array = zarrpy.open_array(folder, mode="r+")
    assert array.nchunks_initialized == 285
    assert len(list(array.iter_chunks(stored_only=True))) == 285
    assert (zarrpy.copy(array, {})[...] == array[...]).all()
    assert zarrpy.copy(zarrpy.open_group(tmp_path / "g.zarr"), {})["a"].nchunks_initialized == 285
    array.resize((1, 1))
    array.resize(SHAPE)
    assert array[...].sum() == 7


def test_other_stores_have_values_in_nobodys_way():
    """There a key is no directory."""
    target = {}
    array = zarrpy.create_array(target, data=np.full((3, 3), 7), chunks=1)
    target.update({"c": b"x", "c/1": b"x", "c/1/2/x": b"x"})

    assert array.nchunks_initialized == 9
    assert (zarrpy.copy(array, {})[...] == 7).all()
    array.discard()
    assert not array[...].any()

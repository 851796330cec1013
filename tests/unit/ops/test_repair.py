"""`zarrpy.repair`: damaged values are set aside, leftovers go, and nothing is deleted."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

import zarrpy
from zarrpy.metadata.names import QUARANTINE
from zarrpy.stores import LocalStore, MemoryStore

VALUES = np.arange(1, 9, dtype="i4")


@pytest.fixture(params=[LocalStore, MemoryStore])
def store(request, tmp_path):
    """A store with an array of two chunks, the second of them damaged."""
    store = MemoryStore() if request.param is MemoryStore else LocalStore(tmp_path / "s")
    zarrpy.create_array(store, name="a", data=VALUES, chunks=4)
    store.set("a/c/1", b"damaged")
    return store


def test_a_damaged_chunk_is_set_aside_and_the_rest_can_be_read(store):
    """It reads as the fill value; its bytes are still there."""
    done = zarrpy.repair(store, deep=True)

    place = f"a/{QUARANTINE}/c/1"
    assert done.quarantined == (("a/c/1", place),)
    assert bytes(store.get(place)) == b"damaged"
    assert zarrpy.open_array(store, path="a")[...].tolist() == [1, 2, 3, 4, 0, 0, 0, 0]
    assert "1 values set aside" in str(done)


def test_what_was_set_aside_is_no_damage_any_more(store):
    """It is told of, and stays where it is."""
    zarrpy.repair(store, deep=True)

    report = zarrpy.verify(store, deep=True)

    assert report.ok
    assert [finding.kind for finding in report.findings] == ["quarantined"]


def test_a_second_damaged_value_does_not_replace_the_first(store):
    """Nothing is lost."""
    zarrpy.repair(store, deep=True)
    store.set("a/c/1", b"damaged again")

    done = zarrpy.repair(store, deep=True)

    ((key, place),) = done.quarantined
    assert (key, place) == ("a/c/1", f"a/{QUARANTINE}/c/1.1")
    assert bytes(store.get(f"a/{QUARANTINE}/c/1")) == b"damaged"
    assert bytes(store.get(place)) == b"damaged again"


def test_each_part_can_be_left_out(store):
    """Then it only reports."""
    done = zarrpy.repair(store, deep=True, quarantine=False)

    assert done.quarantined == ()
    assert not done.report.ok
    assert bytes(store.get("a/c/1")) == b"damaged"


def test_a_lock_that_nobody_holds_is_removed(tmp_path):
    """A writer was killed; one that is at work keeps it."""
    zarrpy.create_array(tmp_path / "a", data=VALUES, chunks=4)
    free, held = tmp_path / "a/c/0.__lock", tmp_path / "a/c/1.__lock"
    free.write_bytes(b"half a chunk")
    with LocalStore(tmp_path / "a").exclusive("c/1"):
        done = zarrpy.repair(tmp_path / "a")

        assert held.exists()
    assert done.cleaned == ("c/0.__lock",)
    assert not free.exists()
    assert zarrpy.open_array(tmp_path / "a")[...].tolist() == VALUES.tolist()


def test_a_read_only_store_is_not_repaired(store):
    """Before anything is looked at."""
    store.read_only = True

    with pytest.raises(zarrpy.ReadOnlyStoreError):
        zarrpy.repair(store)


def test_a_shard_is_set_aside_as_a_whole_once(tmp_path):
    """However many of its chunks are damaged."""
    zarrpy.create_array(tmp_path / "a", data=VALUES, chunks=2, shards=4)
    path = tmp_path / "a/c/0"
    data = bytearray(path.read_bytes())
    data[2] ^= 0xFF
    data[25] ^= 0xFF
    path.write_bytes(data)

    done = zarrpy.repair(tmp_path / "a", deep=True)

    assert done.quarantined == (("c/0", f"{QUARANTINE}/c/0"),)
    assert (tmp_path / "a" / QUARANTINE / "c/0").read_bytes() == data


def test_what_is_wrong_still_is_told(tmp_path):
    """A document of nonsense is not made good by setting a chunk aside."""
    place = tmp_path / "g.zarr"
    zarrpy.create_array(place, name="a", data=VALUES, chunks=4)
    zarrpy.create_array(place, name="b", data=VALUES, chunks=4)
    (place / "a/c/1").write_bytes(b"")
    (place / "b/zarr.json").write_text("{")

    done = zarrpy.repair(place)

    assert [key for key, _ in done.quarantined] == ["a/c/1"]
    assert [(finding.kind, finding.key) for finding in done.left] == [("metadata", "b/zarr.json")]
    assert "1 left as they are" in str(done)
    assert not zarrpy.repair(tmp_path / "g.zarr", path="a").left


#: Replaces an array, and is killed when a store is asked for something.
KILLED = """
import os, sys, zarrpy
from zarrpy.stores import LocalStore
place, what, last = sys.argv[1:]
do = getattr(LocalStore, what)
def killed(self, *keys, **options):
    os._exit(9) if keys[-1] == last else do(self, *keys, **options)
setattr(LocalStore, what, killed)
zarrpy.create_array(place, shape=8, dtype="i4", chunks=2, overwrite=True)
"""


def replaced_until(place, what, last):
    """Make an array and let another one take its place, until a call that kills the process."""
    zarrpy.create_array(place, data=VALUES, chunks=4)
    replace_until(place, what, last)


def replace_until(place, what, last):
    """Let another array take the place of one, until a call that kills the process."""
    command = [sys.executable, "-c", KILLED, place, what, last]
    assert subprocess.run(command, check=False).returncode == 9


def test_a_replacement_that_was_whole_is_not_taken_back(tmp_path):
    """Its process was killed before it removed the record of it; then others wrote to the array."""
    place = tmp_path / "a.zarr"
    replaced_until(place, "delete", ".__zp-moves")
    zarrpy.open_array(place, mode="r+")[...] = 7

    zarrpy.repair(place)

    array = zarrpy.open_array(place)
    assert array.chunks == (2,)
    assert array[...].tolist() == [7] * 8
    assert sorted(path.name for path in place.iterdir()) == ["c", "zarr.json"]


def test_a_second_writer_that_is_killed_leaves_the_array_of_the_first(tmp_path):
    """The record of the first was still there, and is not put aside with what it is about."""
    place = tmp_path / "a.zarr"
    replaced_until(place, "delete", ".__zp-moves")
    zarrpy.open_array(place, mode="r+")[...] = 7
    replace_until(place, "rename", "zarr.json")
    assert not (place / "zarr.json").exists()

    assert zarrpy.open_array(place, mode="r+")[...].tolist() == [7] * 8

    zarrpy.repair(place)
    assert sorted(path.name for path in place.iterdir()) == ["c", "zarr.json"]


def test_an_array_of_others_in_the_place_of_one_put_aside_stays_as_it_is(tmp_path):
    """Its chunks that are absent are not those of an array that was there before."""
    place = tmp_path / "a.zarr"
    replaced_until(place, "rename", "zarr.json")
    assert not (place / "zarr.json").exists()
    zarrpy.create_array(tmp_path / "other", shape=8, dtype="i4", chunks=4, fill_value=3)
    shutil.copy(tmp_path / "other/zarr.json", place)

    zarrpy.repair(place)

    assert zarrpy.open_array(place)[...].tolist() == [3] * 8
    assert [path.name for path in place.iterdir()] == ["zarr.json"]


def test_a_replacement_that_was_cut_off_is_taken_back(tmp_path):
    """Where nobody has created anything since."""
    place = tmp_path / "a.zarr"
    replaced_until(place, "rename", "zarr.json")

    zarrpy.repair(place)

    assert zarrpy.open_array(place)[...].tolist() == VALUES.tolist()
    assert sorted(path.name for path in place.iterdir()) == ["c", "zarr.json"]

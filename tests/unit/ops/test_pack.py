"""Whole stores in others."""

import numpy as np
import pytest

import zarrpy


def test_every_key_is_copied_as_it_is(tmp_path):
    """From a directory through files of two kinds to a directory."""
    group = zarrpy.create_group(tmp_path / "a.zarr", attributes={"x": 1})
    group.create_array("b/c", data=np.arange(100), chunks=7)
    expected = zarrpy.checksum(tmp_path / "a.zarr", kind="tree")

    for source, target in (("a.zarr", "b.zip"), ("b.zip", "c.sqlite"), ("c.sqlite", "d.zarr")):
        done = zarrpy.pack(tmp_path / source, tmp_path / target)

    assert done.nkeys == 18
    assert zarrpy.checksum(tmp_path / "d.zarr", kind="tree") == expected


def test_what_is_there_is_kept_unless_it_is_to_be_replaced(tmp_path):
    """Replacing leaves nothing of the old."""
    first, second = {}, {}
    zarrpy.create_array(first, data=[1])
    zarrpy.create_group(second)["old"] = [1, 2]

    with pytest.raises(zarrpy.NodeExistsError, match="overwrite=True"):
        zarrpy.pack(first, second)
    assert zarrpy.open(second)["old"].shape == (2,)

    zarrpy.pack(first, second, overwrite=True)
    assert second == first


def test_a_failed_copy_leaves_nothing(counting_store):
    """The error is the store's."""
    source = {}
    zarrpy.create_array(source, data=np.arange(10), chunks=1)

    put = counting_store.set

    def fail(key, value):
        if len(counting_store.written) == 5:
            raise zarrpy.StoreError("no room")
        put(key, value)

    counting_store.set = fail
    with pytest.raises(zarrpy.StoreError, match="no room"):
        zarrpy.pack(source, counting_store)
    assert list(counting_store.list()) == []


def test_a_store_without_zarr_is_refused(tmp_path):
    """Nothing is made of it."""
    with pytest.raises(zarrpy.NodeNotFoundError):
        zarrpy.pack(tmp_path, tmp_path / "b.zip")


def test_what_is_not_zarr_is_named_where_it_would_be(tmp_path):
    """By the place that was given, with what is like it; nothing is written."""
    zarrpy.create_array(tmp_path / "run.zarr", data=[1])

    with pytest.raises(
        zarrpy.NodeNotFoundError, match=r"run\.zar'; nearest: .*run\.zarr'"
    ) as caught:
        zarrpy.pack(tmp_path / "run.zar", tmp_path / "x.zip")

    assert caught.value.path == str(tmp_path / "run.zar")
    assert not (tmp_path / "x.zip").exists()

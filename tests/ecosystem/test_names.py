"""Names of zarr-python: all are there, and take what they take there."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from peers import environments
from report import tell

import zarrpy

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tools"))

import zarr_python_names

NAMES = Path(__file__).parent / "names"


def test_every_name_is_there_and_takes_what_it_takes_there():
    """Of the package, its stores, codecs and errors, and of the members of arrays and groups."""
    found, wrong = zarr_python_names.compared()

    assert wrong == []
    same = sum(state == "same" for state in found.values())
    tell("names of zarr-python", [f"{same} of {len(found)} served with the same parameters"])
    assert same > 0.95 * len(found)


def test_the_page_says_what_is_compared():
    """It is written by tools/zarr_python_names.py."""
    assert zarr_python_names.PAGE.read_text(encoding="utf-8") == zarr_python_names.page()


@pytest.mark.peers
def test_the_names_are_those_of_the_installed_zarr_python():
    """What is compared with is what the pinned zarr-python has."""
    if not environments.is_pinned("zarr3"):
        pytest.skip("needs the pinned zarr-python: install Python 3.12 or newer beside this one")
    command = [environments.ensure("zarr3"), "-W", "ignore", NAMES / "tell_names.py"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert json.loads(said) == json.loads((NAMES / "zarr_python.json").read_text(encoding="utf-8"))


def test_handles_for_those_who_await():
    """Read, write and list by zarr-python's names."""

    async def work():
        group = await zarrpy.AsyncGroup.from_store({}, attributes={"a": 1})
        array = await group.create_array("x", data=np.arange(12).reshape(3, 4), chunks=(2, 2))
        await array.setitem((0, 0), 7)
        await group.require_groups("b", "c")
        assert await array.getitem((0, 0)) == 7
        assert (await array.oindex.getitem(([0, 2], [1]))).tolist() == [[1], [9]]
        assert (await array.vindex.getitem(([0, 2], [1, 3]))).tolist() == [1, 11]
        assert await array.nchunks_initialized() == 4
        assert sorted([name async for name, _ in group.members()]) == ["b", "c", "x"]
        assert [name async for name in group.array_keys()] == ["x"]
        assert (await group.getitem("x")).shape == (3, 4)
        assert await group.get("no") is None
        await (await group.get_group("b")).update_attributes({"n": 2})
        assert (await group.get_group("b")).attrs["n"] == 2
        await group.delitem("c")
        assert not await group.contains("c")

    asyncio.run(work())


def test_a_handle_is_made_of_a_document():
    """Nothing is read for it, and it reads what is there."""
    store = {}
    array = zarrpy.create_array(store, data=[1, 2, 3], attributes={"a": 1})
    document = json.loads(store["zarr.json"])

    made = zarrpy.Array.from_dict(array.store_path, document)

    assert (made[:].tolist(), made.attrs.asdict(), made.dtype) == ([1, 2, 3], {"a": 1}, "int64")
    with pytest.raises(zarrpy.MetadataError, match="node_type"):
        zarrpy.Array.from_dict({}, {"zarr_format": 3, "node_type": "group"})


def test_keywords_that_tune_zarr_python_are_taken():
    """They change nothing; a second store for chunks would, and is refused."""
    group = zarrpy.open_group({}, mode="a", synchronizer=object(), cache_attrs=False)
    array = group.create("x", shape=(3,), dtype="f4", cache_metadata=True, write_empty_chunks=True)

    assert array.config.write_empty_chunks
    with pytest.raises(TypeError, match="chunk_store"):
        zarrpy.open_group({}, mode="a", chunk_store={})


def test_codecs_of_one_list_are_parted_by_what_they_take():
    """As `create` of zarr-python takes them."""
    array = zarrpy.create((4,), dtype="i4", codecs=["delta:<i4", "bytes", "zstd:3"])

    array[:] = [1, 2, 3, 4]
    assert array[:].tolist() == [1, 2, 3, 4]
    assert [codec.name for codec in array.filters] == ["numcodecs.delta"]
    assert [codec.name for codec in array.compressors] == ["zstd"]
    with pytest.raises(zarrpy.MetadataError, match="exactly one array-to-bytes"):
        zarrpy.create((4,), codecs=["zstd"])


def test_codecs_say_what_they_are_in_the_words_of_either_format():
    """And are made of that again."""
    blosc = zarrpy.codecs.BloscCodec(cname=zarrpy.codecs.BloscCname.lz4, typesize=4)

    assert type(blosc).from_dict(blosc.to_dict()) == blosc
    assert blosc.get_config()["id"] == "blosc"
    assert json.dumps(blosc.to_dict()).count('"lz4"') == 1


def test_a_serializer_named_by_its_name_alone_has_an_order_of_bytes():
    """An array of it can be read."""
    array = zarrpy.create_array({}, data=[1.5, 2.5], serializer="bytes")

    assert array[:].tolist() == [1.5, 2.5]

"""`zarrpy.verify`: each kind of damage is found, and named; nothing is changed."""

import asyncio
import json
import os
import re

import numpy as np
import pytest

import zarrpy
from zarrpy.stores import MemoryStore


@pytest.fixture
def place(tmp_path):
    """A hierarchy with a plain, a compressed and a sharded array, in both formats."""
    place = tmp_path / "h.zarr"
    values = np.arange(48, dtype="i4").reshape(6, 8) + 1
    zarrpy.create_array(place, name="plain", data=values, chunks=(3, 4), compressors="crc32c")
    zstd = {"name": "zstd", "configuration": {"level": 3, "checksum": True}}
    zarrpy.create_array(place, name="g/zstd", data=values, chunks=(3, 4), compressors=zstd)
    zarrpy.create_array(place, name="g/shards", data=values, chunks=(3, 2), shards=(6, 4))
    zarrpy.create_array(place, name="g/two", data=values, chunks=(3, 4), zarr_format=2)
    return place


def snapshot(place):
    """All files below a place, and what is in them."""
    return {path: path.read_bytes() for path in place.rglob("*") if path.is_file()}


def damage(path, offset=-1):
    """Change one byte of a file."""
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)


def kinds(report):
    """Kind and key of each finding."""
    return sorted((finding.kind, finding.key) for finding in report.findings)


@pytest.mark.parametrize("deep", [False, True])
def test_nothing_is_wrong_with_what_was_written(place, deep):
    """And all of it was looked at."""
    before = snapshot(place)

    report = zarrpy.verify(place, deep=deep)

    assert report.ok, str(report)
    assert report.findings == []
    assert (report.narrays, report.ngroups, report.nchunks) == (4, 2, 4 + 4 + 2 + 4)
    assert report.ndecoded == (20 if deep else 0)
    assert report.nbytes == sum(map(len, before.values()))
    assert "ok: 4 arrays" in str(report)
    assert snapshot(place) == before


def test_a_store_in_memory_is_verified_as_well():
    """By the same steps."""
    store = MemoryStore()
    zarrpy.create_array(store, data=np.arange(1, 9), chunks=4)
    store.set("c/1", b"nonsense")

    assert kinds(zarrpy.verify(store, deep=True)) == [("corrupt", "c/1")]


def test_short_and_empty_chunks_are_found_without_reading(place):
    """By their sizes, where these tell."""
    (place / "plain/c/0/1").write_bytes(b"12345")
    (place / "g/zstd/c/1/0").write_bytes(b"")

    report = zarrpy.verify(place)

    assert not report.ok
    assert kinds(report) == [("corrupt", "g/zstd/c/1/0"), ("corrupt", "plain/c/0/1")]
    assert {finding.chunk for finding in report.findings} == {(0, 1), (1, 0)}
    assert "has 5 bytes, not 52" in str(report)


@pytest.mark.parametrize("key", ["g/zstd/c/0/1", "g/two/0.1", "plain/c/0/1"])
def test_a_changed_byte_is_found_by_decoding(place, key):
    """By the checksum that is stored by default."""
    damage(place / key)

    assert zarrpy.verify(place).ok
    report = zarrpy.verify(place, deep=True)

    assert kinds(report) == [("corrupt", key)]
    assert report.findings[0].chunk == (0, 1)
    assert report.ndecoded == 20


def test_a_damaged_index_of_a_shard_is_found_without_reading_the_chunks(place):
    """It has a checksum of its own."""
    damage(place / "g/shards/c/0/1")

    report = zarrpy.verify(place)

    assert kinds(report) == [("corrupt", "g/shards/c/0/1")]
    assert "index" in report.findings[0].message


def test_the_same_of_shards_that_differ_in_shape(tmp_path):
    """Each has as many entries in its index as chunks in it."""
    values = np.arange(1, 13, dtype="i4")
    zarrpy.create_array(tmp_path / "a", data=values, shards=([2, 6, 4],), chunks=2)
    assert zarrpy.verify(tmp_path / "a").ok
    damage(tmp_path / "a/c/1")

    report = zarrpy.verify(tmp_path / "a")

    assert kinds(report) == [("corrupt", "c/1")]
    assert "index" in report.findings[0].message
    assert report.findings[0].chunk == (1,)


def test_a_damaged_chunk_in_a_shard_is_named_with_its_place(place):
    """In the grid of the chunks inside, with the byte where it begins."""
    damage(place / "g/shards/c/0/1", offset=3)

    report = zarrpy.verify(place, deep=True)

    assert kinds(report) == [("corrupt", "g/shards/c/0/1")]
    assert (report.findings[0].chunk, report.findings[0].offset) == ((0, 2), 0)


def test_chunks_of_a_shard_that_overlap_are_found(tmp_path):
    """An index with a right checksum may still be wrong."""
    array = zarrpy.create_array(
        tmp_path / "a", data=np.arange(1, 9, dtype="i4"), chunks=2, shards=8, compressors=None
    )
    index = array.codecs.shard.index
    path = tmp_path / "a" / "c" / "0"
    data = path.read_bytes()
    entries = index.decode(data[-index.nbytes :]).copy()
    entries[1, 0] = entries[0, 0] + 1
    again = index.chain.encode(entries.reshape(index.chain.spec.shape))
    path.write_bytes(data[: -index.nbytes] + bytes(again))

    report = zarrpy.verify(tmp_path / "a")

    assert kinds(report) == [("corrupt", "c/0")]
    assert "share bytes" in report.findings[0].message


def test_strays_and_leftovers_are_reported_and_harm_nothing(place):
    """They are nobody's data."""
    (place / "README").write_text("about this")
    (place / "plain/c/9").mkdir()
    (place / "plain/c/9/9").write_bytes(b"x")  # beyond the shape
    (place / "plain/c/0/0.__lock").write_bytes(b"half")

    report = zarrpy.verify(place)

    assert report.ok
    assert kinds(report) == [
        ("leftover", "plain/c/0/0.__lock"),
        ("stray", "README"),
        ("stray", "plain/c/9/9"),
    ]
    assert len(report.orphans) == 3


@pytest.mark.parametrize("text", ["{", '{"zarr_format": 3, "node_type": "array"}', "[]", ""])
def test_a_document_that_cannot_be_understood_is_named(place, text):
    """And the rest is looked at all the same."""
    (place / "plain/zarr.json").write_text(text)

    report = zarrpy.verify(place)

    assert kinds(report) == [("metadata", "plain/zarr.json")]
    assert report.narrays == 3
    assert not report.ok


def test_an_unknown_codec_is_a_finding(place):
    """Its chunks cannot be judged."""
    path = place / "plain/zarr.json"
    document = json.loads(path.read_text())
    document["codecs"].append({"name": "rot13"})
    path.write_text(json.dumps(document))

    report = zarrpy.verify(place)

    assert kinds(report) == [("metadata", "plain/zarr.json")]
    assert "rot13" in report.findings[0].message


def test_a_document_of_no_node_is_named(place):
    """Attributes whose array is gone."""
    (place / "g/two/.zarray").unlink()

    report = zarrpy.verify(place)

    found = dict(kinds(report))
    assert found["stray"].startswith("g/two/")
    assert not any(finding.kind == "corrupt" for finding in report.findings)


def test_missing_chunks_are_reported_when_all_should_be_there(place):
    """Otherwise they are the fill value."""
    (place / "plain/c/0/1").unlink()

    assert zarrpy.verify(place).ok
    report = zarrpy.verify(place, missing=True)

    assert kinds(report) == [("missing", "plain/c/0/1")]
    assert [finding.chunk for finding in report.missing] == [(0, 1)]


def test_stale_consolidated_metadata_are_found(tmp_path):
    """Somebody changed a node without them."""
    place = tmp_path / "c.zarr"
    zarrpy.create_array(place, name="plain", data=[1, 2])
    zarrpy.consolidate_metadata(place)
    assert zarrpy.verify(place).ok

    path = place / "plain/zarr.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({**document, "attributes": {"unit": "K"}}))

    report = zarrpy.verify(place)
    assert kinds(report) == [("stale", None)]
    assert "plain" in str(report)


@pytest.mark.skipif(os.name == "nt", reason="needs links: run on another system")
def test_what_cannot_be_read_is_told_from_what_is_damaged(place):
    """A link to nothing at a key is no value."""
    (place / "g/zstd/c/0/1").unlink()
    (place / "g/zstd/c/0/1").symlink_to("nowhere")

    report = zarrpy.verify(place, deep=True)

    assert ("unreadable", "g/zstd/c/0/1") in kinds(report)
    assert not report.ok


@pytest.mark.parametrize("inside", ["x", "deep/x"])
@pytest.mark.parametrize("deep", [False, True])
def test_a_directory_in_the_place_of_a_chunk_is_no_value(place, inside, deep):
    """Reading the chunk is an error, so that it is one here."""
    (place / "g/zstd/c/0/1").unlink()
    (place / "g/zstd/c/0/1" / inside).parent.mkdir(parents=True)
    (place / "g/zstd/c/0/1" / inside).touch()

    report = zarrpy.verify(place, deep=deep)

    assert ("unreadable", "g/zstd/c/0/1") in kinds(report)
    assert not report.ok


@pytest.mark.parametrize("name", ["g/zstd/c/0/1", "plain/c/0/0", "g/zarr.json", "zarr.json"])
@pytest.mark.parametrize("inside", [None, "x"])
def test_an_empty_directory_in_the_place_of_a_value_is_none(place, name, inside):
    """Of a chunk or of a document; whoever reads it gets an error."""
    (place / name).unlink()
    (place / name).mkdir()
    if inside is not None:
        (place / name / inside).touch()

    report = zarrpy.verify(place)

    assert ("unreadable", name) in kinds(report)
    assert not report.ok
    with pytest.raises(zarrpy.StoreError):
        zarrpy.open(place / re.split("/?(c/|zarr.json)", name)[0])[...]


def test_empty_directories_elsewhere_do_no_harm(place):
    """Those that other programs leave when they delete chunks are no findings."""
    (place / "g/zstd/c/0/7").mkdir()  # beyond the shape
    (place / "g/zstd/c/8").mkdir()
    (place / "empty/in/here").mkdir(parents=True)

    assert kinds(zarrpy.verify(place)) == []


def test_a_store_with_nothing_but_a_directory_for_a_document_is_looked_at(tmp_path):
    """It is not nothing: opening it is an error of the store."""
    (tmp_path / "a.zarr/zarr.json").mkdir(parents=True)

    assert kinds(zarrpy.verify(tmp_path / "a.zarr")) == [("unreadable", "zarr.json")]


@pytest.mark.parametrize("shape", [(10**18,), (10**9, 10**9)])
def test_more_missing_chunks_than_anybody_reads_are_counted(tmp_path, shape):
    """In no time, and in little memory."""
    array = zarrpy.create_array(
        tmp_path / "a.zarr", shape=shape, chunks=(1,) * len(shape), dtype="u1", fill_value=0
    )
    array[(5,) * len(shape)] = 7

    (finding,) = zarrpy.verify(tmp_path / "a.zarr", missing=True).findings

    assert (finding.kind, finding.key) == ("missing", None)
    assert f"{10**18 - 1} chunks" in finding.message


def test_a_document_that_a_killed_writer_had_begun_is_a_leftover(place):
    """It is no node's, whatever is in it."""
    (place / "g/.__zp-new-1").mkdir()
    (place / "g/.__zp-new-1/zarr.json").write_text("{")

    report = zarrpy.verify(place)

    assert kinds(report) == [("leftover", "g/.__zp-new-1/zarr.json")]
    assert report.ok


def test_a_part_of_a_hierarchy_can_be_verified(place):
    """Only that is looked at."""
    damage(place / "plain/c/0/1")

    assert zarrpy.verify(place, path="g", deep=True).ok
    assert not zarrpy.verify(place, path="plain", deep=True).ok
    with pytest.raises(zarrpy.NodeNotFoundError):
        zarrpy.verify(place, path="nothing")


def test_it_can_be_awaited(place):
    """And gives the same report."""
    damage(place / "g/zstd/c/0/1")

    report = asyncio.run(zarrpy.verify.aio(place, deep=True))

    assert report == zarrpy.verify(place, deep=True)


def test_progress_is_told(place):
    """Of each value, and of each chunk that is decoded."""
    seen = []

    zarrpy.verify(place, progress=seen.append)

    assert seen[-1].done == 14

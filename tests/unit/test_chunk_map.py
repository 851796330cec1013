"""Maps of chunks, and pictures of nodes in HTML."""

import re
import sys
import tracemalloc
import zlib
from base64 import b64decode
from xml.etree import ElementTree

import numpy as np
import pytest

import zarrpy


def test_a_map_has_the_stored_bytes_of_each_chunk(store):
    """0 where none is stored."""
    array = zarrpy.create_array(store, shape=6, dtype="int8", chunks=2, compressors=None)
    array[2:] = 1

    found = array.chunk_map()

    assert found.sizes.tolist() == [0, 2, 2]
    assert (found.nbytes, found.missing, found.damaged) == (4, [(0,)], [])
    assert np.isnan(found.ratio[0])
    assert found.ratio[1:].tolist() == [1, 1]
    assert "2 of 3 are stored" in repr(found)


def test_chunks_in_shards_are_told_one_by_one(store):
    """By the indexes of the shards, also at the array's end."""
    array = zarrpy.create_array(
        store, shape=(6, 5), dtype="int32", chunks=(2, 2), shards=(4, 4), compressors=None
    )
    array[:3, :3] = 1

    sizes = array.chunk_map().sizes

    assert sizes.tolist() == [[16, 16, 0], [16, 16, 0], [0, 0, 0]]


def test_damage_is_found_on_request(tmp_path):
    """Each chunk is decoded then."""
    array = zarrpy.create_array(tmp_path / "a", data=np.arange(6), chunks=2)
    (tmp_path / "a/c/1").write_bytes(b"?")

    assert array.chunk_map().damaged == []
    assert array.chunk_map(verify=True).damaged == [(1,)]


def damaged_map(folder):
    """A map of nine chunks, of which one is missing and one damaged."""
    array = zarrpy.create_array(folder / "a", data=np.arange(1, 37).reshape(6, 6), chunks=2)
    (folder / "a/c/0/1").unlink()
    (folder / "a/c/1/2").write_bytes(b"?")
    return array.chunk_map(verify=True)


def test_a_map_tells_missing_from_damaged_in_words_and_in_html(tmp_path):
    """By places, and by colours with their meaning."""
    found = damaged_map(tmp_path)
    assert "damaged   1: (1, 2)" in repr(found)
    assert "missing   1: (0, 1)" in repr(found)

    html = found._repr_html_()
    data = re.search(r"base64,([^\"]+)", html)[1]
    png = b64decode(data)
    start = png.index(b"IDAT") + 4
    pixels = zlib.decompress(png[start : png.index(b"IEND") - 8])
    rows = [pixels[1 + row * 10 :][:9] for row in range(3)]
    colours = [[tuple(row[i : i + 3]) for i in (0, 3, 6)] for row in rows]
    assert colours[0][1] == (225, 225, 225)
    assert colours[1][2] == (200, 0, 40)
    assert html.count("missing") == 2  # among the facts, and beside the picture


def test_a_map_is_drawn_by_matplotlib(tmp_path):
    """Missing chunks are left out, damaged ones crossed."""
    matplotlib = pytest.importorskip("matplotlib", reason="pip install 'zarrpy[plot]'")
    matplotlib.use("Agg")
    figure = pytest.importorskip("matplotlib.figure", reason="pip install 'zarrpy[plot]'")

    axes = damaged_map(tmp_path).plot(figure.Figure().add_subplot())
    shown = axes.images[0].get_array()
    assert shown.shape == (3, 3)
    assert np.argwhere(np.ma.getmaskarray(np.ma.masked_invalid(shown))).tolist() == [[0, 1], [1, 2]]
    assert [line.get_xydata().tolist() for line in axes.lines] == [[[2, 1]]]
    assert axes.get_title() == "/"
    axes.figure.savefig(tmp_path / "map.png")
    assert (tmp_path / "map.png").stat().st_size > 1000


def test_without_matplotlib_a_plot_says_what_to_install(monkeypatch):
    """In one line."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(zarrpy.MissingDependencyError, match=r"pip install 'zarrpy\[plot\]'"):
        zarrpy.create_array({}, data=[1]).chunk_map().plot()


@pytest.mark.parametrize(
    "shape", [(), (0,), (5,), (0, 3), (3, 0), (0, 2, 3), (4, 6), (2, 3, 4), (2, 2, 3, 4)]
)
def test_maps_and_nodes_are_drawn(shape):
    """For any number of dimensions."""
    array = zarrpy.create_array({}, data=np.ones(shape))

    assert "<table" in array.chunk_map()._repr_html_()
    assert ("<svg" in array._repr_html_()) == bool(shape)


def test_html_of_a_node_reads_nothing_and_escapes_all(counting_store):
    """Names and attributes are of strangers."""
    group = zarrpy.create_group(counting_store, attributes={"<script>": "<b>"})
    array = group.create_array(
        "a", shape=(9, 9), dtype="int8", chunks=(3, 3), dimension_names=("<u>", None)
    )
    counting_store.forget()

    told = array._repr_html_() + group._repr_html_()

    assert counting_store.nrequests == 0
    assert not any(f"<{tag}>" in told for tag in ("script", "b", "u"))
    assert "&lt;u&gt; 9" in told


@pytest.mark.parametrize(
    ("chunks", "shards"),
    [((30, 180, 360), (30, 1800, 3600)), ((1, 180, 360), None), ((5, 20, 40), (25, 200, 400))],
)
def test_html_of_an_array_is_small(tmp_path, chunks, shards):
    """At most 4 KB, with names, attributes and a drawing of as many lines as are seen."""
    group = zarrpy.create_group(tmp_path / "run.zarr")
    array = group.create_array(
        "t2m", shape=(365, 1800, 3600), dtype="f4", chunks=chunks, shards=shards,
        dimension_names=("time", "lat", "lon"), attributes={"units": "K", "title": "temperature"},
    )  # fmt: skip

    told = array._repr_html_()

    assert len(told.encode()) <= 4096
    xml = ElementTree.fromstring(told)
    assert [each.text for each in xml.findall(".//{*}text")] == ["lon 3600", "lat 1800", "time 365"]
    shown = "".join(xml.itertext())
    for fact in ("t2m", "float32", "365×1800×3600", "×".join(map(str, chunks)), "LocalStore", "K"):
        assert fact in shown
    nlines = [each.get("d").count("M") for each in xml.findall(".//{*}path")]
    assert len(nlines) == (1 if shards is None else 2)
    assert min(nlines) > 20


def test_many_missing_chunks_are_counted_and_not_listed():
    """Only the first of them are told."""
    array = zarrpy.create_array({}, shape=(1000, 1000), dtype="f4", chunks=1)
    array[0, :3] = 1
    found = array.chunk_map()

    tracemalloc.start()
    told = repr(found)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert "missing   999997: (0, 3), (0, 4), " in told
    assert told.endswith("(0, 10) ...")
    assert peak < 32 << 20

"""Texts of any length, which the engine reads and hands over to NumPy."""

import os
import subprocess
import sys
import threading
from struct import pack
from textwrap import dedent

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from tests.unit.python_calls import FEW, calls_of, uncounted
from zarrpy import MemoryStore
from zarrpy._native.texts import Texts
from zarrpy.errors import CorruptChunkError

TEXT = np.dtypes.StringDType()
#: Short ones lie in the element itself, up to 15 bytes of them; longer ones in NumPy's arena.
WORDS = ("", "a", "Łódź", "fifteen bytes..", "sixteen bytes...", "\U0001f40d" * 9, "x" * 300, "\0")
COMPRESSORS = (None, "zstd", "gzip", "blosc", "lz4", "crc32c")


def texts(*shape):
    """Make texts of all lengths, one in eight of them empty."""
    count = int(np.prod(shape))
    values = [
        word and f"{word}{i // 8}" for i, word in zip(range(count), WORDS * count, strict=False)
    ]
    return np.array(values, TEXT).reshape(shape)


@uncounted
@pytest.mark.parametrize("shards", [None, 64])
def test_reading_makes_no_python_call_per_chunk(store, shards):
    """Reading 256 chunks calls as many Python functions as reading one."""
    array = zarrpy.create_array(store, data=texts(4096), chunks=16, shards=shards)
    assert array[...].tolist() == texts(4096).tolist()  # looks up what is looked up once

    one, _ = calls_of(lambda: array[0:16])
    many, _ = calls_of(lambda: array[0:4096])

    assert one > 0
    assert many < one + FEW


def test_explain_tells_that_texts_are_read_natively(tmp_path):
    """They are written in Python, which says so."""
    array = zarrpy.create_array(tmp_path / "a", data=texts(40), chunks=7)

    assert array.explain(slice(3, 30)).path == "native"
    assert array.explain(slice(3, 30), write=True).path == "python"
    assert "vlen-utf8 has no native form" in str(array.explain(slice(3, 30), write=True))


@st.composite
def arrays(draw):
    """Draw an array of texts, of which a part was never written, and what it holds."""
    shape = tuple(draw(st.lists(st.integers(1, 9), max_size=3)))
    chunks = tuple(draw(st.integers(1, 4)) for _ in shape)
    shards = tuple(n * draw(st.integers(1, 3)) for n in chunks) if draw(st.booleans()) else None
    compressor = draw(st.sampled_from(COMPRESSORS))
    order = draw(st.permutations(range(len(shape))))
    fill = draw(st.sampled_from(["", "none", "a fill value that does not lie in its element"]))
    array = zarrpy.create_array(
        MemoryStore(),
        shape=shape,
        chunks=chunks,
        shards=shards if shape else None,
        dtype=TEXT,
        filters=[{"name": "transpose", "configuration": {"order": list(order)}}] if shape else None,
        compressors=compressor,
        fill_value=fill,
    )
    expected = np.full(shape, fill, TEXT)
    part = tuple(slice(draw(st.integers(0, n // 2)), draw(st.integers(n // 2, n))) for n in shape)
    expected[part] = texts(*shape)[part]
    array[part] = expected[part]
    return array, expected


@given(drawn=arrays(), data=st.data())
def test_both_bodies_read_what_numpy_selects(drawn, data):
    """By slices, by points and by the product of points; into texts that were there before."""
    array, expected = drawn
    slices = tuple(
        slice(*data.draw(st.tuples(st.integers(0, n), st.integers(0, n), st.integers(1, 3))))
        for n in array.shape
    )
    lists = [
        data.draw(st.lists(st.integers(0, n - 1), min_size=1, max_size=5)) for n in array.shape
    ]
    points = tuple(np.resize(each, 5) for each in lists)

    for disable in (frozenset(), frozenset(["native"])):
        with zarrpy.config.set(disable=disable):
            part = array[(*slices, ...)]
            out = np.full(expected.shape[::-1], "what was there before " * 2, TEXT).T
            array.read(out=out)
            outer = array.oindex[tuple(lists)] if lists else array[...]
            picked = array.vindex[points] if lists else array[...]

        assert np.asarray(part, TEXT).tolist() == expected[(*slices, ...)].tolist()
        assert out.tolist() == expected.tolist()
        assert (
            np.asarray(outer).tolist() == (expected[np.ix_(*lists)] if lists else expected).tolist()
        )
        assert np.asarray(picked).tolist() == (expected[points] if lists else expected).tolist()


@pytest.mark.parametrize("nbytes", [50_000, 3_000_000])
@pytest.mark.parametrize("compressor", [None, "zstd", "gzip", "lz4"])
def test_texts_may_be_much_longer_than_usual(tmp_path, compressor, nbytes):
    """More bytes are stored, or come out of the codec, than elements of usual length take."""
    values = np.array(["a" * nbytes, "", "b" * nbytes, "c"] * 2, TEXT)
    zarrpy.create_array(tmp_path / "a", data=values, chunks=4, compressors=compressor)

    assert zarrpy.open(tmp_path / "a")[...].tolist() == values.tolist()
    assert zarrpy.open(tmp_path / "a")[1::4].tolist() == ["", ""]


def stream(*elements, count=None):
    sizes = b"".join(pack("<I", len(each)) + each for each in elements)
    return pack("<I", len(elements) if count is None else count) + sizes


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\2\0",
        stream(b"a"),
        stream(b"a", b"b", b"c"),
        stream(b"a", count=2),
        stream(b"a", b"bc")[:-1],
        stream(b"a", b"") + b"x",
        stream(b"a", b"\xff"),
        stream(b"\xff", b"") + b"x",
        stream("é".encode()[:1], "é".encode()[1:]),
    ],
)
@pytest.mark.parametrize("shards", [None, 4])
def test_both_bodies_say_the_same_of_a_damaged_stream(tmp_path, data, shards):
    """Error, codec, chunk and key."""
    array = zarrpy.create_array(
        tmp_path / "a", shape=4, dtype=str, chunks=2, shards=shards, compressors=None
    )
    array[...] = ["p", "q", "r", "s"]
    chunk = array.store.get("c/0" if shards else "c/1")
    good = stream(b"r", b"s")
    stored = bytes(chunk).replace(good, data[: len(good)].ljust(len(good))) if shards else data
    array.store.set("c/0" if shards else "c/1", stored)

    said = []
    for disable in (frozenset(), frozenset(["native"])):
        with zarrpy.config.set(disable=disable), pytest.raises(CorruptChunkError) as caught:
            zarrpy.open(tmp_path / "a")[...]
        said.append((str(caught.value), caught.value.codec, caught.value.chunk, caught.value.key))

    assert said[0] == said[1]


def test_many_threads_read_into_one_array_of_texts():
    """NumPy keeps the texts of an array together, so that they are made by one at a time."""
    values = texts(30_000)
    array = zarrpy.create_array(MemoryStore(), data=values, chunks=100)
    out = np.empty(30_000, TEXT)
    parts = [slice(i, i + 3_000) for i in range(0, 30_000, 3_000)]

    threads = [
        threading.Thread(target=array.read, args=(part,), kwargs={"out": out[part]})
        for part in parts
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert out.tolist() == values.tolist()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks: run on Linux or macOS")
def test_a_process_forks_while_no_text_is_being_put():
    """Else its child would wait for ever for the memory of the array that another thread reads."""
    code = """
        import os, threading, time
        import numpy as np
        import zarrpy

        texts = np.array(["x" * 200] * 50_000, np.dtypes.StringDType())
        array, out = zarrpy.create_array({}, data=texts, chunks=500), np.empty_like(texts)
        stop, children = threading.Event(), []

        def read():
            while not stop.is_set():
                array.read(out=out)

        threading.Thread(target=read, daemon=True).start()
        for _ in range(20):
            time.sleep(0.01)
            child = os.fork()
            if child == 0:
                os._exit(out[0] not in ("", "x" * 200))
            children.append(child)
        print([os.waitpid(child, 0)[1] for child in children])
        stop.set()
    """
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", dedent(code)]

    run = subprocess.run(command, capture_output=True, text=True, timeout=60)

    assert run.stdout == f"{[0] * 20}\n", run.stderr


def test_only_arrays_of_texts_have_texts():
    """Numbers of the same size are refused before the engine sees them."""
    with pytest.raises(TypeError, match="not an array of StringDType"):
        Texts(np.zeros(3, "c16"), "")
    with pytest.raises(ValueError, match="elements of 4 bytes"):
        Texts(np.zeros(3, "i4"), "")

"""Chains of codecs: what is encoded is decoded, bit for bit, by either body of the engine."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from zarrpy.errors import ChunkError, CodecError, LimitError

DTYPES = ["bool"] + [
    f"{order}{kind}"
    for kind in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")
    for order in ("<", ">")
]
BODIES = ("native", "python")

levels = st.integers(0, 9)
compressors = st.one_of(
    st.builds("zstd:{}:{}".format, st.integers(-5, 9), st.sampled_from(["true", "false"])),
    st.builds("gzip:{}".format, levels),
    st.builds("numcodecs.zlib:{}".format, levels),
    st.builds("numcodecs.lz4:{}".format, st.integers(1, 20)),
    st.builds("numcodecs.bz2:{}".format, st.integers(1, 9)),
    st.just("numcodecs.lzma"),
    st.just("snappy"),
    st.just("crc32c"),
    st.just("numcodecs.crc32"),
    st.just("numcodecs.adler32"),
    st.builds(
        "blosc:{}:{}:{}".format,
        st.sampled_from(["zstd", "lz4", "lz4hc", "blosclz", "zlib", "snappy"]),
        levels,
        st.sampled_from(["noshuffle", "shuffle", "bitshuffle"]),
    ),
)


@st.composite
def cases(draw):
    """Values, and the keywords of an array that holds them."""
    dtype = np.dtype(draw(st.sampled_from(DTYPES)))
    shape = tuple(draw(st.lists(st.integers(1, 12), max_size=3)))
    keywords = {
        "chunks": tuple(draw(st.integers(1, 14)) for _ in shape),
        "order": draw(st.sampled_from(["C", "F"])),
        "zarr_format": draw(st.sampled_from([2, 3])),
        "filters": [],
        "compressors": draw(st.lists(compressors, max_size=3)),
        "config": {"write_empty_chunks": draw(st.booleans())},
    }
    if keywords["zarr_format"] == 3 and draw(st.booleans()):
        order = draw(st.permutations(range(len(shape))))
        keywords["filters"].append({"name": "transpose", "configuration": {"order": list(order)}})
    if dtype.kind in "iu" and draw(st.booleans()):  # sums of floats are rounded
        keywords["filters"].append("numcodecs.delta")
    if draw(st.booleans()):
        shuffle = {"name": "numcodecs.shuffle", "configuration": {"elementsize": dtype.itemsize}}
        keywords["compressors"].insert(0, shuffle)
    return draw(bit_patterns(shape, dtype)), keywords


@st.composite
def bit_patterns(draw, shape, dtype):
    """Random bits, smooth numbers or repeated ones; any NaN may be among them."""
    count = int(np.prod(shape, dtype=int))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    if dtype.kind == "b":
        return random.integers(0, 2, shape).astype(bool)
    match draw(st.sampled_from(["bits", "smooth", "constant", "special"])):
        case "bits":
            raw = random.integers(0, 256, count * dtype.itemsize, dtype="u1")
            return raw.view(dtype).reshape(shape)
        case "smooth":
            return np.arange(count).reshape(shape).astype(dtype)
        case "constant":
            return np.full(shape, draw(st.integers(0, 3)), dtype)
    special = [0, 1] if dtype.kind in "iu" else [0.0, -0.0, np.nan, -np.nan, np.inf, -np.inf]
    return random.choice(np.array(special), shape).astype(dtype)


def bits(array):
    """The bytes of an array in the byte order of the machine."""
    return array.astype(array.dtype.newbyteorder("="), copy=False).tobytes()


@given(cases())
def test_what_one_body_writes_both_bodies_read(case):
    """Every chain of codecs, every data type and byte order, in both formats."""
    values, keywords = case
    for writer in BODIES:
        store = {}
        with zarrpy.config.set(disable=["native"] if writer == "python" else []):
            array = zarrpy.create_array(store, data=values, **keywords)
        for reader in BODIES:
            with zarrpy.config.set(disable=["native"] if reader == "python" else []):
                found = zarrpy.open_array(store)[...]
            assert (found.dtype, found.shape) == (array.dtype, values.shape)
            assert bits(found) == bits(values), (writer, reader)


@given(cases())
def test_both_bodies_leave_out_the_same_chunks(case):
    """Those that hold nothing but the fill value, bit for bit."""
    values, keywords = case
    written = []
    for writer in BODIES:
        store = {}
        with zarrpy.config.set(disable=["native"] if writer == "python" else []):
            zarrpy.create_array(store, data=values, **keywords)
        written.append(sorted(store))

    assert all(one == other for one, other in pairwise(written))


@given(cases(), st.data())
def test_damage_is_an_error_of_ours_or_harmless(case, data):
    """Nothing else comes out: no crash, no hang, no error of another library."""
    values, keywords = case
    store = {}
    zarrpy.create_array(store, data=values, **keywords)
    documents = ("zarr.json", ".zarray", ".zattrs")
    chunks = sorted(key for key in store if key not in documents)
    if not chunks:
        return
    key = data.draw(st.sampled_from(chunks))
    value = bytearray(store[key])
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(value)))
        match data.draw(st.sampled_from(["flip", "cut", "insert"])):
            case "flip" if at < len(value):
                value[at] ^= data.draw(st.integers(1, 255))
            case "cut":
                del value[at:]
            case _:
                value[at:at] = data.draw(st.binary(min_size=1, max_size=4))
    store[key] = bytes(value)

    for reader in BODIES:
        with zarrpy.config.set(disable=["native"] if reader == "python" else []):
            try:
                zarrpy.open_array(store)[...]
            except (ChunkError, CodecError, LimitError):
                continue

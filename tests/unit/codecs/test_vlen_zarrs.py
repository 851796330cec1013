"""Elements of many lengths, as zarrs stores them."""

import numpy as np
import pytest

import zarrpy
from zarrpy.codecs import vlen_zarrs
from zarrpy.codecs.base import ChunkSpec
from zarrpy.errors import CodecError, CorruptChunkError


@pytest.mark.parametrize("kind", ["string", "bytes"])
@pytest.mark.parametrize("location", ["start", "end"])
@pytest.mark.parametrize("index", ["uint32", "uint64"])
def test_places_apart_from_elements_round_trip(kind, location, index):
    """With codecs of their own, and of a chunk of empty elements."""
    texts = ["a", "", "naïve", "x" * 300, "\U0001f40d"]
    values = texts if kind == "string" else [each.encode() for each in texts]
    serializer = {
        "name": "zarrs.vlen",
        "configuration": {
            "index_codecs": [{"name": "bytes", "configuration": {"endian": "big"}}, "crc32c"],
            "data_codecs": ["bytes", {"name": "gzip", "configuration": {"level": 1}}],
            "index_data_type": index,
            "index_location": location,
        },
    }
    store = {}

    array = zarrpy.create_array(
        store, shape=7, dtype=kind, chunks=5, serializer=serializer, compressors=None
    )
    array[:5] = values
    empty = zarrpy.create_array({}, shape=2, dtype=kind, serializer=serializer, fill_value="z")
    empty[...] = values[1]

    assert zarrpy.open(store)[:5].tolist() == values
    assert empty[...].tolist() == [values[1]] * 2


def test_offsets_that_do_not_fit_are_refused(monkeypatch):
    """Nothing is stored modulo 2^32."""
    monkeypatch.setitem(vlen_zarrs._INDEX_TYPES, "uint32", 10)
    codec = vlen_zarrs.VLen(("bytes:little",), ("bytes",), "uint32")

    with pytest.raises(CodecError, match="more than uint32 counts"):
        codec.encode(np.array([b"x" * 11], object))


def test_what_is_no_text_in_unicode_is_corrupt():
    """The element is named."""
    codec = vlen_zarrs.VLen(("bytes:little",), ("bytes",), "uint32")
    chunk = codec.encode(np.array([b"a", b"\xff"], object))

    with pytest.raises(CorruptChunkError, match="UTF-8"):
        codec.decode(chunk, ChunkSpec((2,), np.dtypes.StringDType(), None))

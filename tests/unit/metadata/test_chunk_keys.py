"""Tests of `zarrpy.metadata.chunk_keys`."""

import itertools

import pytest

from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding

ALL = [ChunkKeyEncoding(n, s) for n, s in itertools.product(["default", "v2"], "/.")]


@pytest.mark.parametrize(
    ("encoding", "key", "zero", "prefix"),
    [
        (ALL[0], "c/1/23/0", "c", "c/"),
        (ALL[1], "c.1.23.0", "c", "c."),
        (ALL[2], "1/23/0", "0", ""),
        (ALL[3], "1.23.0", "0", ""),
    ],
)
def test_a_chunk_has_the_key_of_the_specification(encoding, key, zero, prefix):
    """Numbers in decimal, joined by the separator; an array without dimensions has one key."""
    assert encoding.key((1, 23, 0)) == key
    assert encoding.key(()) == encoding.zero == zero
    assert encoding.prefix == prefix


@pytest.mark.parametrize("encoding", ALL)
@pytest.mark.parametrize("index", [(), (0,), (7, 0), (10**18, 3, 2)])
def test_a_key_leads_back_to_its_chunk(encoding, index):
    """Reading is the inverse of spelling."""
    assert encoding.grid_index(encoding.key(index), len(index)) == index


@pytest.mark.parametrize(
    ("encoding", "key", "ndim"),
    [
        (ALL[0], "c/1", 2), (ALL[0], "c/1/2/3", 2), (ALL[0], "c/01", 1), (ALL[0], "c/-1", 1),
        (ALL[0], "c/1 ", 1), (ALL[0], "c/\u0663", 1), (ALL[0], "c/", 1), (ALL[0], "c", 1),
        (ALL[0], "1", 1), (ALL[0], "d/1", 1), (ALL[0], "c/1/", 1), (ALL[0], "c.1", 1),
        (ALL[0], "c/0", 0), (ALL[0], "", 0), (ALL[2], "1", 0), (ALL[2], "c/1", 1),
        (ALL[3], "1/2", 2), (ALL[3], "1.2\n", 2), (ALL[3], "+1.2", 2), (ALL[3], "1_0", 1),
    ],
)  # fmt: skip
def test_what_is_not_the_key_of_a_chunk_is_refused(encoding, key, ndim):
    """One chunk, one key: no zeros in front, no other digits, no other number of them."""
    with pytest.raises(MetadataError, match=f"is not the key of a chunk of {ndim} dimensions"):
        encoding.grid_index(key, ndim)


@pytest.mark.parametrize(
    ("document", "encoding"),
    [
        ("default", ALL[0]),
        ("v2", ALL[3]),
        ({"name": "default"}, ALL[0]),
        ({"name": "default", "configuration": {}}, ALL[0]),
        ({"name": "default", "configuration": {"separator": "."}}, ALL[1]),
        ({"name": "v2"}, ALL[3]),
        ({"name": "v2", "configuration": {"separator": "/"}}, ALL[2]),
    ],
)
def test_a_document_names_the_encoding(document, encoding):
    """The separator has a default, another one per name."""
    assert ChunkKeyEncoding.from_v3(document) == encoding


@pytest.mark.parametrize("encoding", ALL)
def test_an_encoding_is_written_in_full(encoding):
    """The separator is always there, so that no reader has to know the default."""
    written = encoding.to_v3()

    assert written["configuration"] == {"separator": encoding.separator}
    assert ChunkKeyEncoding.from_v3(written) == encoding


@pytest.mark.parametrize(
    ("document", "text"),
    [
        (
            {"name": "default", "configuration": {"separator": "-"}},
            'chunk_key_encoding.configuration.separator must be "/" or ".", not "-"',
        ),
        ({"name": "default", "configuration": {"separator": None}}, 'must be "/" or "."'),
        ({"name": "default", "configuration": {"separator": ""}}, 'must be "/" or "."'),
        ({"name": "v2", "configuration": {"sep": "/"}}, "has the unknown member 'sep'"),
        ({"name": "v2", "must_understand": False}, "must_understand: false is not allowed"),
        ({"configuration": {}}, 'chunk_key_encoding needs the member "name"'),
        ({"name": 3}, "chunk_key_encoding.name must be a string, not 3"),
        ({"name": "v2", "configuration": []}, "configuration must be an object, not []"),
        ({"name": "v2", "must_understand": 1}, "must_understand must be true or false, not 1"),
    ],
)
def test_a_malformed_encoding_is_refused(document, text):
    """The error leads to the member."""
    with pytest.raises(MetadataError) as caught:
        ChunkKeyEncoding.from_v3(document)

    assert text in str(caught.value)


@pytest.mark.parametrize("document", ["spiral", {"name": "spiral", "configuration": {"a": 1}}])
def test_an_unknown_encoding_is_unsupported(document):
    """Kind and name are fields; its configuration is not judged."""
    with pytest.raises(UnsupportedExtensionError, match="chunk key encoding 'spiral'") as caught:
        ChunkKeyEncoding.from_v3(document)

    assert (caught.value.kind, caught.value.name) == ("chunk key encoding", "spiral")


SUFFIXED = ChunkKeyEncoding("zarrs.default_suffix", "/", ".bin")


@pytest.mark.parametrize(
    ("index", "key"), [((1, 23), "c/1/23.bin"), ((), "c.bin"), ((0,), "c/0.bin")]
)
def test_a_suffix_stands_behind_every_key(index, key):
    """And is asked for when a key is read."""
    assert SUFFIXED.key(index) == key
    assert SUFFIXED.grid_index(key, len(index)) == index
    with pytest.raises(MetadataError, match="is not the key of a chunk"):
        SUFFIXED.grid_index(key.removesuffix(".bin"), len(index))


def test_a_suffixed_encoding_is_read_and_written():
    """Its separator has the default of `default`."""
    document = {
        "name": "zarrs.default_suffix",
        "configuration": {"separator": "/", "suffix": ".bin"},
    }

    assert ChunkKeyEncoding.from_v3(document) == SUFFIXED
    assert SUFFIXED.to_v3() == document
    del document["configuration"]["separator"]
    assert ChunkKeyEncoding.from_v3(document) == SUFFIXED


@pytest.mark.parametrize("suffix", ["", None, 3, "/x", "a/b", "a\\b", "1", "\0"])
def test_a_suffix_that_keys_cannot_have_is_refused(suffix):
    """A digit in front would run into the number before it, a slash into the path."""
    configuration = {"separator": "/", "suffix": suffix}

    with pytest.raises(MetadataError, match=r"encoding\.configuration\.suffix must be"):
        ChunkKeyEncoding.from_v3({"name": "zarrs.default_suffix", "configuration": configuration})


def test_other_encodings_have_no_suffix():
    """It is a member they do not know."""
    configuration = {"separator": "/", "suffix": ".bin"}

    with pytest.raises(MetadataError, match="unknown member 'suffix'"):
        ChunkKeyEncoding.from_v3({"name": "default", "configuration": configuration})

"""Conversion for a reader: what it would not open is stored anew, or refused by name."""

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MetadataError, UnsupportedExtensionError, ZarrError

VALUES = np.arange(64, dtype="i4").reshape(8, 8)


def actions(changes):
    """What is done with each node."""
    return {each.path: each.action for each in changes}


def test_the_defaults_of_v3_become_those_that_an_old_reader_opens(store):
    """Their checksum and their width of pixels have no words there."""
    root = zarrpy.create_group(store)
    rgb = np.arange(768, dtype="u1").reshape(16, 16, 3)
    root.create_array("rgb", data=rgb)
    root.create_array("plain", data=VALUES, compressors="gzip:1")
    root.create_array("sharded", data=VALUES, chunks=(2, 2), shards=(8, 8))
    zarrpy.consolidate_metadata(store)

    done = zarrpy.convert(store, zarr_format=2, compat="zarr-2.18")

    assert actions(done) == {"": "metadata", "rgb": "recode", "plain": "move", "sharded": "recode"}
    group = zarrpy.open_group(store)
    assert [each.name for each in group["rgb"].codecs.codecs] == ["bytes", "zstd"]
    assert np.array_equal(group["rgb"][...], rgb)
    assert np.array_equal(group["sharded"][...], VALUES)
    assert zarrpy.verify_consolidated(store) == ()
    assert zarrpy.convert(store, zarr_format=2, compat="zarr-2.18") == ()


@pytest.mark.parametrize(
    ("keywords", "reason"),
    [
        ({"compressors": "numcodecs.bz2"}, "codec 'numcodecs.bz2'"),
        ({"chunks": [[3, 5], [4, 4]]}, "chunk grid 'rectilinear'"),
        ({"filters": "numcodecs.delta", "compressors": "zstd"}, "codec 'numcodecs.delta'"),
    ],
)
def test_arrays_of_the_same_format_are_brought_into_the_words_of_a_reader(store, keywords, reason):
    """Those that it opens stay as they are."""
    root = zarrpy.create_group(store)
    root.create_array("good", data=VALUES)
    root.create_array("other", data=VALUES, **keywords)
    before = {key: bytes(store.get(key)) for key in store.list("good/")}

    (told,) = zarrpy.convert(store, zarr_format=3, compat="tensorstore", dry_run=True)
    zarrpy.convert(store, zarr_format=3, compat="tensorstore")

    assert (told.path, told.action) == ("other", "recode")
    assert reason in told.reason
    assert {key: bytes(store.get(key)) for key in store.list("good/")} == before
    assert np.array_equal(root["other"][...], VALUES)
    zarrpy.create_array({}, **like(zarrpy.open_array(store, path="other")), compat="tensorstore")


def like(array):
    """Keywords that create such an array."""
    return {
        "shape": array.shape,
        "dtype": array.dtype,
        "chunks": array.chunks,
        "compressors": array.compressors,
        "filters": array.filters,
    }


def test_a_codec_that_a_reader_calls_otherwise_gets_its_name(store):
    """The bytes of the chunks are the same."""
    values = VALUES.astype("f4")
    keep = {"name": "bitround", "configuration": {"keepbits": 12}}
    zarrpy.create_array(store, data=values, filters=keep, compressors="zstd")
    chunk = bytes(store.get("c/0/0"))

    (done,) = zarrpy.convert(store, zarr_format=3, compat="zarr-python-3.0")

    assert done.action == "metadata"
    assert b'"numcodecs.bitround"' in bytes(store.get("zarr.json"))
    assert bytes(store.get("c/0/0")) == chunk
    assert np.array_equal(zarrpy.open(store)[...], values)


def test_keys_that_a_reader_does_not_look_for_become_those_that_it_does(store):
    """The chunks move as they are."""
    keys = {"name": "zarrs.default_suffix", "configuration": {"suffix": ".x"}}
    zarrpy.create_array(store, data=VALUES, chunks=4, chunk_key_encoding=keys)
    chunk = bytes(store.get("c/0/1.x"))

    (done,) = zarrpy.convert(store, zarr_format=3, compat="strict-3.1")

    assert done.action == "move"
    assert bytes(store.get("c/0/1")) == chunk
    assert store.get("c/0/1.x") is None
    assert np.array_equal(zarrpy.open(store)[...], VALUES)


def test_into_another_store_the_same_is_done(store):
    """The source stays as it is."""
    target = {}
    zarrpy.create_array(store, data=VALUES, compressors="numcodecs.bz2")

    zarrpy.convert(store, zarr_format=3, compat="tensorstore", target=target)

    assert np.array_equal(zarrpy.open(target)[...], VALUES)
    assert b"bz2" not in target["zarr.json"]
    assert b"bz2" in bytes(store.get("zarr.json"))


def test_what_a_reader_has_no_words_for_is_refused_by_name(store, contents):
    """And nothing is changed."""
    root = zarrpy.create_group(store)
    root.create_array("a", data=VALUES)
    root.create_array("texts", data=np.array(["a", "b"], np.dtypes.StringDType()))
    before = contents(store)

    with pytest.raises(UnsupportedExtensionError, match="data type 'string' is not in the profile"):
        zarrpy.convert(store, zarr_format=3, compat="tensorstore")
    with pytest.raises(ZarrError, match=r"is not in the profile 'zarr-2\.18'"):
        zarrpy.convert(store, zarr_format=2, compat="zarr-2.18", recode=False)
    with pytest.raises(MetadataError, match="must be 2 for the profile"):
        zarrpy.convert(store, zarr_format=3, compat="zarr-2.18")
    with pytest.raises(MetadataError, match="must be one of"):
        zarrpy.convert(store, zarr_format=2, compat="zarr-1")
    assert contents(store) == before


def test_the_setting_holds_here_too(store):
    """As it does for new arrays."""
    zarrpy.create_array(store, data=VALUES, compressors="numcodecs.bz2")

    with zarrpy.config.set({"array.compat": "tensorstore"}):
        (done,) = zarrpy.convert(store, zarr_format=3)

    assert done.action == "recode"

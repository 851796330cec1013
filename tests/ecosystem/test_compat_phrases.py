"""Errors have the words that programs written for zarr-python look for, once it is served."""

import enum
import io
import pickle
import warnings
import zipfile

import numpy as np
import pytest

import zarrpy
from zarrpy import errors
from zarrpy.codecs import CastValue, ScaleOffset, Sharding
from zarrpy.compat import zarr
from zarrpy.compat.adapting import adapt, restore
from zarrpy.compat.phrases import said_with


@pytest.fixture
def said(monkeypatch):
    """Let texts of errors be completed, as `install` does."""
    monkeypatch.setattr(errors, "_also_said", said_with)


def numbers():
    return zarrpy.create_array({}, data=np.arange(30), chunks=7)


def below_an_array():
    group = zarrpy.create_group({})
    group.create_array("a", shape=1, dtype="i4")
    group.create_group("a/b")


def of_another_type():
    group = zarrpy.create_group({})
    group.create_array("a", shape=1, dtype="i4")
    group.require_array("a", shape=1, dtype="f8", exact=True)


CASES = {
    "below an array": (below_an_array, "only groups may have child nodes"),
    "another type": (of_another_type, "Incompatible dtype"),
    "out of bounds": (lambda: numbers()[30], "index out of bounds for dimension with length 30"),
    "too many": (lambda: numbers()[1, 2], "too many indices for array; expected 1, got 2"),
    "short mask": (
        lambda: numbers().oindex[np.ones(5, bool)],
        "wrong length for dimension; expected 30, got 5",
    ),
    "a float": (lambda: numbers()[1.5], "expected integer or slice, got <class 'float'>"),
    "two axes": (lambda: numbers().oindex[np.zeros((2, 2), int)], "must be 1-dimensional only"),
    "another number of axes": (lambda: numbers().resize((3, 3)), "same number of dimensions"),
    "empty chunks": (
        lambda: Sharding([4, 0]),
        "Dimension 1: chunk edge length must be >= 1, got 0",
    ),
    "shards that chunks do not fit": (
        lambda: zarrpy.create_array({}, shape=64, dtype="i4", chunks=9, shards=16),
        "Chunk edge length 16 in dimension 0 is not divisible by the shard's inner chunk size 9.",
    ),
    "a scale of 0": (
        lambda: zarrpy.create_array(
            {}, shape=1, dtype="f4", filters=[ScaleOffset(0, 0)], compressors=None
        ),
        "scale must be non-zero",
    ),
    "an offset that does not fit": (
        lambda: zarrpy.create_array(
            {}, shape=1, dtype="i4", filters=[ScaleOffset(1.5, 1)], compressors=None
        ),
        "offset value 1.5 is not representable",
    ),
    "a type that is no number": (lambda: CastValue("complex64"), "Invalid target data type"),
    "attributes": (lambda: numbers().attrs.update(a={1, 2}), "not JSON serializable"),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.usefixtures("said")
def test_an_error_says_the_words_too(case):
    """Behind our own, which stay."""
    act, words = CASES[case]

    with pytest.raises(Exception, match=r"\(.*\)") as info:
        act()
    assert words in str(info.value)


@pytest.mark.parametrize("case", CASES)
def test_without_zarr_python_they_are_not_said(case):
    act, words = CASES[case]

    with pytest.raises(Exception, match=r".") as info:
        act()
    assert words not in str(info.value)


def test_a_text_that_no_row_is_about_stays_as_it_is():
    assert said_with("the chunk is cut off") == "the chunk is cut off"


def test_missing_chunks_are_errors_for_one_array():
    """By a setting of the array: before, it was taken and did nothing."""
    array = zarr.create_array(
        {}, shape=6, dtype="i4", chunks=3, config={"read_missing_chunks": False}
    )
    array[:3] = 1

    assert array[:3].tolist() == [1, 1, 1]
    assert not array.config.read_missing_chunks
    with pytest.raises(zarrpy.errors.MissingChunkError):
        array[:]
    with pytest.raises(zarrpy.errors.MissingChunkError):
        array[4]
    with pytest.raises(zarrpy.errors.MissingChunkError):
        array.sum()
    opened = zarr.open_array(array.store)
    assert opened[:].tolist() == [1, 1, 1, 0, 0, 0]
    with pytest.raises(zarrpy.errors.MissingChunkError):
        opened.with_config({"read_missing_chunks": False})[:]
    group = zarr.create_group({})
    group.create_array("a", shape=3, dtype="i4")
    required = group.require_array("a", shape=3, dtype="i4", config={"read_missing_chunks": False})
    with pytest.raises(zarrpy.errors.MissingChunkError):
        required[:]


def test_a_zip_warns_of_values_that_take_the_place_of_others(tmp_path):
    with zarr.storage.ZipStore(tmp_path / "a.zip", mode="w") as store:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            array = zarr.create_array(store, data=np.arange(4), chunks=2)
        with pytest.warns(UserWarning, match="Duplicate name: 'c/1'"):
            array[2:] = 7
    with zarr.storage.ZipStore(tmp_path / "a.zip") as store:
        assert zarr.open_array(store)[:].tolist() == [0, 1, 7, 7]


def test_enumerations_give_texts_and_say_that_they_will_go():
    codecs = zarr.codecs

    with pytest.warns(DeprecationWarning, match="BloscShuffle.shuffle"):
        assert codecs.BloscShuffle.shuffle == "shuffle"
    with pytest.warns(DeprecationWarning, match="Endian.big"):
        assert codecs.BytesCodec(endian=codecs.Endian.big).endian == "big"
    assert codecs.Endian("little") == "little"
    assert list(codecs.BloscCname) == list(codecs.blosc.BLOSC_CNAME)
    assert codecs.BloscShuffle.from_int(2) == "bitshuffle"
    with pytest.raises(AttributeError, match="no member"):
        _ = codecs.BloscShuffle.nothing
    with pytest.raises(ValueError, match="is no Endian"):
        codecs.Endian("middle")
    with pytest.raises(ValueError, match="0, 1 or 2"):
        codecs.BloscShuffle.from_int(3)


@pytest.mark.parametrize(
    ("made", "data"),
    [
        (lambda c: c.FixedScaleOffset(offset=0, scale=1), np.arange(6)),
        (lambda c: c.Quantize(digits=3), np.linspace(0, 1, 6)),
        (lambda c: c.Delta(), np.arange(6)),
        (lambda c: c.BitRound(keepbits=10), np.arange(6.0)),
        (lambda c: c.PackBits(), np.arange(6) % 2 == 0),
        (lambda c: c.AsType(encode_dtype="i2"), np.arange(6)),
    ],
)
def test_codecs_of_numcodecs_take_the_data_type_of_the_array(made, data):
    codecs = zarr.codecs.numcodecs
    codec = made(codecs)

    array = zarr.create_array({}, data=data, filters=[codec])

    np.testing.assert_allclose(zarr.open_array(array.store)[:], data, atol=1e-3)
    assert isinstance(array.filters[0], type(codec))
    assert type(codec).from_dict(codec.to_dict()) == codec
    assert isinstance(codec, type(codec))
    assert not isinstance(array.filters[0], codecs.GZip)


def test_bits_are_packed_of_truth_values_only():
    with pytest.raises(ValueError, match="requires bool dtype"):
        zarr.create_array({}, shape=3, dtype="u4", filters=[zarr.codecs.numcodecs.PackBits()])


def test_settings_that_are_new_are_kept_for_a_block():
    with zarr.config.set({"codecs.mine": "a.b.C"}):
        assert zarr.config.get("codecs.mine") == "a.b.C"
    assert zarr.config.get("codecs.mine", None) is None
    assert zarr.config.defaults[0]["json_indent"] == 2


def test_a_type_of_zarr_v2_is_told_from_one_that_needs_objects():
    check = zarr.dtype.check_dtype_spec_no_object_codec_v2

    assert check({"name": "|u1", "object_codec_id": None})
    assert not check({"name": "|O", "object_codec_id": "vlen-utf8"})
    assert not check("|u1")


def test_an_error_has_moved_to_the_errors():
    with pytest.warns(zarr.errors.ZarrDeprecationWarning, match="zarr.dtype"):
        found = zarr.dtype.DataTypeValidationError
    assert found is zarr.errors.DataTypeValidationError


def test_a_data_type_without_a_specification_says_so():
    with pytest.warns(zarr.errors.UnstableSpecificationWarning, match="raw_bytes"):
        zarr.dtype.RawBytes(length=3).to_json(zarr_format=3)


def test_a_zip_is_kept_in_an_open_file():
    """Which goes on where it was closed, and is not to be pickled."""
    store_of = zarr.storage.ZipStore
    file = io.BytesIO()
    store = store_of(file, mode="w", read_only=False)
    zarr.create_array(store, data=np.arange(4), chunks=2, name="a")
    store.close()
    zarr.create_array(store, data=np.arange(3), name="b")
    store.close()

    read = store_of(io.BytesIO(file.getvalue()))
    assert zarr.open_array(read, path="a")[1:].tolist() == [1, 2, 3]
    assert sorted(zarr.open_group(read, mode="r")) == ["a", "b"]
    assert zarr.open_array(store_of(Reader(file.getvalue())), path="b")[:].tolist() == [0, 1, 2]
    assert read == store_of(read._file)
    assert read != store
    assert str(read).startswith("zip://<")
    with pytest.raises(NotImplementedError, match="nothing is deleted"):
        store.delete("a/zarr.json")
    with pytest.raises(TypeError, match="cannot pickle a ZipStore backed by a file-like"):
        pickle.dumps(read)
    with pytest.raises(TypeError, match="read/seek/tell"):
        store_of(42)
    with pytest.raises(TypeError, match="opened for reading"):
        store_of(Reader(b""), mode="w")


class Reader:
    """What reads, seeks and tells, and is no file."""

    def __init__(self, data):
        self._file = io.BytesIO(data)
        self.read, self.seek, self.tell = self._file.read, self._file.seek, self._file.tell


def test_a_zip_in_a_file_that_cannot_be_read_back_is_not_reopened(tmp_path):
    with (tmp_path / "a.zip").open("wb") as file:
        store = zarr.storage.ZipStore(file, mode="w", read_only=False)
        store.set("a", b"1")
        store.close()
        with pytest.raises(io.UnsupportedOperation, match="readable and seekable"):
            store.set("b", b"2")
    assert zipfile.ZipFile(tmp_path / "a.zip").namelist() == ["a"]


@pytest.fixture
def served():
    """Serve zarrpy in the place of zarr-python, for one test."""
    zarrpy.compat.install(force=True)
    yield
    zarrpy.compat.uninstall()


@pytest.mark.usefixtures("served")
def test_arrays_of_zarr_v2_say_that_no_fill_value_is_defined():
    """Only while zarrpy is served."""
    array = zarr.create_array({}, shape=4, dtype="i4", fill_value=None, zarr_format=2)

    assert array.fill_value is None
    assert array[:].tolist() == [0] * 4
    assert array.sum() == 0
    assert zarr.create_array({}, shape=4, dtype="i4", zarr_format=2).fill_value == 0
    zarrpy.compat.uninstall()
    assert array.fill_value == 0
    zarrpy.compat.install(force=True)


@pytest.mark.usefixtures("served")
def test_what_is_no_node_is_warned_of():
    group = zarr.create_group({})
    group.create_array("a", shape=1, dtype="i4")
    group.store.set("other/thing", b"1")

    with pytest.warns(UserWarning, match="Object at other is not recognized"):
        assert sorted(dict(group.members())) == ["a"]


@pytest.mark.usefixtures("served")
def test_the_order_is_that_of_elements_in_memory():
    """In Zarr v2 they are read in the order they are stored in."""
    data = np.arange(6).reshape(2, 3)

    old = zarr.create_array({}, data=data, zarr_format=2, order="F")
    assert old.order == zarr.open_array(old.store).order == "F"
    assert zarr.open_array(old.store)[:].flags.f_contiguous
    new = zarr.create_array({}, data=data, config={"order": "F"})
    assert (new.order, new[:].flags.f_contiguous) == ("F", True)
    assert zarr.open_array(new.store).order == "C"


def test_records_with_gaps_are_packed_with_a_warning():
    dtype = np.dtype([("a", "i1"), ("b", "i8")], align=True)
    data = np.ones(3, dtype)

    with pytest.warns(UserWarning, match="packed layout"):
        array = zarr.create_array({}, data=data)
    assert array[:]["b"].tolist() == [1, 1, 1]


def test_a_mode_that_creates_nothing_is_refused():
    with pytest.raises(ValueError, match="Invalid mode: x"):
        zarr.create(3, store={}, mode="x")
    with pytest.raises(ValueError, match="read-only"):
        zarr.create(3, store={}, mode="r")
    store = zarr.create(3, store={}).store
    with pytest.raises(FileExistsError):
        zarr.create(3, store=store, mode="w-", overwrite=True)
    with pytest.raises(ValueError, match="only one of them"):
        zarr.create(3, chunks=1, chunk_shape=2)
    with pytest.raises(TypeError, match="NDArrayLike"):
        zarr.save({}, np.arange(3), mode="w")
    with pytest.warns(DeprecationWarning, match=r"Group\.tree instead"):
        zarr.tree(zarr.create_group({}))


def test_a_group_is_no_part_of_what_is_created_in_it():
    group = zarrpy.create_group({})

    with pytest.raises(ValueError, match="the root of the nodes to create is this group"):
        group.create_hierarchy({"": group.metadata}, overwrite=True)


def test_a_deleted_member_is_told_no_more():
    group = zarrpy.create_group({})
    for name in "ab":
        group.create_array(name, shape=1, dtype="i4")
    zarrpy.consolidate_metadata(group.store)
    opened = zarrpy.open_group(group.store, mode="r+", use_consolidated=True)

    del opened["a"]

    assert list(opened.metadata.consolidated_metadata.metadata) == ["b"]


def test_fields_of_others_are_told_of_a_group():
    made = zarr.core.group.GroupMetadata

    more = {"mine": {"must_understand": False}}
    assert made(extra_fields=more).extra_fields == more
    with pytest.raises(ValueError, match="does not support"):
        made(zarr_format=2, extra_fields=more)


def test_an_enumeration_of_others_is_taken_with_a_warning():
    class Order(enum.Enum):
        little = "little"

    with pytest.warns(DeprecationWarning, match="Passing an enum to BytesCodec"):
        assert zarr.codecs.BytesCodec(endian=Order.little).endian == "little"


def test_tables_of_values_are_made_of_pairs():
    parse = zarr.codecs.cast_value.parse_scalar_map

    assert parse({"encode": [("NaN", 0)]}) == {"encode": {"NaN": 0}}
    assert parse({"encode": {"NaN": 0}}) == {"encode": {"NaN": 0}}
    assert zarr.core.common.parse_shapelike(np.int64(3)) == (3,)
    with pytest.raises(TypeError, match="iterable of integers"):
        zarr.core.common.parse_shapelike((1.5,))
    with pytest.raises(ValueError, match="non-negative"):
        zarr.core.common.parse_shapelike([-1])


@pytest.mark.parametrize(
    ("name", "words", "text"),
    [
        ("GroupNotFoundError", ("s", "p"), "No group found in store 's' at path 'p'"),
        ("ArrayNotFoundError", ("s", "p"), "No array found in store 's' at path 'p'"),
        (
            "ContainsArrayError",
            ("s", "p"),
            "An array or a group exists in store 's' at path 'p'.",
        ),
        (
            "MetadataValidationError",
            ("order", "C", "Z"),
            "Invalid value for 'order'. Expected 'C'. Got 'Z'.",
        ),
        ("MetadataValidationError", ("one", "two"), "one two"),
        ("MetadataValidationError", ("one",), "one"),
    ],
)
def test_an_error_is_made_of_several_words(name, words, text):
    adapt()
    try:
        assert str(getattr(zarr.errors, name)(*words)) == text
    finally:
        restore()
    with pytest.raises(TypeError, match="positional"):
        zarrpy.errors.ZarrError("one", "two")


def test_two_names_for_the_shape_of_chunks_are_refused(said):
    with pytest.raises(ValueError, match="Only one of chunk_shape or chunks"):
        zarr.create(shape=4, chunks=2, chunk_shape=2, store={})


def test_a_codec_that_another_package_has_is_told_with_it(said):
    with pytest.raises(zarr.errors.UnknownCodecError, match="codec: wavpack-numcodecs"):
        zarr.registry.get_numcodec({"id": "wavpack"})
    with pytest.raises(ValueError, match="codec"):
        zarr.registry.get_numcodec(["ab"])


def test_a_format_that_is_none_is_told_with_what_it_may_be(said):
    with pytest.raises(ValueError, match=r"Expected 2, 3, or None. Got '3.0'"):
        zarr.create(shape=4, zarr_format="3.0", store={})

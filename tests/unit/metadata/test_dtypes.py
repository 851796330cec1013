"""Tests of `zarrpy.metadata.dtypes`."""

import pickle

import numpy as np
import pytest

from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata import dtypes
from zarrpy.metadata.dtypes import DataType, DataTypeFamily

# v3 name, v2 name without byte order, what NumPy calls it.
TABLE = [
    ("bool", "b1", np.bool_),
    ("int8", "i1", np.int8),
    ("int16", "i2", np.int16),
    ("int32", "i4", np.int32),
    ("int64", "i8", np.int64),
    ("uint8", "u1", np.uint8),
    ("uint16", "u2", np.uint16),
    ("uint32", "u4", np.uint32),
    ("uint64", "u8", np.uint64),
    ("float16", "f2", np.float16),
    ("float32", "f4", np.float32),
    ("float64", "f8", np.float64),
    ("complex64", "c8", np.complex64),
    ("complex128", "c16", np.complex128),
]
NATIVE = "<" if np.little_endian else ">"


@pytest.mark.parametrize(("name", "v2", "numpy"), TABLE)
def test_a_v3_name_finds_its_record(name, v2, numpy):
    """The bare name, and the object with nothing but the name, are the same."""
    data_type = dtypes.from_v3(name)

    assert (data_type.name, data_type.numpy) == (name, np.dtype(numpy))
    assert data_type.itemsize == np.dtype(numpy).itemsize
    assert dtypes.from_v3({"name": name}) is data_type
    assert dtypes.from_v3({"name": name, "configuration": {}}) is data_type
    assert dtypes.to_v3(data_type) == name


@pytest.mark.parametrize(("name", "v2", "numpy"), TABLE)
def test_a_v2_name_finds_its_record_and_byte_order(name, v2, numpy):
    """Both byte orders; types of one byte have none."""
    orders = "<>" if np.dtype(numpy).itemsize > 1 else "|"
    for order in orders:
        data_type, byteorder = dtypes.from_v2(order + v2)

        assert (data_type.name, byteorder) == (name, order)
        assert dtypes.to_v2(data_type, byteorder) == order + v2


@pytest.mark.parametrize(("name", "v2", "numpy"), TABLE)
def test_a_numpy_type_finds_its_record_and_byte_order(name, v2, numpy):
    """Native order is spelled out."""
    swapped = np.dtype(numpy).newbyteorder()
    single = np.dtype(numpy).itemsize == 1

    assert dtypes.from_numpy(numpy) == (dtypes.from_v3(name), "|" if single else NATIVE)
    assert dtypes.from_numpy(swapped)[0].name == name
    assert dtypes.from_numpy(swapped)[1] == ("|" if single else "><"[NATIVE == ">"])


def test_platform_names_of_one_integer_are_one_type():
    """NumPy's longlong and int64 are the same to Zarr."""
    assert dtypes.from_numpy(np.longlong)[0].name == "int64"
    assert dtypes.from_numpy("i8")[0].name == "int64"
    assert dtypes.from_numpy(float)[0].name == "float64"


@pytest.mark.parametrize(
    ("alias", "name"), [("complex_float32", "complex64"), ("complex_float64", "complex128")]
)
def test_another_name_is_read_and_the_first_is_written(alias, name):
    """Registered aliases lead to one record."""
    assert dtypes.to_v3(dtypes.from_v3(alias)) == name


@pytest.mark.parametrize("document", ["<i1", ">u1", "|b1"])
def test_a_byte_order_of_single_bytes_says_nothing(document):
    """It is read, as there is nothing to get wrong."""
    assert dtypes.from_v2(document)[1] == "|"


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("|f4", 'dtype must be "<f4" or ">f4", not "|f4"'),
        ("f4", 'dtype must be a string with a byte order, such as "<f4", not "f4"'),
        (4, 'dtype must be a string such as "<f4", not 4'),
        (None, 'dtype must be a string such as "<f4", not null'),
    ],
)
def test_a_malformed_v2_type_is_refused(document, text):
    """The error says how the type is spelled."""
    with pytest.raises(MetadataError) as caught:
        dtypes.from_v2(document)

    assert str(caught.value) == text


@pytest.mark.parametrize(
    "document", ["|O", "<X4", "<", "", "float32", "<f4\n", "M8[ns]x", "<bfloat16"]
)
def test_an_unknown_v2_type_is_unsupported(document):
    """It may be a type of a later version, so the error is not that of a broken document."""
    with pytest.raises(UnsupportedExtensionError) as caught:
        dtypes.from_v2(document)

    assert caught.value.kind == "data type"


@pytest.mark.parametrize("document", ["int128", {"name": "mine", "configuration": {"a": 1}}])
def test_an_unknown_v3_type_is_unsupported(document):
    """The error carries kind and name as fields."""
    with pytest.raises(UnsupportedExtensionError) as caught:
        dtypes.from_v3(document)

    name = document if isinstance(document, str) else document["name"]
    assert (caught.value.kind, caught.value.name) == ("data type", name)


def test_a_misspelt_type_is_answered_with_the_nearest():
    """A typing error costs one look."""
    with pytest.raises(UnsupportedExtensionError, match="did you mean 'float32'"):
        dtypes.from_v3("flaot32")


def test_a_parameter_of_a_plain_type_is_refused():
    """A configuration that we would ignore may change the meaning."""
    with pytest.raises(MetadataError, match="'int8' has no configuration"):
        dtypes.from_v3({"name": "int8", "configuration": {"bits": 4}})


def test_a_data_type_cannot_be_left_aside():
    """Without the data type no byte can be read, so must_understand is always true."""
    with pytest.raises(MetadataError, match="must_understand: false is not allowed"):
        dtypes.from_v3({"name": "int8", "must_understand": False})


@pytest.mark.parametrize("dtype", [[("a", "i4"), ("b", "O")], np.longdouble])
def test_an_unknown_numpy_type_is_unsupported(dtype):
    """What NumPy knows and Zarr does not."""
    with pytest.raises(UnsupportedExtensionError, match="is not supported"):
        dtypes.from_numpy(dtype)


@pytest.mark.parametrize(
    ("kind", "instead"), [("longdouble", "float64"), ("clongdouble", "complex128")]
)
def test_who_has_long_doubles_is_told_what_to_store(kind, instead):
    """Not a type whose name is like theirs."""
    with pytest.raises(UnsupportedExtensionError) as caught:
        dtypes.from_numpy(getattr(np, kind))

    assert f"data.astype('{instead}')" in caught.value.hint


def test_what_numpy_does_not_know_is_unsupported_too():
    """NumPy's own error is the cause."""
    with pytest.raises(UnsupportedExtensionError, match="no data type that NumPy knows") as caught:
        dtypes.from_numpy("float33")

    assert isinstance(caught.value.__cause__, TypeError)


def test_a_type_without_a_v2_form_cannot_be_written_in_v2():
    """The error says what helps."""
    record = DataType("new", np.dtype("u1"), lambda d, t: np.uint8(d), lambda v, t: int(v))

    with pytest.raises(MetadataError, match="'new' has no form in Zarr v2 -> use Zarr v3"):
        dtypes.to_v2(record, "|")


@pytest.mark.parametrize("name", [row[0] for row in TABLE])
def test_a_record_survives_pickling(name):
    """Metadata goes to other processes."""
    record = dtypes.from_v3(name)

    back = pickle.loads(pickle.dumps(record))

    assert back == record
    assert back.fill_from_json is record.fill_from_json


BEFORE = dtypes.available_data_types()


@pytest.fixture
def registered():
    names = []

    def register(record, **options):
        dtypes.register_data_type(record, **options)
        names.append(record.name)

    yield register
    for name in names:
        dtypes.unregister_data_type(name)
    assert dtypes.available_data_types() == BEFORE


def test_a_new_type_is_a_record(registered):
    """Registered once, it is found by its v3, v2 and NumPy forms."""
    int8 = dtypes.from_v3("int8")
    registered(
        DataType("raw3", np.dtype("V3"), int8.fill_from_json, int8.fill_to_json, "V3", None, ("r",))
    )

    found = dtypes.from_v3("raw3")
    assert dtypes.from_v3("r") is found
    assert dtypes.from_v2("|V3") == (found, "|")
    assert dtypes.from_numpy("V3") == (found, "|")


def test_a_new_family_makes_records_of_parameters(registered):
    """Types with a configuration, or a number in their name, are one registration."""

    def make(size):
        int8 = dtypes.from_v3("int8")
        return DataType(
            "my_bytes", np.dtype(f"V{size}"), int8.fill_from_json, int8.fill_to_json,
            f"V{size}", {"length_bytes": size},
        )  # fmt: skip

    registered(
        DataTypeFamily(
            "my_bytes",
            lambda name, config: make(config["length_bytes"]) if name == "my_bytes" else None,
            lambda kind: make(int(kind[1:])) if kind[:1] == "V" else None,
            lambda dtype: make(dtype.itemsize) if dtype.kind == "V" else None,
        )
    )

    document = {"name": "my_bytes", "configuration": {"length_bytes": 5}}
    found = dtypes.from_v3(document)
    assert (found.itemsize, dtypes.to_v3(found)) == (5, document)
    assert dtypes.from_v2("|V5") == dtypes.from_numpy("V5") == (found, "|")
    with pytest.raises(UnsupportedExtensionError):
        dtypes.from_v3("int128")


def test_a_name_is_registered_once(registered):
    """Replacing needs force, and unregistering brings nothing else down."""
    int8 = dtypes.from_v3("int8")
    registered(DataType("mine", np.dtype("V2"), int8.fill_from_json, int8.fill_to_json))

    with pytest.raises(ValueError, match="a data type named 'mine' already"):
        dtypes.register_data_type(dtypes.from_v3("mine"))

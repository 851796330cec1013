"""Tests of `zarrpy.metadata.dtypes_ml`, with ml_dtypes where it is installed and without."""

import math
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import MetadataError
from zarrpy.metadata import dtypes, dtypes_ml, json, v2
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.small_floats import FORMATS

INTEGERS = {"int2": (-2, 1), "int4": (-8, 7), "uint2": (0, 3), "uint4": (0, 15)}
COMPLEX = ["complex_float16", *(f"complex_{name}" for name in FORMATS)]


@pytest.fixture(params=["with ml_dtypes", "without ml_dtypes"], autouse=True)
def package(request, monkeypatch):
    """Run each test in both worlds; the second one warns, which is tested below."""
    if request.param == "with ml_dtypes":
        yield pytest.importorskip("ml_dtypes", reason="needs ml_dtypes: pip install ml_dtypes")
        return
    monkeypatch.setattr(dtypes_ml, "_package", lambda: None)
    with warnings.catch_warnings(), zarrpy.config.set(disable=["recall"]):
        warnings.filterwarnings("ignore", ".*of the same bits")
        yield None


@pytest.mark.parametrize("name", [*FORMATS, *INTEGERS, *COMPLEX])
def test_a_small_number_is_known_by_its_name(name, package):
    """As a type of ml_dtypes, or else as integers; complex numbers of these as pairs."""
    data_type = dtypes.from_v3(name)

    assert dtypes.to_v3(data_type) == name
    assert pickle.loads(pickle.dumps(data_type)) == data_type
    if package is not None and hasattr(package, name):
        assert data_type.numpy == np.dtype(getattr(package, name))
        assert dtypes.from_numpy(getattr(package, name))[0] == data_type
    elif name in FORMATS or name in INTEGERS:
        assert data_type.numpy.kind in "iu"


def test_a_type_of_ml_dtypes_is_that_of_its_numbers(package):
    """Where there are two names for one thing."""
    if package is None or not hasattr(package, "complex32"):
        pytest.skip("needs ml_dtypes 0.6 or later: pip install ml_dtypes")

    assert dtypes.from_numpy(package.complex32)[0].name == "complex_float16"
    assert dtypes.from_numpy(package.bcomplex32)[0].name == "complex_bfloat16"


def test_without_ml_dtypes_there_is_a_warning(package):
    """It says what is read instead and what helps; with the package there is none."""
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        dtypes.from_v3("bfloat16")

    texts = [str(each.message) for each in seen]
    assert bool(texts) == (package is None)
    assert all("pip install 'zarrpy[ml]'" in text for text in texts)


def test_ml_dtypes_is_imported_when_it_is_needed(package):
    """Not with zarrpy, and not for other data types."""
    program = (
        "import sys, zarrpy; zarrpy.create_array({}, shape=3, dtype='M8[s]')[...]; "
        "sys.exit('ml_dtypes' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@pytest.mark.parametrize("name", ["bfloat16", "int4", "complex_float8_e5m2"])
def test_a_configuration_is_refused(name, package):
    """The name says all."""
    with pytest.raises(MetadataError, match=f"must be left out for {name}"):
        dtypes.from_v3({"name": name, "configuration": {"bits": 4}})


@pytest.mark.parametrize(
    ("name", "document", "bits", "written"),
    [
        ("bfloat16", 1, "803f", 1.0), ("bfloat16", "NaN", "c07f", "NaN"),
        ("bfloat16", "0x7fc1", "c17f", "0x7fc1"), ("bfloat16", -0.0, "0080", -0.0),
        ("bfloat16", "-Infinity", "80ff", "-Infinity"), ("bfloat16", 0.1, "cd3d", 0.10009765625),
        ("float8_e4m3", "NaN", "7c", "NaN"), ("float8_e3m4", "NaN", "78", "NaN"),
        ("float8_e5m2", "NaN", "7e", "NaN"), ("float8_e5m2", "0x7d", "7d", "0x7d"),
        ("float8_e4m3fnuz", "NaN", "80", "NaN"), ("float8_e8m0fnu", "NaN", "ff", "NaN"),
        ("float4_e2m1fn", 6, "07", 6.0), ("float4_e2m1fn", "0x0f", "0f", -6.0),
        ("float6_e2m3fn", -7.5, "3f", -7.5),
        ("int4", -8, "f8", -8), ("int2", 1, "01", 1), ("uint4", 15, "0f", 15),
        ("complex_float16", [1, "NaN"], "003c007e", [1.0, "NaN"]),
        ("complex_float8_e5m2", [1, "0x7d"], "3c7d", [1.0, "0x7d"]),
        ("complex_bfloat16", [0, -0.0], "00000080", [0.0, -0.0]),
    ],
)  # fmt: skip
def test_a_fill_value_has_the_same_bits_with_and_without_the_package(name, document, bits, written):
    """Numbers are rounded to the nearest; what is written leads back to the bits."""
    data_type = dtypes.from_v3(name)

    value = fill.parse(document, data_type)

    stored = np.array(value, data_type.numpy).astype(data_type.numpy.newbyteorder("<"))
    assert stored.tobytes().hex() == bits
    assert str(fill.dump(value, data_type)) == str(written)
    assert fill.identical(fill.parse(written, data_type), value)


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("bfloat16", 1e39), ("bfloat16", "0x7fc"), ("bfloat16", "x"), ("bfloat16", True),
        ("bfloat16", None), ("bfloat16", "0xzzzz"), ("bfloat16", 10**400),
        ("float4_e2m1fn", "NaN"), ("float4_e2m1fn", "Infinity"), ("float4_e2m1fn", "0x10"),
        ("float8_e4m3fnuz", "Infinity"), ("float8_e8m0fnu", 0), ("float8_e8m0fnu", -1.0),
        ("int4", 8), ("int4", -9), ("int4", 1.0), ("uint2", -1), ("uint2", "1"), ("uint4", True),
        ("complex_float8_e5m2", [1]), ("complex_float8_e5m2", 1), ("complex_bfloat16", [1, "x"]),
    ],
)  # fmt: skip
def test_a_fill_value_without_a_pattern_is_refused(name, document):
    """Out of range, or a word that the format has no bits for."""
    with pytest.raises(MetadataError, match=r"^fill_value must be "):
        fill.parse(document, dtypes.from_v3(name))


@pytest.mark.parametrize(
    ("name", "given", "written"),
    [
        ("bfloat16", np.float32(0.5), 0.5), ("bfloat16", math.nan, "NaN"), ("bfloat16", None, 0.0),
        ("float8_e8m0fnu", None, 2.0**-127), ("int4", np.int64(-3), -3), ("int4", 3.0, 3),
        ("complex_float16", 1 + 2j, [1.0, 2.0]), ("complex_bfloat16", (1, 2), [1.0, 2.0]),
        ("complex_float8_e5m2", np.complex64(1j), [0.0, 1.0]),
        ("complex_float8_e5m2", 0, [0.0, 0.0]),
    ],
)  # fmt: skip
def test_a_program_may_give_any_number(name, given, written):
    """Python's or NumPy's."""
    data_type = dtypes.from_v3(name)

    assert fill.dump(fill.coerce(given, data_type), data_type) == written


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("bfloat16", 1j), ("bfloat16", object()), ("int4", 0.5), ("int4", "1"), ("int4", object()),
        ("complex_float16", "1"), ("complex_float16", (1, 2, 3)), ("complex_float16", object()),
    ],
)  # fmt: skip
def test_what_is_no_such_number_is_refused(name, given):
    """Nothing is rounded to an integer."""
    with pytest.raises(MetadataError, match=r"^fill_value must be "):
        fill.coerce(given, dtypes.from_v3(name))


@pytest.mark.parametrize(
    ("name", "stored", "read", "settled"),
    [
        ("int4", "f7180f", [7, -8, -1], "07f8ff"), ("uint4", "f7180f", [7, 8, 15], "07080f"),
        ("int2", "0506ff", [1, -2, -1], "01feff"), ("uint2", "0506ff", [1, 2, 3], "010203"),
        ("float4_e2m1fn", "f7180f", None, "07080f"), ("float6_e2m3fn", "f7180f", None, "37180f"),
    ],
)  # fmt: skip
def test_upper_bits_do_not_count(name, stored, read, settled):
    """They are left out on reading, and written as zeros or as the sign."""
    store = {}
    array = zarrpy.create_array(store, shape=3, dtype=name, compressors=None)
    store["c/0"] = bytes.fromhex(stored)

    values = array[...]

    assert values.tobytes().hex() == settled
    if read is not None:
        assert values.astype(int).tolist() == read
    array[...] = np.frombuffer(bytes.fromhex(stored), values.view("u1").dtype).view(values.dtype)
    assert store["c/0"].hex() == settled


def test_upper_bits_of_fields_do_not_count():
    """In a structure, and in the parts of a complex number."""
    fields = [{"name": "a", "data_type": "uint4"}, {"name": "b", "data_type": "int16"}]
    store = {}
    array = zarrpy.create_array(
        store, shape=1, dtype={"name": "struct", "configuration": {"fields": fields}},
        compressors=None,
    )  # fmt: skip
    store["c/0"] = bytes.fromhex("f3ffff")
    pairs = zarrpy.create_array({}, shape=1, dtype="complex_float4_e2m1fn", compressors=None)
    pairs.store.set("c/0", bytes.fromhex("f31c"))

    assert array[...].tobytes().hex() == "03ffff"
    assert pairs[...].tobytes().hex() == "030c"


@pytest.mark.parametrize("name", ["bfloat16", "float8_e4m3fn", "int4"])
def test_v2_has_bare_names_for_numbers_of_one_part(name):
    """As one other implementation writes them: little-endian, without saying so."""
    store = {}

    array = zarrpy.create_array(store, shape=3, dtype=name, zarr_format=2, fill_value=1)
    again = zarrpy.open(store)

    assert json.loads(store[".zarray"], path="x")["dtype"] == name
    assert again.metadata == array.metadata
    assert v2.dump(again.metadata) == {".zarray": json.loads(store[".zarray"], path="x")}
    assert dtypes.from_v2(name)[1] == ("<" if name == "bfloat16" else "|")


def test_a_v2_fill_value_of_one_byte_may_be_packed():
    """As one other implementation has it for some small floats, and only for those."""
    value = fill.parse_v2("Bw==", dtypes.from_v3("float4_e2m1fn"), "|")

    assert fill.dump(value, dtypes.from_v3("float4_e2m1fn")) == 6.0
    with pytest.raises(MetadataError):
        fill.parse_v2("Bw==", dtypes.from_v3("int8"), "|")


def test_v2_has_no_other_forms():
    """Neither big-endian ones nor complex ones."""
    with pytest.raises(MetadataError, match="has no big-endian form in Zarr v2"):
        dtypes.to_v2(dtypes.from_v3("bfloat16"), ">")
    with pytest.raises(MetadataError, match="has no form in Zarr v2"):
        dtypes.to_v2(dtypes.from_v3("complex_bfloat16"), "<")

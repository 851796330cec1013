"""Tests of `zarrpy.metadata.fill_value`."""

import decimal
import fractions
import math

import numpy as np
import pytest

from zarrpy.errors import MetadataError
from zarrpy.metadata import dtypes
from zarrpy.metadata import fill_value as fill

FLOATS = {"float16": np.uint16, "float32": np.uint32, "float64": np.uint64}


def bits(value: np.generic) -> str:
    """Give the bits of a scalar in hexadecimal, most significant first."""
    return value.tobytes()[:: -1 if np.little_endian else 1].hex()


def parse(document, name, **options):
    return fill.parse(document, dtypes.from_v3(name), **options)


@pytest.mark.parametrize(
    ("name", "document", "pattern"),
    [
        ("float16", "NaN", "7e00"),
        ("float32", "NaN", "7fc00000"),
        ("float64", "NaN", "7ff8000000000000"),
        ("float16", "Infinity", "7c00"),
        ("float32", "-Infinity", "ff800000"),
        ("float64", "Infinity", "7ff0000000000000"),
        ("float32", "0x7fc00001", "7fc00001"),
        ("float32", "0x7fa00000", "7fa00000"),
        ("float32", "0xFFC0ABCD", "ffc0abcd"),
        ("float16", "0x7e01", "7e01"),
        ("float64", "0xfff8000000000000", "fff8000000000000"),
        ("float32", "0x3f800000", "3f800000"),
        ("float32", -0.0, "80000000"),
        ("float32", 0.1, "3dcccccd"),
        ("float32", 16777217, "4b800000"),
        ("float64", 2**53 + 1, "4340000000000000"),
        ("float16", 65504, "7bff"),
        ("float16", 65519.99, "7bff"),
        ("float32", 3.4028235677973362e38, "7f7fffff"),
        ("float16", 1, "3c00"),
        ("float32", 1e-50, "00000000"),
        ("complex64", ["NaN", -0.0], "800000007fc00000"),
        ("complex128", [1, "0x7ff8000000000001"], "7ff80000000000013ff0000000000000"),
        ("complex64", ["Infinity", "NaN"], "7fc000007f800000"),
        ("uint64", 2**64 - 1, "ffffffffffffffff"),
        ("uint64", 2**53 + 1, "0020000000000001"),
        ("int64", -(2**63), "8000000000000000"),
        ("int8", -128, "80"),
        ("bool", True, "01"),
        ("bool", False, "00"),
    ],
)  # fmt: skip
def test_a_fill_value_is_read_to_the_bit(name, document, pattern):
    """The bits are those that the specification names."""
    value = parse(document, name)

    assert value.dtype == dtypes.from_v3(name).numpy
    assert bits(value) == pattern


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("float16", "NaN"), ("float32", "NaN"), ("float64", "NaN"),
        ("float32", "Infinity"), ("float64", "-Infinity"),
        ("float32", "0x7fc00001"), ("float64", "0xfff8000000000000"), ("float16", "0x7c01"),
        ("float32", "0x7fa00000"), ("float64", "0x7ff0000000000001"),
        ("float32", 0.10000000149011612), ("float64", 5e-324), ("float64", -0.0),
        ("complex64", ["0x7fa00000", 1.5]), ("complex128", ["Infinity", "NaN"]),
        ("uint64", 2**64 - 1), ("int64", -(2**63)), ("bool", True),
    ],
)  # fmt: skip
def test_a_fill_value_is_written_as_it_was_read(name, document):
    """The canonical form comes back, of the same JSON type."""
    written = fill.dump(parse(document, name), dtypes.from_v3(name))

    assert repr(written) == repr(document)


@pytest.mark.parametrize(
    ("name", "document", "right"),
    [
        ("bool", 0, "true or false for bool"),
        ("bool", "false", "true or false for bool"),
        ("int8", 128, r"an integer in [-128, 127] for int8"),
        ("int8", True, "an integer in"),
        ("uint8", -1, r"an integer in [0, 255] for uint8"),
        ("uint64", 2**64, "an integer in"),
        ("int32", 1.0, "an integer in"),
        ("int32", "1", "an integer in"),
        ("int32", None, "an integer in"),
        ("int32", [1], "an integer in"),
        ("float32", True, "a number"),
        ("float32", None, "a number"),
        ("float32", "nan", "a number"),
        ("float32", "0.5", "a number"),
        ("float32", "+Infinity", "a number"),
        ("float32", "0x7fc0", "a number"),
        ("float32", "0x7fc0000g", "a number"),
        ("float32", "0x7f c00 0", "a number"),
        ("float32", "7fc00001ab", "a number"),
        ("float64", "0x7fc00001", "a number"),
        ("float32", 1e39, "in the range of float32"),
        ("float32", 3.4028235677973366e38, "in the range of float32"),
        ("float16", 65520, "in the range of float16"),
        ("float64", 10**400, "in the range of float64"),
        ("float64", -(10**400), "in the range of float64"),
        ("complex64", 1.0, "a list of two numbers for complex64"),
        ("complex64", [1.0], "a list of two numbers for complex64"),
        ("complex64", [1.0, 2.0, 3.0], "a list of two numbers for complex64"),
    ],
)
def test_a_value_that_the_type_cannot_hold_is_refused(name, document, right):
    """The error names what would be right, with the range or the spellings."""
    with pytest.raises(MetadataError) as caught:
        parse(document, name)

    assert str(caught.value).startswith(f"fill_value must be {right}")
    assert caught.value.value == document


def test_a_bad_part_of_a_complex_number_is_named():
    """Of two parts one is wrong."""
    with pytest.raises(MetadataError, match=r"fill_value\[1\] must be a number"):
        parse([0, None], "complex128")


def test_a_bare_nan_is_the_usual_nan():
    """The JSON reader has let it pass with a warning."""
    assert bits(parse(math.nan, "float32")) == "7fc00000"
    assert bits(parse(-math.inf, "float32")) == "ff800000"


@pytest.mark.parametrize(
    ("name", "document", "value"),
    [
        ("bool", 0, False), ("bool", 1, True), ("bool", 1.0, True),
        ("int32", 3.0, 3), ("uint8", False, 0), ("float32", True, 1.0),
        ("complex64", 2, 2 + 0j), ("complex64", "NaN", complex(math.nan, 0)),
    ],
)  # fmt: skip
def test_what_v2_writers_leave_behind_is_read_when_asked(name, document, value):
    """A number of another JSON kind, but of an exact value."""
    np.testing.assert_equal(parse(document, name, tolerant=True).item(), value)


@pytest.mark.parametrize(("name", "document"), [("bool", 2), ("int32", 3.5), ("int32", "3")])
def test_tolerance_does_not_change_values(name, document):
    """Where a value would be lost it stays an error."""
    with pytest.raises(MetadataError):
        parse(document, name, tolerant=True)


@pytest.mark.parametrize("name", ["bool", "int8", "uint64", "float16", "float64", "complex64"])
def test_the_default_is_zero(name):
    """Of the right type."""
    value = fill.default(dtypes.from_v3(name))

    assert value == 0
    assert value.dtype == dtypes.from_v3(name).numpy


def test_identical_is_of_bits():
    """-0.0 is not 0.0, and a NaN is itself, but not another NaN."""
    assert not fill.identical(np.float32(0.0), np.float32(-0.0))
    assert fill.identical(np.float32("nan"), np.float32("nan"))
    assert not fill.identical(parse("NaN", "float32"), parse("0x7fc00001", "float32"))
    assert not fill.identical(np.int32(0), np.uint32(0))


@pytest.mark.parametrize(
    ("name", "given", "value"),
    [
        ("float32", None, 0.0),
        ("float32", np.float64(0.5), 0.5),
        ("float32", np.array(2.0), 2.0),
        ("float32", fractions.Fraction(1, 2), 0.5),
        ("float32", decimal.Decimal("0.25"), 0.25),
        ("float32", "Infinity", math.inf),
        ("float64", np.longdouble(0.5), 0.5),
        ("int16", np.int64(7), 7),
        ("int16", 7.0, 7),
        ("bool", np.bool_(True), True),
        ("complex64", 1 + 2j, 1 + 2j),
        ("complex64", (1, 2), 1 + 2j),
        ("complex128", np.complex64(1j), 1j),
    ],
)
def test_a_program_may_give_any_scalar(name, given, value):
    """Python's, NumPy's, or the JSON form; None is the default."""
    found = fill.coerce(given, dtypes.from_v3(name))

    assert found == value
    assert found.dtype == dtypes.from_v3(name).numpy


def test_a_scalar_of_the_type_keeps_its_bits():
    """A NaN with a payload is not rewritten on its way in."""
    value = parse("0x7fa00001", "float32")

    assert fill.identical(fill.coerce(value, dtypes.from_v3("float32")), value)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("uint8", 300), ("uint8", -1), ("int8", 0.5), ("int8", math.nan), ("float32", 1e300),
        ("float32", object()), ("float32", "zero"), ("int8", np.datetime64("2020-01-01")),
        ("float32", np.str_("x")), ("float32", 1j), ("float32", np.array([1.0, 2.0])),
    ],
)  # fmt: skip
def test_a_scalar_that_the_type_cannot_hold_is_refused(name, given):
    """Nothing wraps around, and nothing is rounded to an integer."""
    with pytest.raises(MetadataError, match=r"^fill_value must be "):
        fill.coerce(given, dtypes.from_v3(name))

"""Tests of `zarrpy.codecs.cast_value`, `rounding` and `scale_offset`."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.cast_value import CastValue
from zarrpy.codecs.rounding import ROUNDINGS, MisfitError, convert
from zarrpy.codecs.scale_offset import ScaleOffset
from zarrpy.errors import CodecError, CorruptChunkError, MetadataError
from zarrpy.testing.codec_contract import ArrayToArrayContract


class TestCastValue(ArrayToArrayContract):
    codecs = (
        CastValue("float64"),
        CastValue("int16", "towards-zero"),
        CastValue("uint8", out_of_range="clamp"),
        CastValue("int64", scalar_map={"encode": [[0, 7]], "decode": [[7, 0]]}),
    )
    dtypes = ("i4", "u2", "f4")
    lossy = True


class TestScaleOffset(ArrayToArrayContract):
    codecs = (ScaleOffset(), ScaleOffset(3, 2))
    dtypes = ("i4", "i8", "f4", "f8")


EXACTLY = {
    "nearest-even": round,
    "towards-zero": math.trunc,
    "towards-positive": math.ceil,
    "towards-negative": math.floor,
    "nearest-away": lambda x: math.trunc(abs(x) + Fraction(1, 2)) * (1 if x > 0 else -1),
}


@pytest.mark.parametrize("rounding", ROUNDINGS)
@given(value=st.floats(-1e15, 1e15) | st.integers(-50, 50).map(lambda n: n / 2))
def test_floats_are_rounded_to_integers_as_asked(rounding, value):
    """As exact arithmetic has it."""
    wanted = EXACTLY[rounding](Fraction(value))

    assert convert(np.array(value), np.dtype("i8"), rounding, None).item() == wanted


@pytest.mark.parametrize("rounding", ROUNDINGS)
@given(value=st.floats(-1e30, 1e30) | st.integers(-(2**63), 2**63 - 1))
def test_numbers_are_rounded_to_narrower_floats_as_asked(rounding, value):
    """The result is the right one of the two neighbours."""
    found = convert(np.array(value), np.dtype("f4"), rounding, None)[()]
    exact, got = Fraction(value), Fraction(float(found))
    below = Fraction(float(np.nextafter(found, np.float32(-np.inf))))
    above = Fraction(float(np.nextafter(found, np.float32(np.inf))))

    if rounding.startswith("nearest"):
        assert abs(got - exact) <= min(abs(below - exact), abs(above - exact))
    if rounding == "nearest-away" and abs(got - exact) in (abs(below - exact), abs(above - exact)):
        assert got == exact or abs(got) > abs(exact)
    if rounding == "towards-positive" or (rounding == "towards-zero" and value < 0):
        assert below < exact <= got
    if rounding == "towards-negative" or (rounding == "towards-zero" and value > 0):
        assert got <= exact < above


@pytest.mark.parametrize("target", ["i1", "u1", "i4", "u4", "i8", "u8"])
@given(value=st.integers(-(2**63), 2**64 - 1) | st.floats(-1e25, 1e25))
def test_what_does_not_fit_is_refused_clamped_or_wrapped(target, value):
    """Range and modulus are those of the type."""
    dtype, limits = np.dtype(target), np.iinfo(target)
    array = np.array(value, "u8" if isinstance(value, int) and value > 2**63 - 1 else None)
    whole = round(value)
    fits = limits.min <= whole <= limits.max

    clamped = convert(array, dtype, "nearest-even", "clamp").item()
    wrapped = convert(array, dtype, "nearest-even", "wrap").item()

    assert clamped == min(max(whole, limits.min), limits.max)
    assert (wrapped - whole) % 2 ** (8 * dtype.itemsize) == 0
    assert limits.min <= wrapped <= limits.max
    if fits:
        assert convert(array, dtype, "nearest-even", None).item() == whole
    else:
        with pytest.raises(MisfitError, match=f"does not fit {dtype}"):
            convert(array, dtype, "nearest-even", None)


def test_infinities_are_clamped_and_never_wrapped():
    """They are outside of every range of integers."""
    array = np.array([np.inf, -np.inf])

    assert convert(array, np.dtype("i2"), "nearest-even", "clamp").tolist() == [32767, -32768]
    with pytest.raises(MisfitError):
        convert(array, np.dtype("i2"), "nearest-even", "wrap")


@pytest.mark.parametrize("out_of_range", [None, "clamp", "wrap"])
def test_nan_fits_no_integer_unless_it_is_mapped(out_of_range):
    """Whatever else is asked."""
    array = np.array([1.0, np.nan])

    with pytest.raises(CodecError, match=r"nan does not fit int16 -> set out_of_range, or map"):
        CastValue("int16", out_of_range=out_of_range).encode(array)

    codec = CastValue("int16", scalar_map={"encode": [["NaN", -1]], "decode": [[-1, "NaN"]]})
    encoded = codec.encode(array)
    assert encoded.tolist() == [1, -1]
    decoded = codec.decode(encoded, ChunkSpec((2,), np.dtype("f8"), None))
    assert decoded[0] == 1
    assert np.isnan(decoded[1])


def test_too_large_a_float_is_refused_or_clamped():
    """Infinity itself has a place in every float."""
    array = np.array([1e39, -1e39, np.inf])

    with pytest.raises(CodecError, match="does not fit float32"):
        CastValue("float32").encode(array)
    most = np.finfo("f4").max
    assert CastValue("float32", out_of_range="clamp").encode(array).tolist() == [
        most,
        -most,
        np.inf,
    ]


def test_the_fill_value_must_come_back():
    """Otherwise absent chunks and stored ones would differ."""
    with pytest.raises(MetadataError, match=r"fill_value must come back as it is, but cast_value"):
        zarrpy.create_array(
            {}, shape=4, dtype="f8", fill_value=np.nan, filters=[CastValue("uint8")]
        )


def test_a_chain_of_scale_and_cast_stores_small_integers():
    """The modern form of fixedscaleoffset."""
    values = np.linspace(-10, 15, 200).round(1)
    chain = [ScaleOffset(offset=-10, scale=10), CastValue("uint8")]

    array = zarrpy.create_array({}, data=values, filters=chain, compressors=None, fill_value=0)

    assert np.allclose(array[...], values, atol=1e-12)
    stored = zarrpy.open(array.store)
    assert [codec.name for codec in stored.filters] == ["scale_offset", "cast_value"]


@pytest.mark.parametrize(
    ("configuration", "field"),
    [
        ({"data_type": "uint8", "more": 1}, "more"),
        ({}, "data_type"),
        ({"data_type": "string"}, "data_type"),
        ({"data_type": "complex64"}, "data_type"),
        ({"data_type": "uint8", "rounding": "up"}, "rounding"),
        ({"data_type": "uint8", "out_of_range": "ignore"}, "out_of_range"),
        ({"data_type": "float32", "out_of_range": "wrap"}, "out_of_range"),
        ({"data_type": "uint8", "scalar_map": {"both": []}}, "scalar_map"),
        ({"data_type": "uint8", "scalar_map": {"encode": [[1]]}}, "scalar_map.encode"),
    ],
)
def test_a_bad_configuration_of_cast_value_is_refused_by_name(configuration, field):
    """Unknown parameters may change what the bytes mean."""
    with pytest.raises(MetadataError) as caught:
        CastValue.from_config(configuration)

    assert field in str(caught.value)


def test_scaled_integers_that_overflow_are_refused():
    """In the data type of the elements, step by step."""
    with pytest.raises(CodecError, match=r"\(100 - 0\) \* 2 does not fit int8"):
        ScaleOffset(0, 2).encode(np.array([100], "i1"))
    with pytest.raises(CodecError, match="does not fit float32"):
        ScaleOffset(0, 1e38).encode(np.array([100], "f4"))


def test_a_stored_value_that_no_integer_gives_is_damage():
    """7 is no multiple of 2."""
    with pytest.raises(CorruptChunkError, match="no multiple of 2"):
        ScaleOffset(0, 2).decode(np.array([7], "i1"), ChunkSpec((1,), np.dtype("i1"), None))


@pytest.mark.parametrize("configuration", [{"scale": 0}, {"offset": 0.5}, {"scale": "Infinity"}])
def test_scalars_must_be_elements_of_the_data_type(configuration):
    """And a scale of 0 could not be undone."""
    with pytest.raises(MetadataError, match=r"scale_offset\."):
        ScaleOffset.from_config(configuration, spec=ChunkSpec((1,), np.dtype("i4"), None))

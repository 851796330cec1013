"""Tests of `zarrpy.codecs.astype`, `fixedscaleoffset` and `quantize`."""

import numcodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import zarrpy
from tests.unit.codecs.judged import judge
from zarrpy.codecs.astype import AsType
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.fixedscaleoffset import FixedScaleOffset
from zarrpy.codecs.quantize import Quantize
from zarrpy.errors import CodecError, MetadataError
from zarrpy.testing.codec_contract import ArrayToArrayContract

NUMBERS = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f4", "f8")


class TestAsType(ArrayToArrayContract):
    codecs = (AsType("<i2", "<i4"), AsType(">f8", "<i4"))
    dtypes = ("i4",)


class TestFixedScaleOffset(ArrayToArrayContract):
    codecs = (
        FixedScaleOffset(0, 10, "<f8", "<i4"),
        FixedScaleOffset(1000.5, 0.25, ">f8", "|u1"),
        FixedScaleOffset(0, 1, "<f8"),
    )
    dtypes = ("f8",)
    lossy = True


class TestQuantize(ArrayToArrayContract):
    codecs = (Quantize(2, "<f4"), Quantize(-1, "<f4", "<f8"), Quantize(0, "<f4", "<f2"))
    dtypes = ("f4",)
    lossy = True


@pytest.mark.parametrize("memory", NUMBERS)
@pytest.mark.parametrize("stored", NUMBERS)
@settings(max_examples=10)
@given(data=st.data())
def test_astype_gives_the_bits_of_numcodecs(memory, stored, data):
    """Integers wrap around; floats lose their fraction or their precision."""
    elements = hnp.from_dtype(np.dtype(memory))
    if memory[0] == "f" and stored[0] != "f":  # beyond the range C leaves it open
        low, high = (0, 120) if stored[0] == "u" else (-120, 120)
        elements = st.floats(low, high, width=8 * int(memory[1]))
    array = data.draw(hnp.arrays(memory, st.integers(1, 50), elements=elements))

    native = judge(AsType(stored, memory), numcodecs.AsType(stored, memory), array)

    assert native


@pytest.mark.parametrize("stored", ["i1", "i2", "i4", "u1", "u2", "u4", "f4", "f8"])
@pytest.mark.parametrize("memory", ["f4", "f8"])
@given(data=st.data())
def test_fixedscaleoffset_gives_the_bits_of_numcodecs(memory, stored, data):
    """Each operation rounds once, in the type that NumPy works in."""
    offset = data.draw(st.sampled_from([0, 3, 0.1, -1.5, 1000]))
    scale = data.draw(st.sampled_from([1, 10, 0.1, 100.5]))
    reach = data.draw(st.floats(0, 0.5))
    values = np.linspace(0, reach, data.draw(st.integers(1, 40))) + (offset if offset > 0 else 0)
    ours = FixedScaleOffset(offset, scale, memory, stored)

    native = judge(
        ours, numcodecs.FixedScaleOffset(offset, scale, memory, stored), values.astype(memory)
    )

    assert native


@pytest.mark.parametrize("memory", ["i4", "u2", "f2"])
def test_fixedscaleoffset_of_other_types_runs_in_python(memory):
    """NumPy has rules of its own for them, which are left to it."""
    array = np.arange(0, 100, 7).astype(memory)

    native = judge(
        FixedScaleOffset(2, 3, memory, "i2"),
        numcodecs.FixedScaleOffset(2, 3, memory, "i2"),
        array,
    )

    assert not native


def test_nan_and_what_does_not_fit_become_the_same_number_natively():
    """Chunks at the edge of an array may be padded with such values."""
    array = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 300.0, -5.0])

    for stored in ("u1", "i2", "i4", "u4", "i8"):
        assert judge(
            FixedScaleOffset(0, 1, "f8", stored),
            numcodecs.FixedScaleOffset(0, 1, "f8", stored),
            array[:1] if stored == "u4" else array[:3] if stored == "i8" else array[:5],
        )


@pytest.mark.parametrize(("memory", "stored"), [("f4", "f4"), ("f8", "f8"), ("f8", "f4")])
@given(data=st.data())
def test_quantize_gives_the_bits_of_numcodecs(memory, stored, data):
    """Values become multiples of a power of two."""
    digits = data.draw(st.integers(-5, 12))
    array = data.draw(hnp.arrays(memory, st.integers(1, 50)))

    native = judge(
        Quantize(digits, memory, stored), numcodecs.Quantize(digits, memory, stored), array
    )

    assert native


def test_quantize_keeps_the_digits():
    """An error is below half a unit of the last place."""
    array = np.random.default_rng(0).normal(size=1000)

    encoded = Quantize(3, "f8").encode(array)

    assert np.abs(encoded - array).max() < 0.0005


@pytest.mark.parametrize(
    ("make", "parameter"),
    [
        (lambda: FixedScaleOffset(0, 0, "f4"), "scale"),
        (lambda: FixedScaleOffset(float("nan"), 1, "f4"), "offset"),
        (lambda: FixedScaleOffset(True, 1, "f4"), "offset"),
        (lambda: FixedScaleOffset(0, 1, "no type"), "dtype"),
        (lambda: Quantize(2, "i4"), "dtype"),
        (lambda: Quantize(2.5, "f4"), "digits"),
        (lambda: Quantize(1000, "f4"), "digits"),
        (lambda: AsType("S4", "f4"), "encode_dtype"),
        (lambda: AsType.from_config({"encode_dtype": "f4"}), "decode_dtype"),
        (lambda: FixedScaleOffset.from_config({"offset": 0, "dtype": "f4"}), "scale"),
        (lambda: Quantize.from_config({"dtype": "f4"}), "digits"),
    ],
)
def test_a_bad_parameter_is_refused_by_name(make, parameter):
    """Before anything is stored by it."""
    with pytest.raises(MetadataError) as caught:
        make()

    assert caught.value.field.endswith(f".{parameter}")


@pytest.mark.parametrize(
    "configuration",
    [
        (AsType, {"encode_dtype": "f4", "decode_dtype": "f8"}),
        (FixedScaleOffset, {"offset": 0, "scale": 1, "dtype": "f8"}),
        (Quantize, {"digits": 1, "dtype": "f8"}),
    ],
)
def test_elements_of_another_size_are_refused(configuration):
    """A filter looks at elements as its own type, which must be as long."""
    kind, parameters = configuration

    with pytest.raises(CodecError, match="is made for <f8"):
        kind.from_config(parameters, spec=ChunkSpec((4,), np.dtype("f4"), None))


@pytest.mark.parametrize("dtype", ["<f4", ">f4"])
@pytest.mark.parametrize("name", ["fixedscaleoffset", "bitround"])
def test_arrays_of_v2_in_either_byte_order_take_filters_of_numbers(name, dtype):
    """A number is one in every byte order."""
    scaled = {"offset": 0, "scale": 10, "dtype": dtype, "astype": "|i1"}
    given = {"id": name, **(scaled if name == "fixedscaleoffset" else {"keepbits": 3})}
    array = zarrpy.create_array(
        {}, data=np.array([0.5, 1.5], dtype), filters=[given], zarr_format=2
    )

    assert array[...].tolist() == [0.5, 1.5]

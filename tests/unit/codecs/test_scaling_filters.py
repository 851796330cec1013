"""Tests of `zarrpy.codecs.astype`, `fixedscaleoffset` and `quantize`."""

import warnings

import numcodecs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import zarrpy
from tests.unit.codecs.judged import assert_same_bits, judge
from zarrpy._native.steps import decode_step, encode_step
from zarrpy.codecs.astype import AsType
from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.fixedscaleoffset import FixedScaleOffset
from zarrpy.codecs.quantize import Quantize
from zarrpy.errors import CodecError, MetadataError
from zarrpy.stores import MemoryStore
from zarrpy.testing.codec_contract import ArrayToArrayContract

NUMBERS = ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "b1")


class TestAsType(ArrayToArrayContract):
    codecs = (AsType("<i2", "<i4"), AsType(">f8", "<i4"), AsType("<f2", "<i4"), AsType("c16", "i4"))
    dtypes = ("i4",)


class TestAsTypeOfFlags(ArrayToArrayContract):
    codecs = (AsType("<i2", "|b1"), AsType(">f2", "|b1"), AsType("|b1", "|b1"))
    dtypes = ("b1",)


class TestAsTypeOfComplexNumbers(ArrayToArrayContract):
    codecs = (AsType("<c8", "<c16"), AsType("<f8", "<c16"), AsType("|b1", "<c16"))
    dtypes = ("c16",)
    lossy = True


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
    array = data.draw(hnp.arrays(memory, st.integers(1, 50), elements=numbers(memory, stored)))

    native = judge(AsType(stored, memory), numcodecs.AsType(stored, memory), array)

    assert native


def numbers(memory, stored):
    """Draw what fits: of a float beyond an integer's range C leaves it open what it becomes."""
    if memory[0] == "f" and stored[0] in "iu":
        low, high = (0, 120) if stored[0] == "u" else (-120, 120)
        return st.floats(low, high, width=8 * int(memory[1]))
    if memory[0] in "iu" and stored == "f2":
        most = min(60_000, np.iinfo(memory).max)
        return st.integers(max(-60_000, np.iinfo(memory).min), most)
    return hnp.from_dtype(np.dtype(memory))


def converted(memory, stored, array):
    """Convert there and back by the native form."""
    step = AsType(stored, memory).step(ChunkSpec(array.shape, array.dtype, None))
    encoded = encode_step(step, array.tobytes())
    return encoded, decode_step(step, encoded, array.nbytes)


HALVES = np.arange(1 << 16, dtype="u2").view("f2")


@pytest.mark.parametrize("wide", ["f4", "f8"])
def test_every_half_becomes_what_numpy_makes_of_it(wide):
    """Also those without a leading 1, infinities and NaN."""
    encoded, decoded = converted("f2", wide, HALVES)

    assert_same_bits(encoded, HALVES.astype(wide).tobytes(), np.dtype(wide))
    assert_same_bits(decoded, HALVES.tobytes(), np.dtype("f2"))


@pytest.mark.parametrize("wide", ["f4", "f8"])
def test_floats_are_rounded_to_the_nearest_half(wide):
    """Between any two neighbours: at the middle, which is a tie, and beside it."""
    finite = np.sort(HALVES[np.isfinite(HALVES)]).astype(wide)
    middle = (finite[1:] + finite[:-1]) / 2
    large = np.array([65504, 65519.9, 65520, 65536, 1e30, np.inf, np.nan, 1e-40], wide)
    values = np.concatenate(
        [middle, np.nextafter(middle, -np.inf), np.nextafter(middle, np.inf), large, -large]
    ).astype(wide)

    encoded, _ = converted(wide, "f2", values)

    with np.errstate(over="ignore"):
        assert_same_bits(encoded, values.astype("f2").tobytes(), np.dtype("f2"))


@pytest.mark.parametrize(
    ("memory", "stored", "values"),
    [
        ("c16", "f4", [1 + 2j, -3.5 + 0j]),
        ("c8", "i2", [1 + 2j, -3 + 0j]),
        ("c8", "c16", [1 + 2j, complex("nan")]),
        ("c16", "b1", [0j, 1j, 2 + 0j]),
        ("f8", "c8", [1.5, -0.0]),
        ("b1", "c8", [True, False]),
    ],
)
def test_complex_numbers_are_converted_in_python(memory, stored, values):
    """As numcodecs does, which warns of the parts that go."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        native = judge(
            AsType(stored, memory), numcodecs.AsType(stored, memory), np.array(values, memory)
        )

    assert not native


def test_flags_that_are_neither_0_nor_1_are_true():
    """A byte of another writer may hold anything; as flags it stays what it is."""
    odd = np.array([0, 1, 2, 255], "u1").view("b1")

    encoded, _ = converted("b1", "i4", odd)
    kept, _ = converted("b1", "b1", odd)

    assert np.frombuffer(encoded, "i4").tolist() == [0, 1, 1, 1]
    assert kept == odd.tobytes()


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


INTEGERS = NUMBERS[:8]


@pytest.mark.parametrize("stored", ["i1", "u2", "i4", "i8", "f4", "f8"])
@pytest.mark.parametrize("memory", INTEGERS)
@given(data=st.data())
def test_fixedscaleoffset_of_integers_wraps_around_as_numcodecs_does(memory, stored, data):
    """As long as no parameter is written with a point."""
    offset, scale = data.draw(st.sampled_from([0, 3, 100])), data.draw(st.sampled_from([1, 7, 100]))
    array = data.draw(hnp.arrays(memory, st.integers(1, 600)))
    codec = FixedScaleOffset(offset, scale, memory, stored)
    step = codec.step(ChunkSpec(array.shape, array.dtype, None))

    wanted = numcodecs.FixedScaleOffset(offset, scale, memory, stored).encode(array).tobytes()

    assert codec.encode(array).tobytes() == wanted
    assert encode_step(step, array.tobytes()) == wanted


@pytest.mark.parametrize("stored", ["i1", "u2", "i4", "i8", "f4", "f8"])
@pytest.mark.parametrize("memory", INTEGERS)
@pytest.mark.parametrize(
    ("offset", "scale"), [(3, 7.0), (100, 0.25), (3.0, 7), (0.5, 7.0), (99.5, 1), (0, 1)]
)
def test_fixedscaleoffset_of_integers_gives_the_bits_of_numcodecs(memory, stored, offset, scale):
    """In floats from the first parameter on that is written with a point, and back."""
    array = (np.arange(10) + np.ceil(offset)).astype(memory)

    native = judge(
        FixedScaleOffset(offset, scale, memory, stored),
        numcodecs.FixedScaleOffset(offset, scale, memory, stored),
        array,
    )

    assert native


@pytest.mark.parametrize(("memory", "stored"), [("f2", "i2"), ("f4", "f2"), ("i4", "f2")])
def test_fixedscaleoffset_of_halves_runs_in_python(memory, stored):
    """NumPy has rules of its own for them, which are left to it."""
    array = np.arange(0, 100, 7).astype(memory)
    ours = FixedScaleOffset(2, 3, memory, stored)

    native = judge(ours, numcodecs.FixedScaleOffset(2, 3, memory, stored), array)

    assert not native


@pytest.mark.parametrize(("offset", "scale"), [(300, 1), (-1, 1), (0, 300)])
def test_a_whole_parameter_that_the_elements_cannot_be_is_refused(offset, scale):
    """As NumPy refuses it; the engine would wrap it around."""
    codec = FixedScaleOffset(offset, scale, "u1")

    assert codec.step(ChunkSpec((3,), np.dtype("u1"), None)) is None
    with pytest.raises(OverflowError):
        codec.encode(np.zeros(3, "u1"))


def test_nan_and_what_does_not_fit_become_the_same_number_natively():
    """Chunks at the edge of an array may be padded with such values."""
    array = np.array([np.nan, np.inf, -np.inf, 1e30, -1e30, 300.0, -5.0])

    for stored in ("u1", "i2", "i4", "u4", "i8"):
        assert judge(
            FixedScaleOffset(0, 1, "f8", stored),
            numcodecs.FixedScaleOffset(0, 1, "f8", stored),
            array[:1] if stored == "u4" else array[:3] if stored == "i8" else array[:5],
        )


@pytest.mark.parametrize(
    ("memory", "stored"), [("f4", "f4"), ("f8", "f8"), ("f8", "f4"), ("f4", "f2"), ("f8", "f2")]
)
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


def astype(memory, stored):
    return {"id": "astype", "encode_dtype": stored, "decode_dtype": memory}


WHOLE = {"id": "fixedscaleoffset", "offset": 3, "scale": 7, "dtype": "<u2", "astype": "<i4"}


@pytest.mark.parametrize(
    ("dtype", "given"),
    [
        ("|b1", astype("|b1", "<f2")),
        ("<f8", astype("<f8", "<f2")),
        (">f8", astype(">f8", ">f2")),
        (">i4", astype(">i4", "|i1")),
        (">f2", astype(">f2", ">u4")),
        ("<u2", WHOLE),
        ("<f4", {"id": "quantize", "digits": 1, "dtype": "<f4", "astype": "<f2"}),
    ],
)  # fmt: skip
def test_chunks_are_the_same_natively_and_in_python(contents, dtype, given):
    """In either byte order, also at the edge of an array."""
    values = (np.arange(70).reshape(7, 10) % 2 + 3 * (dtype != "|b1")).astype(dtype)
    stored = []
    for disable in (frozenset(), frozenset(["native"])):
        store = MemoryStore()
        with zarrpy.config.set(disable=disable):
            array = zarrpy.create_array(
                store, data=values, chunks=(4, 3), filters=[given], compressors=None,
                zarr_format=2, fill_value=0,
            )  # fmt: skip
            assert array[...].tolist() == values.tolist()
            assert array[::-2, 1].tolist() == values[::-2, 1].tolist()
        stored.append(contents(store))

    assert array.codecs.native
    assert stored[0] == stored[1]

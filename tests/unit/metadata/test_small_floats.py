"""Tests of `zarrpy.metadata.small_floats`; the oracle is ml_dtypes."""

import math
from itertools import pairwise

import numpy as np
import pytest

from zarrpy.metadata.small_floats import FORMATS

BITS = {
    "bfloat16": 16,
    **{name: int(name[5]) for name in FORMATS if name.startswith("float")},
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_has_the_bits_of_its_name(name):
    """Sign, exponent and mantissa together."""
    assert FORMATS[name].bits == BITS[name]


@pytest.mark.parametrize("name", FORMATS)
def test_the_number_of_a_pattern_leads_back_to_it(name):
    """All of them, but for the many NaNs of some formats."""
    kind = FORMATS[name]

    for pattern in range(1 << kind.bits):
        number = kind.number(pattern)
        assert kind.nearest(number) == (kind.nan if math.isnan(number) else pattern)


@pytest.mark.parametrize("name", FORMATS)
def test_every_pattern_is_the_number_that_ml_dtypes_says(name):
    """Signed zeros and infinities included."""
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="needs ml_dtypes: pip install ml_dtypes")
    kind = FORMATS[name]
    patterns = np.arange(1 << kind.bits, dtype="u2" if kind.bits > 8 else "u1")

    ours = np.array([kind.number(int(pattern)) for pattern in patterns])
    with np.errstate(invalid="ignore"):  # signalling NaNs
        theirs = patterns.view(getattr(ml_dtypes, name)).astype("f8")

    np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(np.signbit(ours)[ours == 0], np.signbit(theirs)[ours == 0])


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "float8_e8m0fnu"])
def test_a_number_is_rounded_as_ml_dtypes_rounds(name):
    """To the nearest, and midway to the even pattern."""
    ml_dtypes = pytest.importorskip("ml_dtypes", reason="needs ml_dtypes: pip install ml_dtypes")
    kind = FORMATS[name]
    finite = sorted({n for p in range(1 << kind.bits) if math.isfinite(n := kind.number(p))})
    # ml_dtypes rounds to float32 first, so that only its neighbours tell something.
    middles = np.array([(a + b) / 2 for a, b in pairwise(finite)], "f4")
    some = middles[:: max(1, len(middles) // 500)]
    above, below = (np.nextafter(some, np.float32(end)) for end in (np.inf, -np.inf))
    numbers = np.concatenate([middles, above, below])

    ours = [kind.nearest(float(number)) for number in numbers]

    theirs = numbers.astype(getattr(ml_dtypes, name)).view("u2" if kind.bits > 8 else "u1")
    assert ours == theirs.tolist()


@pytest.mark.parametrize(
    ("name", "number", "pattern"),
    [
        ("float8_e4m3fn", 448, 0x7E), ("float8_e4m3fn", 464, 0x7E), ("float8_e4m3fn", 465, None),
        ("float8_e5m2", 61439, 0x7B), ("float8_e5m2", 61440, None), ("float8_e5m2", math.inf, 0x7C),
        ("float4_e2m1fn", 6.5, 7), ("float4_e2m1fn", 7.5, None), ("float4_e2m1fn", math.inf, None),
        ("float4_e2m1fn", math.nan, None), ("float4_e2m1fn", -0.0, 8),
        ("float8_e4m3fnuz", -0.0, 0), ("float8_e4m3fnuz", math.nan, 0x80),
        ("float8_e8m0fnu", 0.0, None), ("float8_e8m0fnu", -1.0, None), ("float8_e8m0fnu", 1.0, 127),
        ("float8_e8m0fnu", 1.4, 127), ("float8_e8m0fnu", 1.6, 128),
        ("bfloat16", -math.inf, 0xFF80), ("bfloat16", 3.4e38, None), ("bfloat16", 1.0, 0x3F80),
    ],
)  # fmt: skip
def test_the_ends_of_a_format(name, number, pattern):
    """What is beyond the largest number, or has no pattern at all, has none here."""
    assert FORMATS[name].nearest(number) == pattern

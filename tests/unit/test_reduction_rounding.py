"""Tests of what rounding does to sums and deviations."""

import numpy as np
import pytest

import zarrpy
from tests.unit.streams import small_blocks
from zarrpy.engine import reduce


@pytest.mark.parametrize("dtype", ["f2", "f4", "c8"])
def test_floats_are_added_up_in_64_bits(body, dtype):
    """A million tenths lose nothing on the way; NumPy's own sum of 16 bits is useless here."""
    values = np.full(1 << 16 if dtype == "f2" else 1 << 20, 0.1, dtype)
    values[::2] *= 0.25
    array = zarrpy.create_array({}, data=values, chunks=5000)
    exact = values.astype("c16" if dtype == "c8" else "f8")

    assert array.sum() == exact.sum().astype(dtype)
    assert array.mean() == exact.mean().astype(dtype)
    assert array.sum(dtype="f8" if dtype != "c8" else "c16") == pytest.approx(
        exact.sum(), rel=1e-15
    )


def test_rounding_does_not_add_up_over_blocks(body):
    """A large number that comes and goes takes no small ones with it."""
    values = np.full(1 << 16, 1e-3)
    values[0], values[-1] = 1e16, -1e16
    array = zarrpy.create_array({}, data=values, chunks=1 << 10)

    with small_blocks(1 << 13):
        assert array.sum() == pytest.approx((values.size - 2) * 1e-3, rel=0.02)


@pytest.mark.parametrize("rows", [1, 2, 3, 4, 5, 8, 11])
def test_deviations_are_those_of_the_numbers_however_far_from_zero(body, rows):
    """Whether they are large, or one of them lies far off; equal ones have none."""
    random = np.random.default_rng(rows)
    far = 1e8 + random.normal(size=(rows, 40))
    off = random.normal(size=(rows, 40))
    off[0] = 1e9
    for values in (far, off, np.full((rows, 40), -(2.0**660))):
        array = zarrpy.create_array({}, data=values, chunks=(4, 20))

        found = array.std(axis=0)

        exact = values.astype("longdouble").std(axis=0).astype("f8")
        np.testing.assert_allclose(found, exact, rtol=1e-6, atol=0)


@pytest.mark.parametrize("dtype", ["f8", "c16"])
@pytest.mark.parametrize("name", ["sum", "var"])
def test_parts_are_put_together_as_by_numpy(name, dtype):
    """To the last bit, with infinities and what is no number among them, and signs of zero."""
    random = np.random.default_rng(7)
    values = (random.normal(size=(9, 50)) * 10.0 ** random.integers(-9, 9, (9, 50))).astype(dtype)
    values[3, :4] = np.inf, -np.inf, np.nan, 0
    values[:, 5] = -0.0

    def merged(disable):
        reducer = (
            reduce.Sum((0,), np.dtype(dtype), counting=False)
            if name == "sum"
            else reduce.Moments((0,), np.dtype(dtype), 0)
        )
        with zarrpy.config.set(disable=()):
            states = [reducer.fold(None, values[i : i + 3], None) for i in (0, 3, 6)]
        with zarrpy.config.set(disable=disable):
            state = None
            for each in states:
                state = reducer.merge(state, each)
            return reducer.finish(state)[0]

    native, twin = merged(()), merged(("native",))
    np.testing.assert_array_equal(native.view("u8"), twin.view("u8"))

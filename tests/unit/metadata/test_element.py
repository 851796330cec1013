"""Tests of `zarrpy.metadata.element`."""

import numpy as np
import pytest

from zarrpy.metadata import element


@pytest.mark.parametrize(
    ("dtype", "size"),
    [
        ("u1", 0), ("?", 0), ("S9", 0), ("V9", 0), ("i4", 4), ("f2", 2), ("c16", 8), ("M8[s]", 8),
        ("m8[ns]", 8), ("U3", 4), ([("a", "i4"), ("b", "f4", (2, 2))], 4), ([("a", "S3")], 0),
        ([("a", "i4"), ("b", "i8")], None), ([("a", "i4"), ("b", "u1")], None),
        ([("a", "i8"), ("b", [("c", "M8[D]")])], 8),
    ],
)  # fmt: skip
def test_a_byte_order_reverses_the_units_of_an_element(dtype, size):
    """Characters, parts of complex numbers, fields: None where they differ in size."""
    assert element.swap_size(np.dtype(dtype)) == size


@pytest.mark.parametrize(
    ("dtype", "order"),
    [
        (">i4", ">"), ("<U3", "<"), ("S3", "|"), ("V3", "|"), ([("a", ">i4"), ("b", "S3")], ">"),
        ([("a", ">i4"), ("b", "<i4")], None), ([("a", ">i4"), ("b", [("c", "<f8")])], None),
    ],
)  # fmt: skip
def test_an_element_has_one_byte_order_or_none_or_two(dtype, order):
    """Single bytes have none."""
    assert element.order(np.dtype(dtype)) == order


@pytest.mark.parametrize(
    "dtype",
    [
        "u1", "i2", "f4", "c8", "c16", "M8[s]", "U3", "S3", "V5", [("a", "i4"), ("b", "f8")],
        [("a", "i2", (2, 2)), ("b", [("c", "U2"), ("d", "S3")], (2,)), ("e", "c16")],
    ],
)  # fmt: skip
def test_swapping_is_what_numpy_does(dtype):
    """To every field and every part, whatever the strides."""
    array = np.zeros((4, 6), dtype)
    array.view("u1")[...] = (np.arange(array.nbytes) % 251).reshape(4, -1)
    array.view("u1").reshape(4, 6, -1)[..., ::4] %= 16

    found = element.swapped(array[::2, ::-1])

    raw = np.ascontiguousarray(array[::2, ::-1]).reshape(-1).view("u1")
    expected = raw.view(array.dtype.newbyteorder()).astype(array.dtype).reshape(2, 6)
    assert found.dtype == array.dtype
    if "U" not in str(array.dtype):  # NumPy looks at characters, and these are none
        assert found.tobytes() == expected.tobytes()
    assert element.swapped(found).tobytes() == array[::2, ::-1].tobytes()


def test_swapping_leaves_shape_and_emptiness():
    """0-d and empty arrays too."""
    assert element.swapped(np.array(1, "i4")).shape == ()
    assert element.swapped(np.zeros((0, 3), [("a", "i4"), ("b", "i8")])).shape == (0, 3)

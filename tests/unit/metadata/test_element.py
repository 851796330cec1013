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

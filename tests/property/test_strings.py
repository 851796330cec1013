"""Texts and bytes of any kind, shape and chunks; NumPy is the oracle."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import zarrpy

ELEMENTS = {str: st.text(max_size=30), bytes: st.binary(max_size=30)}


@st.composite
def arrays(draw, dtype):
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=6))
    count = int(np.prod(shape))
    elements = draw(st.lists(ELEMENTS[dtype], min_size=count, max_size=count))
    array = np.empty(count, np.dtypes.StringDType() if dtype is str else object)
    for i, each in enumerate(elements):
        array[i] = each
    return array.reshape(shape)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("dtype", [str, bytes])
@given(data=st.data())
def test_what_is_written_is_read(dtype, zarr_format, data):
    """Whole and in parts, after a part was replaced, natively and in Python."""
    values = data.draw(arrays(dtype))
    chunks = tuple(data.draw(st.integers(1, 4)) for _ in values.shape)
    fill = data.draw(ELEMENTS[dtype])
    disable = frozenset(data.draw(st.sampled_from([(), ("native",)])))
    key = data.draw(hnp.basic_indices(values.shape, allow_newaxis=True, allow_ellipsis=True))
    other = data.draw(ELEMENTS[dtype])

    with zarrpy.config.set(disable=disable):
        array = zarrpy.create_array(
            {}, data=values, dtype=dtype, chunks=chunks, fill_value=fill, zarr_format=zarr_format
        )
        whole, part = array[...], array[key]
        expected = values.copy()
        expected[key] = other
        array[key] = other

    assert whole.tolist() == values.tolist()
    assert np.asarray(part, values.dtype).tolist() == np.asarray(values[key], values.dtype).tolist()
    assert zarrpy.open(array.store)[...].tolist() == expected.tolist()

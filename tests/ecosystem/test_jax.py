"""Arrays of JAX, made of what is stored, and stored."""

import numpy as np
import pytest

import zarrpy

jax = pytest.importorskip("jax", reason="needs JAX: pip install jax (130 MB)")

VALUES = np.arange(24).reshape(6, 4)


def stored(store, dtype="f8"):
    """An array of some elements."""
    return zarrpy.create_array(store, data=VALUES.astype(dtype), chunks=(2, 3))


@pytest.mark.parametrize("dtype", ["bool", "i1", "i4", "u1", "f2", "f4", "c8"])
def test_an_array_becomes_one_of_jax(store, dtype):
    """By DLPack, and by NumPy."""
    array = stored(store, dtype)

    for made in (jax.dlpack.from_dlpack(array), jax.numpy.asarray(array[...])):
        assert made.dtype == array.dtype
        np.testing.assert_array_equal(np.asarray(made), VALUES.astype(dtype))


def test_arrays_of_jax_are_written_and_not_read_into(store):
    """They cannot be changed."""
    array = stored(store, "f4")

    array[:2] = jax.numpy.ones((2, 4))
    with pytest.raises(ValueError, match="read-only"):
        array.read(out=jax.numpy.zeros((6, 4)))

    assert array[:3].tolist() == [[1] * 4, [1] * 4, [8, 9, 10, 11]]

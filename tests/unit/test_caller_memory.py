"""Tests of reading into memory of the caller's."""

import array as arrays
import mmap
import tracemalloc
import warnings

import numpy as np
import pytest

import zarrpy
from zarrpy.errors import ShapeMismatchError

VALUES = np.arange(24, dtype="i4").reshape(4, 6)


@pytest.fixture
def array(store):
    """Four rows and six columns in six chunks."""
    return zarrpy.create_array(store, data=VALUES, chunks=(2, 2))


LAYOUTS = {
    "F order": lambda: np.zeros((4, 6), "i4", order="F"),
    "negative strides": lambda: np.zeros((4, 6), "i4")[::-1, ::-1],
    "every other": lambda: np.zeros((8, 18), "i4")[::2, ::3],
    "inside structures": lambda: np.zeros((4, 6), [("a", "i1"), ("b", "i4")])["b"],
    "a subclass": lambda: np.zeros((4, 6), "i4").view(np.ma.MaskedArray),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_memory_may_have_any_strides(array, body, layout):
    """Nothing but the selected elements is touched."""
    out = LAYOUTS[layout]()
    base = out if out.base is None else out.base

    assert array.read(out=out) is out

    assert np.array_equal(out, VALUES)
    assert np.count_nonzero(base) == np.count_nonzero(out) or base.dtype.names


BUFFERS = {
    "bytearray": lambda: bytearray(96),
    "memoryview": lambda: memoryview(bytearray(96)),
    "memoryview with a type": lambda: memoryview(bytearray(96)).cast("i", (4, 6)),
    "mmap": lambda: mmap.mmap(-1, 96),
    "array.array": lambda: arrays.array("B", bytes(96)),
}


@pytest.mark.parametrize("kind", BUFFERS)
def test_any_buffer_is_memory(array, body, kind):
    """Plain bytes, as many as the selection has, in C order; or with a type and a shape."""
    out = BUFFERS[kind]()

    result = array.read(out=out)

    assert bytes(out) == VALUES.tobytes()
    assert np.array_equal(result, VALUES)
    del result


def test_a_typed_buffer_of_the_right_shape_is_memory(array):
    """Such as `array.array` has."""
    out = arrays.array("i", bytes(24))

    array.read(1, out=out)

    assert out.tolist() == VALUES[1].tolist()


def test_bytes_of_an_array_of_bytes_are_its_elements():
    """They are not reinterpreted."""
    array = zarrpy.create_array({}, data=np.arange(6, dtype="u1"))
    out = bytearray(6)

    array.read(out=out)

    assert out == bytes(range(6))


REFUSED = {
    "another shape": (lambda: np.zeros((6, 4), "i4"), ShapeMismatchError, r"\(6, 4\).*\(4, 6\)"),
    "one that broadcasts": (lambda: np.zeros((1, 4, 6), "i4"), ShapeMismatchError, "shape"),
    "one row again and again": (
        lambda: np.broadcast_to(np.zeros(6, "i4"), (4, 6)),
        ValueError,
        "read-only",
    ),
    "memory over itself": (
        lambda: np.lib.stride_tricks.as_strided(np.zeros(9, "i4"), (4, 6), (4, 4)),
        ValueError,
        "over each other",
    ),
    "another type": (lambda: np.zeros((4, 6), "i8"), TypeError, "int64.*int32"),
    "another byte order": (lambda: np.zeros((4, 6), ">i4"), TypeError, ">i4.*int32"),
    "read-only bytes": (lambda: bytes(96), ValueError, "read-only"),
    "too few bytes": (lambda: bytearray(95), ShapeMismatchError, r"\(95,\).*\(4, 6\)"),
    "a list": (lambda: [[0] * 6] * 4, TypeError, "list"),
    "a stored array": (
        lambda: zarrpy.create_array({}, shape=(4, 6), dtype="i4"),
        TypeError,
        "no memory of its own",
    ),
}


READERS = {
    "read": lambda array, out: array.read(out=out),
    "a view": lambda array, out: array.lazy.read(out=out),
    "zarr-python's name": lambda array, out: array.get_basic_selection(out=out),
}


@pytest.mark.parametrize("kind", REFUSED)
@pytest.mark.parametrize("reader", READERS)
def test_memory_that_does_not_fit_is_refused(kind, reader):
    """Whoever reads; it says of which array, what it has and what was needed."""
    array = zarrpy.create_array({}, name="run/t", data=VALUES, chunks=(2, 2))
    make, error, match = REFUSED[kind]
    out = make()

    with pytest.raises(error, match=rf"'/run/t': out .*{match}"):
        READERS[reader](array, out)


@pytest.mark.parametrize(
    "key", [..., np.s_[::-1, 5:], np.s_[[5, 3, 900]]], ids=["all", "cut", "rows"]
)
def test_nothing_stands_between_the_chunks_and_the_memory(tmp_path, key):
    """Reading allocates no more than a few rows of numbers beside `out`, whatever its strides."""
    values = np.arange(1000 * 1000, dtype="f8").reshape(1000, 1000)
    array = zarrpy.create_array(tmp_path / "a", data=values, chunks=(100, 100))
    expected = values[key]
    out = np.zeros((expected.shape[0], expected.shape[1] * 2))[::-1, ::2]
    array.read((slice(1),), out=np.empty((1, 1000)))  # what is made once is there

    tracemalloc.start()
    array.read(key, out=out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert np.array_equal(out, expected)
    assert peak < 100_000


class Tensor:
    """Memory of another library, which speaks DLPack only."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **asked):
        return self.array.__dlpack__(**asked)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_a_tensor_in_main_memory_is_memory(array):
    """By DLPack, without a copy."""
    out = Tensor(np.zeros((4, 6), "i4"))

    array.read(out=out)

    assert np.array_equal(out.array, VALUES)


class OldTensor:
    """Memory as PyTorch shows it: by DLPack, and as an array without a word about copies."""

    def __init__(self, memory):
        self.memory = memory

    def __array__(self, dtype=None):
        return self.memory

    def __dlpack__(self, **asked):
        return self.memory.__dlpack__(**asked)

    def __dlpack_device__(self):
        return self.memory.__dlpack_device__()


@pytest.mark.skipif(
    np.lib.NumpyVersion(np.__version__) < "2.1.0",
    reason="NumPy 2.0 cannot ask DLPack for no copy: pip install 'numpy>=2.1'",
)
def test_a_tensor_is_read_into_without_a_warning():
    """NumPy warns of such an `__array__`, which may give a copy for all it knows."""
    array = zarrpy.create_array({}, data=np.arange(6.0).reshape(2, 3))
    memory = np.zeros((2, 3))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        array.read(out=OldTensor(memory))

    np.testing.assert_array_equal(memory, array[...])


def test_what_is_stored_is_no_memory():
    """It would be read, and what was written to that would be lost."""
    array = zarrpy.create_array({}, data=np.arange(6.0))
    other = zarrpy.create_array({}, data=np.zeros(6))

    for out in (other, other.lazy):
        with pytest.raises(TypeError, match="no memory of its own"):
            array.read(out=out)

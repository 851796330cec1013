"""Tensors of PyTorch, made of what is stored and read into."""

import numpy as np
import pytest

import zarrpy

torch = pytest.importorskip(
    "torch",
    reason="needs PyTorch: pip install torch (600 MB and more)",
    exc_type=ImportError,  # one that lacks a library is as good as none
)

VALUES = np.arange(24).reshape(6, 4)
TYPES = ["bool", "i1", "i2", "i4", "i8", "u1", "f2", "f4", "f8", "c8", "c16"]


def stored(store, dtype="f8"):
    """An array of some elements."""
    return zarrpy.create_array(store, data=VALUES.astype(dtype), chunks=(2, 3))


@pytest.mark.parametrize("dtype", TYPES)
def test_an_array_becomes_a_tensor(store, dtype):
    """Whatever its type; of an array and of a view."""
    array = stored(store, dtype)

    for tensor in (torch.from_dlpack(array), torch.as_tensor(np.asarray(array))):
        assert tensor.numpy().dtype == array.dtype
        np.testing.assert_array_equal(tensor.numpy(), VALUES.astype(dtype))
    np.testing.assert_array_equal(torch.from_dlpack(array.lazy[1:3]).numpy(), array[1:3])


def test_what_was_read_is_the_tensor(store):
    """One memory, that can be written."""
    read = stored(store)[...]

    for make in (torch.as_tensor, torch.from_numpy, torch.from_dlpack):
        tensor = make(read)
        assert tensor.data_ptr() == read.ctypes.data
        tensor[0, 0] = read[0, 0] - 1
        assert read[0, 0] == tensor[0, 0]


@pytest.mark.parametrize("dtype", TYPES)
def test_a_tensor_is_read_into(store, dtype):
    """By itself, by its array of NumPy, and with strides of any kind."""
    array = stored(store, dtype)
    made = torch.from_numpy(np.zeros((6, 4), dtype))
    for out in (made, made.numpy(), torch.zeros((4, 6), dtype=made.dtype).T):
        result = array.read(out=out)
        np.testing.assert_array_equal(np.asarray(out), VALUES.astype(dtype))
        assert result is out or np.shares_memory(result, np.asarray(out))

    part = torch.zeros((12, 8), dtype=made.dtype)[::2, 1:5]
    array.read(np.s_[2:, 1:], out=part[:4, :3])
    np.testing.assert_array_equal(part[:4, :3].numpy(), VALUES[2:, 1:].astype(dtype))


def test_a_tensor_that_is_no_memory_is_refused(store):
    """Of another type, of another shape, with a gradient, and on no device at all."""
    array = stored(store)

    with pytest.raises(TypeError, match="float32"):
        array.read(out=torch.empty((6, 4), dtype=torch.float32))
    with pytest.raises(ValueError, match="shape"):
        array.read(out=torch.empty((4, 6), dtype=torch.float64))
    with pytest.raises(TypeError, match="no memory of its own"):
        array.read(out=torch.empty((6, 4), dtype=torch.float64, requires_grad=True))
    with pytest.raises(TypeError, match="no memory of its own"):
        array.read(out=torch.empty((6, 4), dtype=torch.float64, device="meta"))


def test_tensors_are_written(store):
    """As arrays of NumPy are."""
    array = stored(store)

    array[2:4] = torch.full((2, 4), 7.0, dtype=torch.float64)
    array.append(torch.ones((1, 4), dtype=torch.float64))
    array.oindex[torch.tensor([0, 5])] = 3

    expected = np.concatenate([VALUES, np.ones((1, 4))])
    expected[2:4] = 7
    expected[[0, 5]] = 3
    np.testing.assert_array_equal(array[...], expected)


# JAX warns of any fork where it has been imported before.
@pytest.mark.filterwarnings("ignore:os.fork:RuntimeWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_worker_processes_of_a_loader_read(tmp_path, method):
    """Each by itself, after this process has read as well."""
    array = stored(tmp_path / "a")
    assert array[0, 1] == 1
    loader = torch.utils.data.DataLoader(
        array, batch_size=2, num_workers=2, multiprocessing_context=method
    )

    np.testing.assert_array_equal(np.concatenate([rows.numpy() for rows in loader]), VALUES)

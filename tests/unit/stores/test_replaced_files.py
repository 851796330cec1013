"""Files that were replaced are closed by a thread of their own, and soon: nothing else changes."""

import os
import sys
import time

import numpy as np
import pytest

import zarrpy

if not sys.platform.startswith("linux"):
    pytest.skip(
        "files are held while they are replaced on Linux: run there", allow_module_level=True
    )

VALUES = np.arange(64 * 4096, dtype="i4").reshape(64, 4096)


@pytest.fixture
def array(tmp_path):
    """An array of 64 chunks in files."""
    return zarrpy.create_array(tmp_path / "a.zarr", data=VALUES, chunks=(1, 4096), compressors=None)


def nopen():
    """How many files this process holds."""
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.parametrize("disable", ["", "replaced"])
def test_values_are_those_that_were_written_last(array, disable):
    """Whole, in part and deleted, whoever closes what was there before."""
    expected = VALUES.copy()
    with zarrpy.config.set(disable=disable):
        for i in range(5):
            array[...] = expected = expected + 1
            array[:, i : i + 3] = expected[:, i : i + 3] = i
            array[i] = expected[i] = 0

    assert np.array_equal(array[...], expected)
    assert np.array_equal(zarrpy.open(array.store.root)[...], expected)


def test_what_was_replaced_is_closed_soon(array):
    """A program that writes all the time holds a few dozen at most, and none in the end."""
    array[...] = VALUES + 1
    before = nopen()

    for i in range(5):
        array[...] = VALUES + i
        assert nopen() < before + 64
    end = time.monotonic() + 60
    while nopen() > before:
        assert time.monotonic() < end
        time.sleep(0.01)


def test_who_wants_it_at_once_has_it_at_once(array):
    """By the switch; the room is free when the write returns."""
    with zarrpy.config.set(disable="replaced"):
        array[...] = VALUES + 1
        before = nopen()
        array[...] = VALUES + 2
        assert nopen() == before


def test_a_forked_process_holds_none_of_them(array):
    """Its parent's are closed by the parent: their room must not wait for the child."""
    array[...] = VALUES + 1
    child = os.fork()
    if child == 0:
        held = [os.path.realpath(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd")]
        # one may have been on its way at that moment
        ours = [path for path in held if path.startswith(str(array.store.root))]
        os._exit(0 if len(ours) <= 1 else 1)
    assert os.waitpid(child, 0)[1] == 0
    array[...] = VALUES + 3
    assert np.array_equal(array[...], VALUES + 3)

"""Tests of the memory of large results, which is taken again."""

import gc
import os
import sys
import threading

import numpy as np
import pytest
from numpy._core.multiarray import get_handler_name

import zarrpy
from zarrpy._native import memory

MIB = 1 << 20
ALL = 1 << 60
#: What other systems do with memory that is given back is theirs.
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="needs Linux, where memory is kept")


@pytest.fixture(autouse=True)
def nothing_is_kept():
    """Each test begins and ends without memory that nobody uses."""
    gc.collect()
    memory.trim(0)
    yield
    memory.trim(0)


@pytest.fixture(scope="module")
def array():
    """Return 40 MiB, half of whose chunks are not stored."""
    array = zarrpy.create_array({}, shape=(40, 1024, 256), dtype="f4", chunks=(1, 512, 256))
    array[:, 512:] = 7
    return array


def is_right(found):
    """Tell whether a result is what is stored."""
    return not found[:, :512].any() and bool((found[:, 512:] == 7).all())


@on_linux
def test_the_next_result_takes_the_memory_of_the_last(array):
    """Once that is gone, and not before."""
    first, second = array[...], array[...]
    places = {first.ctypes.data, second.ctypes.data}
    assert len(places) == 2
    del first, second

    again = [array[...], array[...]]

    assert {each.ctypes.data for each in again} == places
    assert all(map(is_right, again))


def test_what_was_in_the_memory_before_is_nowhere_in_a_result(array):
    """Chunks that are not stored are the fill value there, too; also where they are masked."""
    for missing in ("fill", "mask"):
        before = array[...]
        before.fill(np.nan)
        del before
        found = array.read(missing=missing)
        if missing == "mask":
            assert found.mask[:, :512].all()
            assert not found.mask[:, 512:].any()
            found = found.filled(0)
        assert is_right(found)


def test_a_result_owns_its_memory(array):
    """As NumPy's own; it can be made larger or smaller in place."""
    found = array[...]

    assert found.flags.owndata
    assert found.ctypes.data % 64 == 0
    for length in (50, 3):
        found.resize((length, 1024, 256), refcheck=False)
        assert is_right(found[:40])
        assert not found[40:].any()


def test_it_can_be_switched_off(array):
    """And what is small has NumPy's memory anyway."""
    assert get_handler_name(array[...]) == "zarrpy_spare"
    assert get_handler_name(array[:1]) == get_handler_name(np.empty(1))
    with zarrpy.config.set(disable=("spare",)):
        found = array[...]
    assert get_handler_name(found) == get_handler_name(np.empty(1))
    assert is_right(found)
    assert get_handler_name(np.empty(64 * MIB)) == get_handler_name(np.empty(1))


@pytest.mark.parametrize("most", [0, 30 * MIB, 50 * MIB, 512 * MIB])
def test_no_more_is_kept_than_the_setting_says(array, most):
    """Whatever is larger is given back."""
    with zarrpy.config.set(spare_memory=most):
        results = [array[...] for _ in range(4)]
        del results

    assert memory.trim(ALL) <= most


def test_calls_whose_memory_is_bounded_keep_none(array):
    """Nor leave what others have kept."""
    for of_call, of_config in (("64MiB", None), (None, "64MiB")):
        array[...]
        with zarrpy.config.set(max_memory=of_config):
            found = array.read(max_memory=of_call)
        assert memory.trim(ALL) == 0
        assert is_right(found)
        del found
        assert memory.trim(ALL) == 0


@on_linux
def test_no_more_is_mapped_than_was_in_use_at_once():
    """Memory that is too small for the next result goes before that is made."""
    script = """
import os
import zarrpy
from zarrpy._native import memory
page = os.sysconf("SC_PAGESIZE")
def array(n):
    return zarrpy.create_array({}, shape=(n << 20,), dtype="u1", chunks=1 << 20)
small, large = array(40), array(90)
held = small[...]
del held
assert memory.trim(1 << 60) == (40 << 20) + page
held = large[...]
assert memory.trim(1 << 60) == 0
del held
assert memory.trim(1 << 60) == (90 << 20) + page
held = small[...]
assert memory.trim(1 << 60) == 0, "the large one is no use for the small one, and stands in its way"
"""
    assert os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", script]) == 0


def test_threads_share_it(array):
    """Each result is of one of them alone."""
    wrong = []

    def work(number):
        for _ in range(10):
            found = array[...]
            wrong.append(not is_right(found))
            found.fill(number)
            wrong.append(not (found == number).all())

    threads = [threading.Thread(target=work, args=[number]) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not any(wrong)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs a system that can fork")
def test_a_fork_has_its_own(array):
    """What the child writes there is not seen by the parent."""
    array[...]
    held = array[...]
    child = os.fork()
    if child == 0:
        found = array[...]
        right = is_right(found)
        found.fill(9)
        held.fill(9)
        os._exit(0 if right else 1)
    _, status = os.waitpid(child, 0)

    assert status == 0
    assert is_right(held)
    assert is_right(array[...])

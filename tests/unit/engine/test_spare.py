"""Tests of memory that is taken again."""

import pickle

import numpy as np

from zarrpy.engine.spare import Spare

SHAPE, DTYPE = (3, 4), np.dtype("f8")


def test_what_was_given_is_taken_again():
    """Where it has the shape and the type that are wanted; otherwise there is new memory."""
    spare, array = Spare(), np.zeros(SHAPE)
    spare.give(array)

    assert spare.empty(SHAPE, DTYPE) is array
    spare.give(array)
    other = spare.empty((4, 3), DTYPE)
    assert (other.shape, other is array) == ((4, 3), False)


def test_no_two_have_the_same():
    """What was taken is nobody else's."""
    spare, array = Spare(), np.zeros(SHAPE)
    spare.give(array)

    taken = [spare.empty(SHAPE, DTYPE) for _ in range(3)]

    assert len({each.ctypes.data for each in taken}) == 3


def test_memory_is_bounded_and_stays_where_it_is():
    """Much that is given is let go, and nothing of it travels to other processes."""
    spare = Spare()
    for _ in range(100):
        spare.give(np.zeros(1 << 20))

    assert len(spare._arrays) <= 16
    assert len(pickle.dumps(spare)) < 200

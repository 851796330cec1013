"""Calls of Python that an action makes, of which none may be for a single chunk."""

import os
import sys
from collections import Counter

import pytest

#: Calls that a busy machine may add by making one thread wait for another; there are 256 chunks.
FEW = 32

# A build for coverage calls Python for each line of Cython.
uncounted = pytest.mark.skipif(
    bool(os.environ.get("ZARRPY_COVERAGE")), reason="lines are traced: run make test"
)


def calls_of(action):
    """Count the calls of Python functions and of C functions in this thread."""
    seen = Counter()
    sys.setprofile(lambda frame, event, arg: seen.update([event]))
    try:
        action()
    finally:
        sys.setprofile(None)
    return seen["call"], seen["c_call"]

"""What the engine allocates is of a call, never of a chunk: contexts and memory are a thread's."""

import json
import sys

import pytest

from faults import shim

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason=shim.REASON)


def test_a_thread_that_has_read_allocates_nothing_for_a_chunk(tmp_path):
    """A read of 64 chunks asks for memory as often as one of 4: for its plan."""
    library = shim.build(tmp_path)

    counts = json.loads(shim.run(library, "allocations.py", tmp_path / "arrays"))

    assert len(counts) >= 20
    for name, (few, many) in counts.items():
        assert 0 < few < 12, name
        assert many == few, name


def test_results_are_not_made_zero_before_they_are_read(tmp_path):
    """Memory is written once, whatever lies in it before."""
    library = shim.build(tmp_path)

    zeroed = json.loads(shim.run(library, "zeros.py", tmp_path / "arrays"))

    assert zeroed.pop("result") == 8 << 20
    assert zeroed.pop("numpy.zeros") >= 8 << 20  # what is looked for is found
    assert len(zeroed) == 48
    assert all(nbytes < 256 << 10 for nbytes in zeroed.values()), zeroed

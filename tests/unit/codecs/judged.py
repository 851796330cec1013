"""Comparison of a filter in C, the same in Python, and that of numcodecs."""

import numpy as np

from zarrpy._native.steps import decode_step, encode_step
from zarrpy.codecs.base import ChunkSpec


def assert_same_bits(found, wanted, dtype):
    """Compare bits; where a NaN stands any NaN will do, as its bits depend on the order."""
    found, wanted = np.frombuffer(found, dtype), np.frombuffer(wanted, dtype)
    if dtype.kind == "f":
        nan = np.isnan(wanted)
        assert np.array_equal(np.isnan(found), nan)
        found, wanted = found[~nan], wanted[~nan]
    assert found.tobytes() == wanted.tobytes()


def judge(ours, theirs, array):
    """Check that all three encode and decode a chunk to the same bits."""
    spec = ChunkSpec(array.shape, array.dtype, None)
    stored_type = ours.encoded_spec(spec).dtype
    with np.errstate(all="ignore"):
        wanted = np.asarray(theirs.encode(array))
        restored = np.asarray(theirs.decode(wanted)).tobytes()
    wanted = wanted.tobytes()
    encoded = ours.encode(array)
    step = ours.step(spec)

    assert_same_bits(encoded.tobytes(), wanted, stored_type)
    assert_same_bits(ours.decode(encoded, spec).tobytes(), restored, array.dtype)
    if step is not None:
        assert_same_bits(encode_step(step, array.tobytes()), wanted, stored_type)
        assert_same_bits(decode_step(step, wanted, array.nbytes), restored, array.dtype)
    return step is not None

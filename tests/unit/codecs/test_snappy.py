"""Tests of `zarrpy.codecs.snappy`."""

import pytest
import snappy
from hypothesis import given
from hypothesis import strategies as st

from zarrpy.codecs.snappy import Snappy
from zarrpy.errors import CorruptChunkError
from zarrpy.testing.codec_contract import BytesToBytesContract


class TestSnappy(BytesToBytesContract):
    codecs = (Snappy(),)


@given(st.binary(max_size=3000), st.integers(1, 40))
def test_snappy_of_another_implementation_is_read_and_reads_ours(data, times):
    """The raw format is the same both ways, for every input."""
    data = data * times

    assert snappy.uncompress(Snappy().encode(data)) == data
    assert Snappy().decode(snappy.compress(data), len(data)) == data


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        ("", "size at the front"),
        ("ffffffffff01", "size at the front"),
        ("ffffffff7f", "size at the front"),
        ("0308", "literal is longer"),
        ("03f0", "cut off"),
        ("0408616263", "fewer bytes"),
        ("0808616263 0500", "before the start"),
        ("0808616263 0504", "before the start"),
        ("0408616263 0503", "longer than what is left"),
        ("0808616263 0e", "cut off"),
    ],
)
def test_snappy_that_is_not_valid_is_refused(encoded, why):
    """Each way in which bytes can fail to be Snappy has its words."""
    with pytest.raises(CorruptChunkError, match=why):
        Snappy().decode(bytes.fromhex(encoded), 8, exact=False)


def test_a_far_copy_of_snappy_is_read():
    """Copies with offsets of four bytes are valid, though encoders seldom write them."""
    encoded = bytes([8, 3 << 2]) + b"abcd" + bytes([3 << 2 | 3]) + (4).to_bytes(4, "little")

    assert Snappy().decode(encoded, 8) == b"abcdabcd"

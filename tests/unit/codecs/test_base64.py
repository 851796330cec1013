"""Tests of `zarrpy.codecs.base64`."""

import numcodecs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy.codecs.base64 import Base64
from zarrpy.errors import CorruptChunkError
from zarrpy.testing.codec_contract import BytesToBytesContract


class TestBase64(BytesToBytesContract):
    codecs = (Base64(),)


@given(st.binary())
def test_the_letters_are_those_of_numcodecs(data):
    """With the padding, and without line ends."""
    encoded = Base64().encode(data)

    assert bytes(encoded) == bytes(numcodecs.Base64().encode(data))
    assert bytes(Base64().decode(encoded)) == data


@pytest.mark.parametrize("data", [b"YWJ", b"YWJj\n", b"!!!!", b"YW=j"])
def test_what_is_not_base64_is_corrupt(data):
    """Nothing is passed over."""
    with pytest.raises(CorruptChunkError, match="is not base64"):
        Base64().decode(data)

"""Tests of `zarrpy.codecs.base64`."""

import numcodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import zarrpy
from zarrpy import config
from zarrpy.codecs.base64 import Base64
from zarrpy.errors import CorruptChunkError
from zarrpy.stores import MemoryStore
from zarrpy.testing.codec_contract import BytesToBytesContract

BODIES = (frozenset(), frozenset(["native"]))


class TestBase64(BytesToBytesContract):
    codecs = (Base64(),)


@given(st.binary())
def test_the_letters_are_those_of_numcodecs(data):
    """With the padding, and without line ends; natively and in Python."""
    wanted = bytes(numcodecs.Base64().encode(data))

    for disable in BODIES:
        with config.set(disable=disable):
            encoded = Base64().encode(data)
            assert bytes(encoded) == wanted
            assert bytes(Base64().decode(encoded)) == data


NOT_BASE64 = [
    b"YWJ", b"YWJj\n", b"!!!!", b"YW=j", b"Y=Jj", b"====", b"Y===", b"YWJj====", b"YQ==YQ==", b"=",
    b"YW\nj", b"YWJj ", b"YQ=", b"YQ", b"-_-_", b"YWJ\xff", b"\0\0\0\0", b"YWI=YWJj", b"=WJj",
]  # fmt: skip


@pytest.mark.parametrize("data", NOT_BASE64)
def test_what_is_not_base64_is_corrupt(body, data):
    """Nothing is passed over."""
    with pytest.raises(CorruptChunkError, match="not base64") as caught:
        Base64().decode(data)

    assert caught.value.codec.endswith("base64")


def test_bits_that_the_last_letter_has_too_many_are_passed_over(body):
    """As everywhere else: there is no other text with the same letters."""
    assert bytes(Base64().decode(b"YR==")) == b"a"
    assert bytes(Base64().decode(b"YWJ=")) == b"ab"


@given(st.text("AZaz09+/=\n-", max_size=12).map(str.encode) | st.binary(max_size=12))
def test_both_bodies_take_and_refuse_the_same_text(data):
    """Python's strict decoder is the judge of the one in C."""
    found = []
    for disable in BODIES:
        with config.set(disable=disable):
            try:
                found.append(bytes(Base64().decode(data)))
            except CorruptChunkError:
                found.append(None)

    assert found[0] == found[1]


@pytest.mark.parametrize("nbytes", [0, 1, 2, 4])
def test_text_of_another_length_is_corrupt(body, nbytes):
    """Whether it holds more than was asked for, or less."""
    with pytest.raises(CorruptChunkError):
        Base64().decode(b"YWJj", nbytes)


def test_chunks_are_the_same_natively_and_in_python(contents):
    """Beside filters and compressors, in a chain that the engine runs."""
    stored = []
    for disable in BODIES:
        store = MemoryStore()
        with config.set(disable=disable):
            array = zarrpy.create_array(
                store, data=np.arange(1000, dtype="i2"), chunks=300, zarr_format=2,
                filters=[{"id": "delta", "dtype": "<i2"}, {"id": "base64"}],
                compressors={"id": "zlib", "level": 1},
            )  # fmt: skip
            assert array[...].tolist() == list(range(1000))
        stored.append(contents(store))

    assert array.codecs.native
    assert stored[0] == stored[1]

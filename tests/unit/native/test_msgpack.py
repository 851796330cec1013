"""Tests of `zarrpy._native.msgpack`; the package msgpack is the oracle."""

import contextlib
import tracemalloc

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy._native.msgpack import DEEPEST, ExtensionError, pack, unpack

INTEGERS = [sign * ((1 << bits) + by) for bits in (0, 5, 7, 8, 15, 16, 31, 32, 63)
            for by in (-1, 0, 1) for sign in (1, -1)]  # fmt: skip
EDGES = [each for each in (*INTEGERS, (1 << 64) - 1) if -(1 << 63) <= each < 1 << 64]
LENGTHS = [0, 1, 15, 16, 31, 32, 255, 256, 65_535, 65_536]
SCALARS = (
    st.none() | st.booleans() | st.integers(-(1 << 63), (1 << 64) - 1) | st.floats()
    | st.text(max_size=40) | st.binary(max_size=40) | st.sampled_from(EDGES)
)  # fmt: skip
DOCUMENTS = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=20) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=30,
)


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("bin_type", [False, True])
@given(value=DOCUMENTS)
def test_documents_have_the_bytes_of_the_package(bin_type, single, value):
    """Every form in its shortest kind; and what is written is read, to the bit of each float."""
    try:
        wanted = msgpack.packb(value, use_bin_type=bin_type, use_single_float=single)
    except OverflowError:  # a float that is too large for 4 bytes
        with pytest.raises(OverflowError, match="too large for a float of 4 bytes"):
            pack(value, bin_type, single)
        return

    assert pack(value, bin_type, single) == wanted
    for raw in (False, True):
        try:
            read = msgpack.unpackb(wanted, raw=raw)
        except ValueError:  # bytes that were written as text
            with pytest.raises(UnicodeDecodeError):
                unpack(wanted, raw)
        else:
            assert msgpack.packb(unpack(wanted, raw)) == msgpack.packb(read)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(
    "make", [lambda n: "a" * n, lambda n: b"a" * n, lambda n: [None] * n,
             lambda n: dict.fromkeys(map(str, range(n))), lambda n: bytearray(n),
             lambda n: memoryview(bytes(2 * n))[::2], lambda n: ("a",) * n]
)  # fmt: skip
def test_lengths_have_the_bytes_of_the_package(make, length):
    """On both sides of where another kind begins."""
    value = make(length)
    plain = bytes(value) if isinstance(value, memoryview) else value

    for bin_type in (False, True):
        assert pack(value, bin_type) == msgpack.packb(plain, use_bin_type=bin_type)
    written = pack(value)
    assert msgpack.packb(unpack(written)) == written


@given(st.binary(max_size=60) | DOCUMENTS.map(msgpack.packb))
def test_both_bodies_take_and_refuse_the_same_documents(data):
    """The package is the judge; extensions are left to it."""
    try:
        wanted = msgpack.packb(msgpack.unpackb(data))
    except (ValueError, TypeError, msgpack.UnpackException):
        wanted = None
    try:
        found = msgpack.packb(unpack(data))
    except ExtensionError:
        return
    except ValueError:
        found = None

    assert found == wanted


@given(DOCUMENTS, st.data())
def test_a_damaged_document_is_one_or_is_refused(value, data):
    """Whatever byte is changed, and wherever it is cut off."""
    encoded = bytearray(pack(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] = data.draw(st.integers(0, 255))
    del encoded[data.draw(st.integers(0, len(encoded))) :]

    with contextlib.suppress(ValueError, ExtensionError):
        unpack(encoded)


def test_a_count_that_lies_reserves_no_memory():
    """Each element has a byte at least, those of the lists around it too."""
    lying = b"\xdd\0\xff\0\0" * 400 + b"\0" * (1 << 20)

    tracemalloc.start()
    with pytest.raises(ValueError, match="ends before the last of"):
        unpack(lying)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 1 << 20


def test_nesting_has_an_end():
    """Before the stack has."""
    value = None
    for _ in range(DEEPEST):
        value = [value]
    assert msgpack.packb(unpack(b"\x91" * DEEPEST + b"\xc0")) == b"\x91" * DEEPEST + b"\xc0"
    assert unpack(pack(value)) == value

    with pytest.raises(ValueError, match="nested more than 512 deep"):
        pack([value])
    with pytest.raises(ValueError, match="nested more than 512 deep"):
        unpack(b"\x91" * (DEEPEST + 1) + b"\xc0")

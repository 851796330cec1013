"""Tests of `zarrpy.codecs.categorize`."""

import numcodecs
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy.codecs.base import ChunkSpec
from zarrpy.codecs.categorize import Categorize
from zarrpy.errors import CodecError, MetadataError

LABELS = ["female", "male", "Łódź", ""]


@pytest.mark.parametrize("dtype", ["T", "U6", "U2"])
@pytest.mark.parametrize("astype", ["u1", "<i2", ">u4"])
@given(texts=st.lists(st.sampled_from([*LABELS, "other"]), max_size=9))
def test_numbers_and_texts_are_those_of_numcodecs(dtype, astype, texts):
    """Which counts from 1, and has an empty text for what is no label."""
    array = np.array(texts, dtype)
    of_objects = dtype == "T"
    ours = Categorize(LABELS, "|O" if of_objects else dtype, astype)
    theirs = numcodecs.Categorize(LABELS, "|O" if of_objects else dtype, astype)

    encoded = ours.encode(array)
    wanted = theirs.encode(array.astype(object) if of_objects else array)
    decoded = ours.decode(encoded, ChunkSpec(array.shape, array.dtype, None))

    assert encoded.astype(wanted.dtype).tobytes() == wanted.tobytes()
    assert decoded.dtype == array.dtype
    assert decoded.tolist() == theirs.decode(wanted).tolist()


@pytest.mark.parametrize("astype", ["u1", "i1"])
def test_a_number_without_a_label_is_the_empty_text(astype):
    """Too large a number and one below zero as well."""
    stored = np.array([0, 1, 5, -1]).astype(astype)

    decoded = Categorize(LABELS, "|O", astype).decode(stored, ChunkSpec((4,), np.dtype("T"), None))

    assert decoded.tolist() == ["", "female", "", ""]


def test_the_configuration_is_that_of_numcodecs():
    """What either writes into a document, the other reads."""
    config = dict(numcodecs.Categorize(LABELS, object).get_config())
    del config["id"]

    assert Categorize(LABELS, "|O").to_config(2) == config
    assert Categorize.from_config(config, dialect=2) == Categorize(LABELS, object)


@pytest.mark.parametrize(
    ("configuration", "parameter"),
    [
        ({"dtype": "|O"}, "labels"),
        ({"labels": ["a"]}, "dtype"),
        ({"labels": "ab", "dtype": "|O"}, "labels"),
        ({"labels": ["a", 1], "dtype": "|O"}, "labels"),
        ({"labels": ["a"], "dtype": "<i4"}, "dtype"),
        ({"labels": ["a"], "dtype": "|O", "astype": "<f4"}, "astype"),
        ({"labels": ["a"], "dtype": "|O", "astype": "no"}, "astype"),
        ({"labels": [str(i) for i in range(300)], "dtype": "|O"}, "astype"),
    ],
)
def test_a_parameter_is_checked(configuration, parameter):
    """The error names it."""
    with pytest.raises(MetadataError, match=rf"numcodecs\.categorize\.{parameter} must be"):
        Categorize.from_config(configuration)


def test_numbers_have_no_labels():
    """A chain that would is refused when it is bound."""
    with pytest.raises(CodecError, match="is for texts, and not for int32"):
        Categorize.from_config(
            {"labels": ["a"], "dtype": "|O"}, spec=ChunkSpec((2,), np.dtype("i4"), None)
        )

"""Tests of `zarrpy.metadata.model`."""

import copy
import pickle
from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from zarrpy.errors import MetadataError
from zarrpy.metadata import ArrayMetadata, GroupMetadata, NamedConfig, dtypes, v3
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.metadata.runs import Runs

MODEL = ArrayMetadata(
    (10, 7),
    dtypes.from_v3("float32"),
    ChunkGrid((5, 5)),
    ChunkKeyEncoding(),
    (NamedConfig("bytes", {"endian": "little"}),),
    np.float32("nan"),
    ("y", "x"),
    {"units": "K"},
)


def test_a_model_cannot_be_changed_in_place():
    """It may be shared between threads."""
    with pytest.raises(FrozenInstanceError):
        MODEL.shape = (1, 1)
    with pytest.raises(FrozenInstanceError):
        MODEL.codecs[0].name = "x"


def test_a_new_shape_makes_a_new_model():
    """The old one stays as it is."""
    resized = MODEL.with_shape((0, 12))

    assert (resized.shape, resized.grid_shape) == ((0, 12), (0, 3))
    assert MODEL.shape == (10, 7)
    assert resized == replace(MODEL, shape=(0, 12))


def test_numpy_integers_are_lengths_too():
    """The shape in the model is of plain integers all the same."""
    resized = MODEL.with_shape((np.int64(3), np.int32(4)))

    assert [type(length) for length in resized.shape] == [int, int]


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((1,), "shape has 1 entries, but the array has 2 dimensions"),
        ((1, 2, 3), "shape has 3 entries, but the array has 2 dimensions"),
        ((1, -1), r"shape\[1\] must be an integer of at least 0"),
        ((1, 2**63), r"shape\[1\] must be"),
        ((1, 2.0), "shape must be a tuple of integers"),
        ((1, True), r"shape\[1\] must be"),
    ],
)
def test_a_shape_that_no_array_has_is_refused(shape, text):
    """Before anything is written."""
    with pytest.raises(MetadataError, match=text):
        MODEL.with_shape(shape)


def test_a_shape_beyond_an_irregular_grid_is_refused():
    """There is no chunk to hold it."""
    model = replace(MODEL, chunk_grid=ChunkGrid((Runs.of((6, 6)), 5)))

    assert model.with_shape((12, 7)).shape == (12, 7)
    with pytest.raises(MetadataError, match="ends at 12 in dimension 0, but the array at 13"):
        model.with_shape((13, 7))


def test_new_attributes_make_a_new_model():
    """All else stays."""
    changed = MODEL.with_attributes({"a": 1})

    assert changed == replace(MODEL, attributes={"a": 1})
    assert MODEL.attributes == {"units": "K"}
    assert GroupMetadata({"a": 1}).with_attributes({}) == GroupMetadata()


@pytest.mark.parametrize(
    "change",
    [
        {"shape": (10, 8)},
        {"data_type": dtypes.from_v3("int32")},
        {"chunk_grid": ChunkGrid((5, 6))},
        {"chunk_keys": ChunkKeyEncoding("v2")},
        {"codecs": ()},
        {"fill_value": np.float32(0)},
        {"fill_value": np.float64("nan")},
        {"fill_defined": False},
        {"dimension_names": None},
        {"attributes": {}},
        {"zarr_format": 2},
    ],
)
def test_models_that_differ_are_not_equal(change):
    """In any member."""
    assert replace(MODEL, **change) != MODEL


def test_models_that_say_the_same_are_equal():
    """A NaN is itself, and how a document spells things does not count."""
    assert replace(MODEL, fill_value=np.float32("nan"), document={"a": 1}) == MODEL
    assert MODEL != "model"


def test_equal_models_have_equal_hashes():
    """So that they may be members of sets."""
    assert hash(copy.deepcopy(MODEL)) == hash(MODEL)


@pytest.mark.parametrize("model", [MODEL, GroupMetadata({"a": 1})])
def test_a_model_survives_pickling(model):
    """Arrays go to other processes; their documents travel along."""
    model = v3.parse(v3.dump(model)["zarr.json"], "t")

    back = pickle.loads(pickle.dumps(model))

    assert back == model
    assert back.document == model.document

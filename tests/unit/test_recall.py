"""What was parsed before is recalled, and never in the place of what is stored now."""

from __future__ import annotations

import json

import numpy as np
import pytest

import zarrpy
from zarrpy.recall import Recall

SWITCHES = pytest.mark.parametrize("switches", [(), ("recall",)], ids=["recalling", "parsing"])


def stored(**keywords):
    """A memory store with one array of ones."""
    values = {}
    made = zarrpy.create_array(values, data=np.ones((4, 6), "int16"), chunks=(2, 3), **keywords)
    return values, made


@SWITCHES
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_opening_again_gives_the_same_array(switches, zarr_format):
    """Recalled or parsed, the metadata say the same."""
    values, made = stored(zarr_format=zarr_format, attributes={"a": [1, {"b": 2}]})

    with zarrpy.config.set(disable=switches):
        opened = [zarrpy.open(values, mode="r") for _ in range(3)]

    assert all(each.metadata == made.metadata for each in opened)
    assert all((each[...] == 1).all() for each in opened)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_attributes_of_one_handle_are_not_those_of_another(zarr_format):
    """What somebody does to the attributes of a handle in memory is not recalled."""
    values, _ = stored(zarr_format=zarr_format, attributes={"a": {"b": 2}})

    zarrpy.open(values).metadata.attributes["a"]["b"] = "changed"

    assert zarrpy.open(values).attrs["a"] == {"b": 2}


def test_a_changed_document_is_read_anew():
    """Another writer's document counts at once."""
    values, _ = stored()
    assert zarrpy.open(values).shape == (4, 6)

    values["zarr.json"] = values["zarr.json"].replace(b'"shape": [\n    4', b'"shape": [\n    3')

    assert zarrpy.open(values).shape == (3, 6)


def test_a_smaller_limit_counts_at_once():
    """What a setting forbids is refused, though it was opened before."""
    values, _ = stored()
    zarrpy.open(values)

    with zarrpy.config.set({"limits.max_chunk_bytes": 4}), pytest.raises(zarrpy.errors.LimitError):
        zarrpy.open(values)


def test_a_codec_that_was_taken_back_is_not_recalled():
    """Names mean what the registries say now."""

    class Plain(zarrpy.codecs.base.BytesToBytes):
        name = "plain"

        def encode(self, data):
            return data

        def decode(self, data, nbytes=None):
            return data

    values, _ = stored(compressors=None)
    document = json.loads(values["zarr.json"])
    document["codecs"].append({"name": "plain"})
    values["zarr.json"] = json.dumps(document).encode()
    zarrpy.register_codec(Plain)
    zarrpy.open(values)

    zarrpy.unregister_codec("plain")

    with pytest.raises(zarrpy.errors.UnsupportedExtensionError):
        zarrpy.open(values)


def test_chains_differ_where_fill_values_do():
    """Arrays with the same codecs and another fill value pad their chunks by their own."""
    for fill in (7, 9):
        values, _ = stored(fill_value=fill)
        del values["c/0/0"]
        array = zarrpy.open(values)
        array[0, 0] = 1
        assert array[1, 2] == fill


def test_the_one_not_asked_for_the_longest_is_forgotten_first():
    """A recall keeps no more than it was told."""
    recall = Recall(2)
    for name in "abc":
        recall.get("a")
        recall.keep(name, name)

    assert [recall.get(name) for name in "abc"] == ["a", None, "c"]

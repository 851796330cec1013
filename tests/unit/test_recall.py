"""What was parsed before is recalled, and never in the place of what is stored now."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial

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


def test_what_was_parsed_without_recalling_is_not_recalled_under_other_limits():
    """A document that a limit forbids stays refused, whoever opened it under a larger one."""
    values, _ = stored()
    small = {"limits.max_chunk_bytes": 4}
    with zarrpy.config.set(small), pytest.raises(zarrpy.errors.LimitError):
        zarrpy.open(values)

    with zarrpy.config.set(disable="recall"):
        zarrpy.open(values)

    with zarrpy.config.set(small), pytest.raises(zarrpy.errors.LimitError):
        zarrpy.open(values)


def test_a_result_begun_before_a_change_is_not_kept_after_it():
    """What another thread does to a registry meanwhile counts from then on."""
    recall = Recall(2)

    def work():
        with zarrpy.config.set({"limits.ndim": 3}):
            recall.of("b", lambda: "of others")
        return "before"

    with zarrpy.config.set({"limits.ndim": 2}):
        assert recall.of("a", work) == "before"
    with zarrpy.config.set({"limits.ndim": 3}):
        assert recall.of("a", lambda: "after") == "after"
        assert recall.of("b", lambda: "again") == "of others"


def test_the_one_not_asked_for_the_longest_is_forgotten_first():
    """A recall keeps no more than it was told."""
    recall = Recall(2)
    for name in "abc":
        recall.of("a", lambda: "a")
        recall.of(name, lambda name=name: name)

    assert [recall.of(name, lambda: "anew") for name in "acb"] == ["a", "c", "anew"]


def test_threads_share_a_recall():
    """Whoever is first, all get what belongs to their key."""
    recall = Recall(3)
    switching = sys.getswitchinterval()

    def ask(seed):
        keys = [(seed * i) % 11 for i in range(3000)]
        return [recall.of(key, partial(str, key)) == str(key) for key in keys]

    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as pool:
            found = list(pool.map(ask, (3, 5, 7, 9)))
    finally:
        sys.setswitchinterval(switching)

    assert all(map(all, found))

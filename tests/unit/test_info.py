"""Tests of `zarrpy.info`: facts without reading a chunk."""

import zarrpy


def test_facts_of_an_array(store):
    """What its metadata say; no chunk is read."""
    array = zarrpy.create_array(
        store, name="t", shape=(365, 10), dtype="f4", chunks=(73, 10), compressors="zstd:5",
        fill_value=float("nan"),
    )  # fmt: skip

    facts = array.info.facts

    assert facts["name"] == "/t"
    assert facts["kind"] == "array, Zarr v3"
    assert (facts["data type"], facts["fill value"]) == ("float32", "nan")
    assert "365" in facts["shape"]
    assert "73" in facts["chunks"]
    assert "zstd" in facts["codecs"]
    assert "KiB" in facts["size"]


def test_names_of_dimensions_and_attributes_are_told_where_there_are_any(store):
    """They are what a reader of the data needs first."""
    named = {"dimension_names": ("time", None), "attributes": {"units": "K", "scale": 2}}
    with_names = zarrpy.create_array(store, name="a", shape=(365, 10), dtype="f4", **named)
    without = zarrpy.create_array(store, name="b", shape=(365, 10), dtype="f4")

    assert with_names.info.facts["dimensions"] == "time, (unnamed)"
    assert with_names.info.facts["attributes"] == "2"
    assert {"dimensions", "attributes"}.isdisjoint(without.info.facts)


def test_a_fill_value_that_is_not_defined_is_said_to_be(store):
    """Zarr v2 may leave it open."""
    array = zarrpy.create_array(store, shape=1, dtype="f4", fill_value=None, zarr_format=2)

    assert array.info.facts["fill value"] == "not defined"


def test_facts_of_a_group(store):
    """Its name, format and attributes."""
    group = zarrpy.create_group(store, path="g", attributes={"a": 1}, zarr_format=2)

    facts = group.info.facts

    assert (facts["name"], facts["kind"], facts["attributes"]) == ("/g", "group, Zarr v2", "1")


def test_facts_are_shown_a_line_each(store):
    """Aligned."""
    lines = repr(zarrpy.create_group(store).info).splitlines()

    assert len(lines) == len(zarrpy.open(store).info.facts)
    assert len({line.index(word) for line, word in zip(lines, ["/", "group"], strict=False)}) == 1


def test_a_tree_is_drawn_when_it_is_made(store):
    """Later changes are not in it; it holds no handles."""
    group = zarrpy.create_group(store)
    group.create_array("a", shape=3, dtype="i2")
    tree = group.tree()

    group.create_group("later")

    assert "a" in repr(tree)
    assert "int16" in repr(tree)
    assert "later" not in repr(tree)


def test_a_tree_of_no_levels_is_the_root(store):
    """As it stands in larger trees, with what says that there is more."""
    assert repr(zarrpy.create_group(store).tree(level=0)) == "/ …"


def test_a_large_tree_is_cut(store):
    """After so many nodes, and it says so."""
    group = zarrpy.create_group(store)
    for i in range(20):
        group.create_group(f"g{i:02}")

    lines = repr(group.tree(max_nodes=5)).splitlines()

    assert len(lines) < 10
    assert "g19" not in "".join(lines)

"""Tests of `zarrpy.metadata.glob`: patterns of paths."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy.errors import MetadataError
from zarrpy.metadata.glob import Glob


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("a", ["a"], ["b", "a/a", "aa"]),
        ("*", ["a", "bc"], ["a/b"]),
        ("a/*", ["a/b"], ["a", "b/a", "a/b/c"]),
        ("t?m", ["t2m", "tam"], ["tm", "t22m", "t2m/x"]),
        ("run-[12]/x", ["run-1/x", "run-2/x"], ["run-3/x"]),
        ("**", ["a", "a/b", "a/b/c"], []),
        ("**/t*", ["t", "a/t", "a/b/t2"], ["a", "t/a"]),
        ("a/**", ["a", "a/b", "a/b/c"], ["b", "aa"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a", "b", "a/x", "a/b/x"]),
        ("**/a/**", ["a", "x/a", "a/x", "x/a/y"], ["x", "x/y"]),
        ("/a/b/", ["a/b"], ["a"]),
    ],
)
def test_a_pattern_matches_whole_paths(pattern, matching, others):
    """Stars stay within a name; two of them stand for any number of names, none included."""
    glob = Glob(pattern)

    assert [path for path in matching + others if glob.matches(path)] == matching


@pytest.mark.parametrize("pattern", ["", "a//b", "a**", "**b/c", "a/..", "./a", 3, None])
def test_what_is_no_pattern_is_refused(pattern):
    """Nothing outside the group can be named."""
    with pytest.raises(MetadataError, match="pattern of paths"):
        Glob(pattern)


def test_a_pattern_says_where_to_look():
    """Which names can come next where it spells them out, and when nothing more can match."""
    glob = Glob("a/b*/c")

    in_a = glob.after(glob.start, "a")

    assert glob.only(glob.start) == ["a"]
    assert glob.only(in_a) is None
    assert glob.after(glob.start, "x") == frozenset()
    assert glob.goes_on(in_a)
    assert not glob.goes_on(glob.after(glob.after(in_a, "b1"), "c"))


NAMES = st.sampled_from(["a", "b", "ab"])
PARTS = st.sampled_from(["a", "b", "*", "a*", "?", "**"])


@given(st.lists(PARTS, min_size=1, max_size=4), st.lists(NAMES, min_size=1, max_size=5))
def test_patterns_match_as_regular_expressions_do(parts, names):
    """The oracle is `re`."""
    said = {"*": "[^/]*", "?": "[^/]", "a*": "a[^/]*"}
    expression = "".join(
        "(?:[^/]+/)*" if part == "**" else said.get(part, part) + "/" for part in parts
    )

    expected = re.fullmatch(expression, "/".join(names) + "/") is not None

    assert Glob("/".join(parts)).matches("/".join(names)) == expected

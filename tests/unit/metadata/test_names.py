"""Tests of `zarrpy.metadata.names`."""

import pytest

from zarrpy.errors import MetadataError
from zarrpy.metadata.names import check_key, check_name, check_path, normalise_path


@pytest.mark.parametrize(
    ("path", "normal"),
    [("", ""), ("/", ""), ("a", "a"), ("/a/b/", "a/b"), ("a/b c/é", "a/b c/é"), ("__x", "__x")],
)
def test_a_path_has_one_form(path, normal):
    """No slash at either end; names that may not be created may still be opened."""
    assert normalise_path(path) == normal


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("a//b", "has an empty segment"),
        ("a/../b", "leads elsewhere"),
        ("..", "leads elsewhere"),
        ("a/.", "leads elsewhere"),
        ("a\\b", "has a backslash"),
        ("a\0", "has a NUL character"),
        (None, "must be a string"),
        (3, "must be a string"),
    ],
)
def test_a_path_that_could_leave_the_store_is_refused(path, problem):
    """Whether it is opened or created."""
    with pytest.raises(MetadataError, match=problem) as caught:
        normalise_path(path)

    assert repr(path) in str(caught.value)


@pytest.mark.parametrize("name", ["a", "A-1_b.c", "é", "with space", "...a", "c", "_x", "0"])
def test_an_ordinary_name_may_be_created(name):
    """Letters of all languages included."""
    assert check_name(name) == name


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "is empty"),
        ("a/b", "has a '/'"),
        (".", "leads elsewhere"),
        ("...", "only dots"),
        ("__x", "begins with '__', which is reserved"),
        ("x.__lock", "as the locks of directories do"),
        ("zarr.json", "is the name of a metadata document"),
        (".zarray", "is the name of a metadata document"),
        (".zmetadata", "is the name of a metadata document"),
        ("a\ud800", "half of a surrogate pair"),
        (None, "must be a string"),
    ],
)
def test_a_name_that_the_specification_rules_out_is_refused(name, problem):
    """The error says why."""
    with pytest.raises(MetadataError, match=problem):
        check_name(name)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("CON", "is a device on Windows"),
        ("lpt1.txt", "is a device on Windows"),
        ("trail. ", "ends in a dot or a space"),
        ("trail.", "ends in a dot or a space"),
        ("a:b", "has a character that Windows does not allow"),
        ("a\nb", "has a character that Windows does not allow"),
    ],
)
def test_a_name_that_some_systems_cannot_hold_gives_a_warning(name, problem):
    """Asked to be portable, it is an error."""
    with pytest.warns(UserWarning, match=problem):
        assert check_name(name) == name
    with pytest.raises(MetadataError, match=problem):
        check_name(name, portable=True)


def test_a_path_to_create_is_checked_name_by_name():
    """The root needs no name."""
    assert check_path("/a/b/") == "a/b"
    assert check_path("/") == ""
    with pytest.raises(MetadataError, match="the name '__b' begins with"):
        check_path("a/__b")
    with pytest.raises(MetadataError, match="leads elsewhere"):
        check_path("a/..")


@pytest.mark.parametrize("key", ["zarr.json", "a/b/c/0/1", "a/.zarray", "a/__lock"])
def test_a_key_inside_the_store_is_accepted(key):
    """Documents and chunks alike."""
    assert check_key(key) == key


@pytest.mark.parametrize(
    "key", ["", "/a", "a/", "a//b", "../a", "a/../../b", "a/./b", "a\\b", "a\0b", None, b"a"]
)
def test_a_key_that_could_leave_the_store_is_refused(key):
    """No key leads out of the root, whatever the store makes of paths."""
    with pytest.raises(MetadataError, match="key"):
        check_key(key)

"""Every error about a document names the document, the member, the value, and what is right."""

from __future__ import annotations

import json
import re
import warnings
from typing import Any

import pytest

import zarrpy
from conformance.malformed import DOCUMENTS, MISSING, Malformed, malformed

#: Words that say what would be right, or what to do.
_RIGHT = re.compile(
    r" -> |must |known: |needs |missing|not supported|unknown|but the array|divide|beyond|ends at"
)

#: What an error may speak of, as it does not fit a member.
_RELATED = {
    "shape": ("chunk grid", "chunks"),
    "dtype": ("data type",),
    "id": ("codec",),
    "fields": ("fill value",),
}


def failure(case: Malformed) -> str | None:
    """Open and read what a document describes; give the text of the error, None if there is none.

    Anything but an error of zarrpy is a failure of the test.
    """
    store = {case.key: json.dumps(case.document).encode()}
    try:
        node = zarrpy.open(store, path=case.key.partition("/")[0], mode="r")
        if isinstance(node, zarrpy.Array):
            node[...]
    except zarrpy.ZarrError as error:
        return str(error)
    return None


def lacks(case: Malformed, text: str) -> list[str]:
    """Name what an error does not say."""
    lacking = []
    if not text.startswith(f"{case.key}: "):
        lacking.append("the document")
    plain = text.replace("_", " ")
    names = [each for member in case.members for each in (member, *_RELATED.get(member, ()))]
    if not any(each.replace("_", " ") in plain for each in [*names, _extension(case) or "\0"]):
        lacking.append("the member")
    if case.value is not MISSING and not any(each in text for each in _values(case.value)):
        lacking.append("the value")
    if not _RIGHT.search(text):
        lacking.append("what is right")
    return lacking


def _extension(case: Malformed) -> str | None:
    """Give the name of the innermost extension around a change, which stands for its member."""
    found, place = None, DOCUMENTS[case.key]
    for step in case.path[:-1]:
        place = place[step]  # type: ignore[index]
        if isinstance(place, dict) and isinstance(place.get("name", place.get("id")), str):
            found = place.get("name", place.get("id"))
    return found


def _values(value: Any) -> list[str]:
    """Give the ways to show a value; of one that is empty, or holds one thing, what is missing."""
    ways = [json.dumps(value), repr(value)]
    if isinstance(value, dict | list):
        inner = list(value.values()) if isinstance(value, dict) else value
        ways += [json.dumps(each) for each in inner] + [repr(each) for each in value]
        ways += ["missing", "needs ", "at least one", "has 0 ", "not null", "but the array has 0"]
    return [*ways, "missing"] if value is None else ways


@pytest.mark.parametrize("key", DOCUMENTS)
def test_an_error_says_where_what_and_what_would_be_right(key: str) -> None:
    """Whatever member is left out or strange; what is read all the same has another meaning."""
    refused, complaints = 0, []
    with warnings.catch_warnings(action="ignore"):
        for case in malformed(key):
            text = failure(case)
            if text is None:
                continue
            refused += 1
            lacking = lacks(case, text)
            if lacking:
                what = "left out" if case.value is MISSING else json.dumps(case.value)
                complaints.append(f"{case.path} {what}: lacks {', '.join(lacking)}: {text}")

    assert refused > 5
    assert not complaints, "\n".join(complaints)

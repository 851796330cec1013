"""Every case of the corpus is read as the specification says, or refused as it says."""

from __future__ import annotations

import warnings
from collections import defaultdict

import pytest
from report import tell

from conformance.corpus import Case, Group, Refusal, all_cases
from conformance.judge import complaint, opened, outcome
from conformance.not_yet import NOT_YET
from zarrpy.errors import ZarrError
from zarrpy.metadata import json, v2, v3

Cases = dict[str, Case]


CASES = all_cases()
LISTED = [name for names in NOT_YET.values() for name in names]
PENDING = {name: case for name, case in CASES.items() if name in LISTED}
SETTLED: dict[str, Cases] = defaultdict(dict)
ARRAYS: dict[str, Cases] = defaultdict(dict)
for _name, _case in CASES.items():
    _family = _name.partition(":")[0]
    if _name not in PENDING:
        SETTLED[_family][_name] = _case
        if not isinstance(_case.expected, Refusal | Group) and not _case.path:
            ARRAYS[_family][_name] = _case


def told(complaints: dict[str, str | None]) -> str:
    """Give all complaints of a family, one a line."""
    return "\n".join(f"{name}: {text}" for name, text in complaints.items() if text is not None)


def test_the_corpus_is_large_and_its_count_is_told() -> None:
    """An empty folder would let every test below pass."""
    refusals = sum(isinstance(case.expected, Refusal) for case in CASES.values())
    families = {name.partition(":")[0] for name in CASES}
    count = (
        f"corpus: {len(CASES)} cases of {len(families)} families, {len(CASES) - refusals} to be "
        f"read and {refusals} to be refused; {len(PENDING)} need what is not there yet"
    )
    tell("conformance with the specifications", [count])

    assert len(CASES) > 1000
    assert len(families) >= 10


@pytest.mark.parametrize("family", SETTLED)
def test_a_case_is_read_or_refused_as_the_specification_says(family: str, body: str) -> None:
    """Elements to the bit, members of groups, and errors that name what is wrong."""
    complaints = {name: complaint(case, outcome(case)) for name, case in SETTLED[family].items()}

    assert not told(complaints)


def test_a_case_that_needs_a_missing_feature_is_refused() -> None:
    """Nothing is read wrongly, and the list of such cases never is longer than it has to be."""
    complaints: dict[str, str | None] = {}
    for name in (name for names in NOT_YET.values() for name in names):
        found = outcome(CASES[name])
        if complaint(CASES[name], found) is None:
            complaints[name] = "it works; run tests/conformance/shrink.py"
        elif not isinstance(found, ZarrError):
            complaints[name] = f"neither refused nor right: {found!r}"

    assert not told(complaints)


def test_a_case_is_listed_once() -> None:
    """What is listed is there, so that no typing error hides a case."""
    assert len(LISTED) == len(set(LISTED)) == len(PENDING)


@pytest.mark.parametrize("family", ARRAYS)
def test_a_document_that_is_read_is_written_as_it_was(family: str) -> None:
    """Spelling, unknown members and the order of all members stay."""
    complaints = {name: changed(case) for name, case in ARRAYS[family].items()}

    assert not told(complaints)


def changed(case: Case) -> str | None:
    """Say what becomes of the documents of a case that are read and written; None if nothing."""
    documents = {
        name: json.loads(value, path=name)
        for name, value in case.stored.items()
        if name in ("zarr.json", ".zarray", ".zattrs")
    }
    with warnings.catch_warnings(action="ignore"):
        if "zarr.json" in documents:
            written = v3.dump(v3.parse(documents["zarr.json"], ""))
        else:
            written = v2.dump(v2.parse(documents[".zarray"], documents.get(".zattrs"), ""))
    same = all(
        list(document.items()) == list(documents[name].items())
        for name, document in written.items()
    )
    return None if same else f"written as {written}"


@pytest.mark.parametrize("family", ARRAYS)
def test_what_is_read_can_be_written_and_read_again(family: str, body: str) -> None:
    """Elements go through the codecs of the document in both directions."""
    complaints = {name: rewritten(case) for name, case in ARRAYS[family].items()}

    assert not told(complaints)


def rewritten(case: Case) -> str | None:
    """Say what becomes of elements that are read, written and read; None if nothing."""
    store = dict(case.stored)
    try:
        array = opened(case, store, "r+")
        array[...] = array[...]
        return complaint(case, array[...])
    except ZarrError as error:
        return f"{type(error).__name__}: {error}"

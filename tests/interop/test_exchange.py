"""Every data type through every codec, both formats, both directions, bit for bit."""

from __future__ import annotations

from functools import cache

import pytest

from interop import kept
from interop.cases import all_cases
from interop.defects import DEFECTS, defects_of, needs_reason
from interop.exchange import Outcome
from interop.results import ONLY_V2, PEERS, Results

#: Cases are judged together by format and codec or topic.
GROUPS = sorted({case.name.rpartition("/")[0] for case in all_cases()})
V2_GROUPS = [group for group in GROUPS if group.startswith("v2")]

PAIRS = [(peer, group) for peer in PEERS for group in (V2_GROUPS if peer in ONLY_V2 else GROUPS)]

kept_of = cache(kept.load)


def members(outcome: Outcome, group: str) -> Outcome:
    """Return the part of an outcome that belongs to a group."""
    return {name: error for name, error in outcome.items() if name.rpartition("/")[0] == group}


def complaints(peer: str, direction: str, outcome: Outcome, pinned: bool) -> list[str]:
    """Compare an outcome with what is kept of the pinned versions; others may refuse more."""
    expected = kept_of(peer).failures[direction]
    found = []
    for name, error in outcome.items():
        known = expected.get(name, "")
        if not pinned and direction != "written":
            continue
        if error and kept.words(error) != known:
            found.append(f"{name}: {error}, kept is: {known or 'it works'}")
        if not error and known and pinned:
            found.append(f"{name}: works now, kept is: {known}; run tools/interoperability.py")
    return found


@pytest.mark.peers
@pytest.mark.parametrize("group", GROUPS)
def test_zarrpy_writes_and_reads_back_every_array(results: Results, group: str) -> None:
    """No data type, codec, fill value or shape of the exchange is beyond zarrpy itself."""
    written = members(results.zarrpy.outcomes["writes"], group)

    read_back = members(results.zarrpy.outcomes["reads back"], group)

    assert written
    assert not {name: error for name, error in (written | read_back).items() if error}


@pytest.mark.peers
@pytest.mark.parametrize(("peer", "group"), PAIRS)
def test_a_peer_reads_what_zarrpy_wrote(results: Results, peer: str, group: str) -> None:
    """A peer reads zarrpy's arrays bit for bit, or refuses in the words that are kept."""
    record = results.of(peer)

    outcome = members(record.outcomes["reads"], group)

    assert complaints(peer, "reads", outcome, record.pinned) == []


@pytest.mark.peers
@pytest.mark.parametrize(("peer", "group"), PAIRS)
def test_zarrpy_reads_what_a_peer_wrote(results: Results, peer: str, group: str) -> None:
    """Whatever a peer writes, zarrpy reads bit for bit."""
    record = results.of(peer)

    refused = complaints(peer, "writes", members(record.outcomes["writes"], group), record.pinned)
    misread = complaints(peer, "written", members(record.outcomes["written"], group), record.pinned)

    assert refused + misread == []


@pytest.mark.parametrize("peer", PEERS)
def test_every_wrong_value_has_its_reason(peer: str) -> None:
    """A peer may refuse in its own words; values that differ are explained by hand."""
    failures = kept_of(peer).failures
    wrong = [
        (direction, name)
        for direction, found in failures.items()
        for name, error in found.items()
        if needs_reason(direction, error)
    ]

    unexplained = [
        each for each in wrong if not any(defect.covers(*each) for defect in defects_of(peer))
    ]
    idle = [
        defect for defect in defects_of(peer) if not any(defect.covers(*each) for each in wrong)
    ]

    assert unexplained == []
    assert idle == []


def test_a_reason_covers_no_case_that_goes_well() -> None:
    """A pattern that is too wide would hide what works."""
    wide = [
        (defect.peer, name)
        for defect in DEFECTS
        for name in kept_of(defect.peer).names()
        if defect.covers(defect.direction, name)
        and kept_of(defect.peer).passed(defect.direction, name)
    ]

    assert wide == []


@pytest.mark.parametrize("peer", PEERS)
def test_what_is_kept_names_cases_that_are_exchanged(peer: str) -> None:
    """A failure of a case that is no more is an error of the kept results."""
    names = set(kept_of(peer).names())

    stale = [
        name for found in kept_of(peer).failures.values() for name in found if name not in names
    ]

    assert stale == []

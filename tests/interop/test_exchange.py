"""Every data type through every codec, both formats, both directions, bit for bit."""

from __future__ import annotations

import pytest

from interop.cases import all_cases
from interop.exchange import Outcome
from interop.limits import LIMITS, limits_of
from interop.results import PEERS, Results

#: Cases are judged together by format and codec or topic.
GROUPS = sorted({case.name.rpartition("/")[0] for case in all_cases()})
V2_GROUPS = [group for group in GROUPS if group.startswith("v2")]

PAIRS = [(peer, group) for peer in PEERS for group in (V2_GROUPS if peer == "zarr 2" else GROUPS)]

pytestmark = pytest.mark.peers


def members(outcome: Outcome, group: str) -> Outcome:
    """Return the part of an outcome that belongs to a group."""
    return {name: error for name, error in outcome.items() if name.startswith(f"{group}/")}


def complaints(peer: str, direction: str, outcome: Outcome, pinned: bool) -> list[str]:
    """Compare an outcome with the table of limits; the table is of the pinned versions."""
    found = []
    for name, error in outcome.items():
        limits = limits_of(peer, direction, name, pinned)
        if error and not any(limit.error in error or not pinned for limit in limits):
            found.append(f"{name}: {error}")
        if not error and limits and pinned:
            found.append(f"{name}: listed as a limit, but it works now; take it off the table")
    return found


@pytest.mark.parametrize("group", GROUPS)
def test_zarrpy_writes_and_reads_back_every_array(results: Results, group: str) -> None:
    """No data type, codec, fill value or shape of the exchange is beyond zarrpy itself."""
    written = members(results.zarrpy.outcomes["writes"], group)

    read_back = members(results.zarrpy.outcomes["reads back"], group)

    assert written
    assert not {name: error for name, error in (written | read_back).items() if error}


@pytest.mark.parametrize(("peer", "group"), PAIRS)
def test_a_peer_reads_what_zarrpy_wrote(results: Results, peer: str, group: str) -> None:
    """A peer reads zarrpy's arrays bit for bit, or refuses as the table of limits says."""
    record = results.of(peer)

    outcome = members(record.outcomes["reads"], group)

    assert complaints(peer, "reads", outcome, record.pinned) == []


@pytest.mark.parametrize(("peer", "group"), PAIRS)
def test_zarrpy_reads_what_a_peer_wrote(results: Results, peer: str, group: str) -> None:
    """Whatever a peer writes, zarrpy reads bit for bit."""
    record = results.of(peer)

    refused = complaints(peer, "writes", members(record.outcomes["writes"], group), record.pinned)
    misread = complaints(peer, "written", members(record.outcomes["written"], group), record.pinned)

    assert refused + misread == []


@pytest.mark.parametrize("peer", PEERS)
def test_every_limit_in_the_table_covers_an_array(peer: str) -> None:
    """A limit whose patterns match no case says nothing and is an error of the table."""
    names = [case.name for case in all_cases()]

    idle = [limit for limit in LIMITS if limit.peer == peer and not any(map(limit.covers, names))]

    assert idle == []

"""What zarrpy and its peers did with the arrays of one exchange."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
from peers import adapters, environments
from peers.client import Peer

from interop.exchange import Exchange, Outcome

#: Every peer of the exchange; strict, so that zarrs does not hand work to zarr-python.
PEERS = (
    *("zarr-python", "zarr 2", "tensorstore", "zarrs-python strict", "zarrista"),
    *("z5py", "GDAL", "netCDF-C", "zarrita"),
)
#: Peers that know the v2 format only.
ONLY_V2 = ("zarr 2", "netCDF-C")


@dataclass
class Record:
    """What one library did."""

    versions: dict[str, str]
    pinned: bool
    outcomes: dict[str, Outcome]


@dataclass
class Results:
    """What zarrpy did, and what each peer did or why it could not take part."""

    zarrpy: Record
    peers: dict[str, Record | Exception]

    def of(self, peer: str) -> Record:
        """Return a peer's record; skip the test where the peer cannot be had here."""
        record = self.peers[peer]
        if isinstance(record, environments.EnvironmentMissingError):
            pytest.skip(str(record))
        if isinstance(record, Exception):
            raise record
        return record

    def summary(self) -> list[str]:
        """Return a line for each library: how many arrays went each way."""
        lines = [line("zarrpy", self.zarrpy)]
        for name, record in self.peers.items():
            lines.append(line(name, record) if isinstance(record, Record) else f"{name}: {record}")
        return lines


def hold(exchange: Exchange, peers: tuple[str, ...] = PEERS) -> Results:
    """Exchange every case with every peer, two peers at a time."""
    with Peer("zarrpy") as zarrpy:
        versions = zarrpy.versions()
        written = exchange.write(zarrpy)
        read_back = exchange.read(zarrpy, "zarrpy", written)
    own = Record(versions, True, {"writes": written, "reads back": read_back})
    with ThreadPoolExecutor(2) as pool:
        records = list(pool.map(lambda name: attend(name, exchange, written), peers))
    return Results(own, dict(zip(peers, records, strict=True)))


def attend(name: str, exchange: Exchange, written: Outcome) -> Record | Exception:
    """Let one peer read, then write, then zarrpy read; an exception is returned."""
    try:
        mine = exchange.for_formats((2,) if name in ONLY_V2 else (2, 3))
        with Peer(name) as peer, Peer("zarrpy") as zarrpy:
            versions = peer.versions()
            outcomes = {"reads": mine.read(peer, "zarrpy", written), "writes": mine.write(peer)}
            outcomes["written"] = mine.read(zarrpy, name, outcomes["writes"])
        return Record(versions, environments.is_pinned(adapters.ENVIRONMENT_OF[name]), outcomes)
    except (environments.EnvironmentMissingError, OSError) as error:
        return error


LABELS = {"reads": "reads zarrpy's", "written": "zarrpy reads its"}


def line(name: str, record: Record) -> str:
    """Return one line of the summary."""
    counts = ", ".join(
        f"{LABELS.get(direction, direction)} {sum(not error for error in outcome.values())}"
        f"/{len(outcome)}"
        for direction, outcome in record.outcomes.items()
    )
    versions = " ".join(f"{key} {value}" for key, value in record.versions.items())
    return f"{name}: {counts} ({versions})"

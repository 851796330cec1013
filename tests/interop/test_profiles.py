"""Whatever a writer profile lets through, its reader reads; and what it reads is let through."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from peers import environments
from peers.client import Peer

from interop.profile_cells import READERS, Cell, options, written

pytestmark = pytest.mark.peers

#: What a reader reads though its profile refuses it: the profile, patterns of names, and why.
READ_ALL_THE_SAME = (
    ("zarr-*", "v?/blosc of snappy, bitshuffle/*", "these chunks are too small to be compressed"),
    ("zarr-*", "v?/numcodecs.delta/*time*", "not every sum of dates and durations overflows"),
    ("zarr-*", "v2/categorize/string", "they are read where there is one, or none"),
    ("zarr-python-3.0", "v3/numcodecs.bitround/*", "it reads some that it does not write"),
    ("zarr-python-3.0", "v3/sharding_indexed, nested/*", "some shards are read as a whole"),
    ("tensorstore", "v?/*/r*", "its elements of bytes have an axis more"),
)  # fmt: skip


def read(cells: list[Cell], reader: str) -> dict[str, str]:
    """Have a reader read all cells; give its error by name, empty where it reads the same bits."""
    try:
        with Peer(reader) as peer:
            jobs = [{"path": str(each.path), "elements": str(each.elements)} for each in cells]
            answers = peer.ask("read_bits", jobs)
    except environments.InterpreterMissingError as error:
        pytest.skip(str(error))
    return {
        cell.name: "" if answer["ok"] else answer["error"]
        for cell, answer in zip(cells, answers, strict=True)
    }


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Cell]]:
    """Every data type plain, and some of them through every codec."""
    root = tmp_path_factory.mktemp("profiles")
    yield list(written(root, "odd", whole=False))
    shutil.rmtree(root, ignore_errors=True)


def complaints(cells: list[Cell], profile: str) -> list[str]:
    """Compare what a profile lets through with what its reader reads."""
    found = []
    for name, error in (outcome := read(cells, READERS[profile])).items():
        cell = next(each for each in cells if each.name == name)
        refusal = cell.refusal(profile)
        if refusal is None and error:
            found.append(f"{name} is let through, and is not read: {error}")
        elif refusal is not None and not error and not listed(profile, name):
            found.append(f"{name} is read, and is refused: {refusal}")
    assert any(not error for error in outcome.values())
    return found


def listed(profile: str, name: str) -> bool:
    """Whether it is known that a profile refuses what its reader may read."""
    return any(
        fnmatchcase(profile, profiles) and fnmatchcase(name, names)
        for profiles, names, _ in READ_ALL_THE_SAME
    )


@pytest.mark.parametrize("profile", READERS)
def test_a_profile_is_what_its_reader_reads(cells: list[Cell], profile: str) -> None:
    """Bit for bit, and no less, but for what is listed."""
    assert not "\n".join(complaints(cells, profile))


@pytest.mark.parametrize("profile", READERS)
def test_a_profile_knows_what_parameters_its_reader_takes(tmp_path: Path, profile: str) -> None:
    """Names alone do not tell: a level, a size, filters that are compressors."""
    assert not "\n".join(complaints(list(options(tmp_path)), profile))


@pytest.mark.long
@pytest.mark.parametrize("layout", ["odd", "order F", "one element"])
def test_a_profile_is_what_its_reader_reads_of_every_pair(tmp_path: Path, layout: str) -> None:
    """All data types through all codecs, in chunks of several forms."""
    every = list(written(tmp_path, layout, whole=True))

    told = {profile: complaints(every, profile) for profile in READERS}

    assert not "\n".join(each for found in told.values() for each in found)

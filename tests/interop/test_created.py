"""Arrays as the keywords of `create_array` make them, opened by other implementations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.client import Peer
from peers.environments import EnvironmentMissingError

import zarrpy
from interop.results import ONLY_V2, PEERS

pytestmark = pytest.mark.peers

VALUES = np.arange(60, dtype="i4").reshape(6, 10)
RAW = np.arange(240, dtype="u1").view("V4").reshape(6, 10)
CREATED: dict[str, dict[str, Any]] = {
    "v2/default": {"zarr_format": 2},
    "v2/zstd": {"zarr_format": 2, "compressors": "zstd"},
    "v2/zstd:3": {"zarr_format": 2, "compressors": "zstd:3"},
    "v2/zstd:3:false": {"zarr_format": 2, "compressors": "zstd:3:false"},
    "v2/blosc": {"zarr_format": 2, "compressors": "blosc"},
    "v3/default": {},
    "v3/zstd:3": {"compressors": "zstd:3"},
    "v3/bytes without a type": {"data": RAW},
}
# What a peer does not read of these, in its own words; the rest it reads.
REFUSED = {
    # zarrs calls bytes without a type by the name of the specification
    "zarrista": {"v3/bytes without a type": "raw_bytes is not supported"},
    "zarrs-python strict": {"v3/bytes without a type": "UnsupportedMetadataError"},
    # an axis of their own
    "tensorstore": {"v3/bytes without a type": "Different"},
    "z5py": {
        "v3/default": "unsupported zarr v3 codec: crc32c",
        "v3/bytes without a type": "type must be string, but is object",
    },
    "GDAL": {
        "v3/default": "Unsupported codec: crc32c",
        "v3/bytes without a type": "Invalid or unsupported format for data_type",
    },
    "zarrita": {"v3/bytes without a type": "dataType.match is not a function"},
}


@pytest.mark.parametrize("library", PEERS)
def test_a_peer_opens_what_a_program_creates(tmp_path: Path, library: str) -> None:
    """Without a word about other readers; values are compared bit for bit."""
    names = [name for name in CREATED if library not in ONLY_V2 or "v2" in name]
    jobs = []
    for number, name in enumerate(names):
        keywords = {"data": VALUES, "chunks": (4, 5), **CREATED[name]}
        zarrpy.create_array(tmp_path / f"{number}", **keywords)
        np.save(tmp_path / f"{number}.npy", keywords["data"])
        jobs.append(
            {"path": str(tmp_path / f"{number}"), "values": f"{tmp_path / str(number)}.npy"}
        )

    try:
        with Peer(library) as peer:
            answers = peer.ask("read", jobs)
    except EnvironmentMissingError as error:
        pytest.skip(str(error))

    found = {name: answer.get("error", "") for name, answer in zip(names, answers, strict=True)}
    expected = {name: REFUSED.get(library, {}).get(name, "") for name in names}
    assert {name: bool(error) for name, error in found.items()} == {
        name: bool(error) for name, error in expected.items()
    }, found
    assert all(expected[name] in error for name, error in found.items()), found

"""Arrays that have grown and shrunk, as other implementations read them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.client import Peer
from peers.environments import InterpreterMissingError

import zarrpy

pytestmark = pytest.mark.peers

KINDS: dict[str, dict[str, Any]] = {
    "v2": {"zarr_format": 2, "chunks": (4, 3)},
    "v3": {"chunks": (4, 3)},
    "shards": {"chunks": (2, 3), "shards": (4, 6)},
}


def change(array: zarrpy.Array, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Shrink, grow, append along both axes and discard; NumPy does the same."""
    array.resize((5, 7))
    array.resize((7, 10))
    expected = np.full((7, 10), 9, values.dtype)
    expected[:5, :7] = values[:5, :7]
    array.append(values[:6])
    expected = np.concatenate([expected, values[:6]])
    array.append(np.arange(26).reshape(13, 2), axis=1)
    expected = np.hstack([expected, np.arange(26, dtype=values.dtype).reshape(13, 2)])
    array.discard(np.s_[2:9, 1:8])
    expected[2:9, 1:8] = 9
    return expected


@pytest.mark.parametrize("library", ["zarr-python", "tensorstore"])
def test_a_peer_reads_what_has_grown_and_shrunk(tmp_path: Path, library: str) -> None:
    """Bit for bit, in chunks and shards of both formats; what NumPy has is the oracle."""
    jobs = []
    for name, keywords in KINDS.items():
        values = np.arange(60, dtype="i4").reshape(6, 10)
        array = zarrpy.create_array(tmp_path / name, data=values, fill_value=9, **keywords)
        expected = change(array, values)
        assert np.array_equal(array[...], expected)
        np.save(tmp_path / f"{name}.npy", expected)
        jobs.append({"path": str(tmp_path / name), "values": str(tmp_path / f"{name}.npy")})

    try:
        with Peer(library) as peer:
            peer.versions()
            answers = peer.ask("read", jobs)
    except InterpreterMissingError as error:
        pytest.skip(str(error))

    assert [answer.get("error", "") for answer in answers] == [""] * len(KINDS)

"""Arrays as the keywords of `create_array` make them, opened by other implementations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from peers.client import Peer
from peers.environments import InterpreterMissingError

import zarrpy
from interop.results import PEERS

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
# zarrs, the library in two of these, calls bytes without a type by the name of the specification;
# tensorstore gives them an axis of their own.
REFUSED = {
    ("zarrista", "v3/bytes without a type"): "raw_bytes is not supported",
    ("zarrs-python strict", "v3/bytes without a type"): "UnsupportedMetadataError",
    ("tensorstore", "v3/bytes without a type"): "Different",
}


PAIRS = [
    (library, name) for library in PEERS for name in CREATED if library != "zarr 2" or "v2" in name
]


@pytest.mark.parametrize(("library", "name"), PAIRS)
def test_a_peer_opens_what_a_program_creates(tmp_path: Path, library: str, name: str) -> None:
    """Without a word about other readers; values are compared bit for bit."""
    keywords = {"data": VALUES, "chunks": (4, 5), **CREATED[name]}
    zarrpy.create_array(tmp_path / "array", **keywords)
    np.save(tmp_path / "values.npy", keywords["data"])
    job = {"path": str(tmp_path / "array"), "values": str(tmp_path / "values.npy")}

    try:
        with Peer(library) as peer:
            peer.versions()
            (answer,) = peer.ask("read", [job])
    except InterpreterMissingError as error:
        pytest.skip(str(error))

    expected = REFUSED.get((library, name), "")
    assert expected in answer.get("error", "")
    assert answer["ok"] == (expected == "")

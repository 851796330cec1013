"""Chunks of the codec ``n5_default`` are blocks of N5: libraries that know N5 read them as such."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from peers import environments

import zarrpy

pytestmark = pytest.mark.peers

VALUES = np.arange(7 * 5, dtype="i4").reshape(7, 5) * 1001 - 17
CHUNKS = (4, 2)
COMPRESSIONS = {
    "raw": (None, {"type": "raw"}),
    "gzip": (
        {"name": "gzip", "configuration": {"level": 1}},
        {"type": "gzip", "level": 1, "useZlib": False},
    ),
}
READ = {
    "tensorstore": """
import sys, numpy, tensorstore
spec = {"driver": "n5", "kvstore": {"driver": "file", "path": sys.argv[1]}}
found = tensorstore.open(spec, read=True).result().read().result()
numpy.save(sys.argv[2], found)
""",
    "z5py": """
import sys, os, numpy, z5py
folder, name = os.path.split(sys.argv[1])
numpy.save(sys.argv[2], z5py.File(folder, use_zarr_format=False, mode="r")[name][...].T)
""",
}
WRITE = """
import sys, json, numpy, tensorstore
values = numpy.load(sys.argv[2])
spec = {"driver": "n5", "kvstore": {"driver": "file", "path": sys.argv[1]}, "create": True,
        "metadata": json.loads(sys.argv[3])}
tensorstore.open(spec).result().write(values).result()
"""


def attributes(compression: dict[str, object]) -> dict[str, object]:
    """Write the metadata of N5: axes are those of the array, the first the fastest in a block."""
    return {
        "dimensions": list(VALUES.shape),
        "blockSize": list(CHUNKS),
        "dataType": "int32",
        "compression": compression,
    }


def run(peer: str, code: str, *arguments: object) -> None:
    """Run a few lines in the environment of a peer."""
    try:
        python = environments.ensure(peer)
    except environments.EnvironmentMissingError as error:
        pytest.skip(str(error))
    command = [str(python), "-c", code, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def array(place: Path, codec: dict[str, object] | None) -> zarrpy.Array:
    """Make the array whose chunks are blocks."""
    inner = [
        {"name": "transpose", "configuration": {"order": [1, 0]}},
        {"name": "bytes", "configuration": {"endian": "big"}},
        *([] if codec is None else [codec]),
    ]
    serializer = {"name": "n5_default", "configuration": {"codecs": inner}}
    return zarrpy.create_array(
        place,
        shape=VALUES.shape,
        dtype="i4",
        chunks=CHUNKS,
        serializer=serializer,
        compressors=None,
        overwrite=True,
    )


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("peer", READ)
def test_a_library_reads_chunks_as_blocks(tmp_path: Path, peer: str, compression: str) -> None:
    """Under the keys of N5, with metadata of N5 beside them."""
    codec, told = COMPRESSIONS[compression]
    array(tmp_path / "a.zarr", codec)[...] = VALUES
    blocks = tmp_path / "a"
    for row in range(2):
        for column in range(3):
            block = blocks / f"{row}" / f"{column}"
            block.parent.mkdir(parents=True, exist_ok=True)
            block.write_bytes((tmp_path / "a.zarr" / "c" / f"{row}" / f"{column}").read_bytes())
    (blocks / "attributes.json").write_text(json.dumps(attributes(told)))
    (tmp_path / "attributes.json").write_text('{"n5": "2.0.0"}')

    run(peer, READ[peer], blocks, tmp_path / "found.npy")

    found = np.load(tmp_path / "found.npy")
    assert (found == VALUES).all()


@pytest.mark.parametrize("compression", COMPRESSIONS)
def test_blocks_of_a_library_are_read_as_chunks(tmp_path: Path, compression: str) -> None:
    """Those at the edge are cut off, or not, as the library has it."""
    codec, told = COMPRESSIONS[compression]
    np.save(tmp_path / "values.npy", VALUES)
    run(
        "tensorstore", WRITE, tmp_path / "n5", tmp_path / "values.npy", json.dumps(attributes(told))
    )
    made = array(tmp_path / "a.zarr", codec)
    for row in range(2):
        for column in range(3):
            chunk = tmp_path / "a.zarr" / "c" / f"{row}" / f"{column}"
            chunk.parent.mkdir(parents=True, exist_ok=True)
            chunk.write_bytes((tmp_path / "n5" / f"{row}" / f"{column}").read_bytes())

    assert (made[...] == VALUES).all()

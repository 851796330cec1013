"""Elements that may be missing: zarrs reads which are there, and their values."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from peers import environments

import zarrpy

pytestmark = pytest.mark.peers

READ = """
import json, sys, numpy, zarrista
from zarrista.store import FilesystemStore

found = zarrista.Array.open(FilesystemStore(sys.argv[1]), "/")[...]
values = numpy.frombuffer(found.data.buffer(), sys.argv[2])
mask = found.mask.to_numpy()
print(json.dumps([value if there else None for value, there in zip(values.tolist(), mask)]))
"""


@pytest.mark.parametrize(
    ("name", "code", "elements"),
    [
        ("int32", "<i4", [1, None, 3, None, -7]),
        ("float64", "<f8", [None, 0.5, -0.25, 1e300, None]),
        ("uint8", "u1", [None, None, None, None, 255]),
    ],
)
def test_zarrs_reads_what_may_be_missing(
    tmp_path: Path, name: str, code: str, elements: list[object]
) -> None:
    """In chunks of which one reaches beyond the array, and one may not be stored."""
    dtype = {"name": "zarrs.optional", "configuration": {"name": name, "configuration": {}}}
    zarrpy.create_array(tmp_path, data=elements, dtype=dtype, chunks=2, compressors="zstd")
    try:
        python = environments.ensure("zarrista")
    except environments.EnvironmentMissingError as error:
        pytest.skip(str(error))

    command = [str(python), "-c", READ, str(tmp_path), code]
    run = subprocess.run(command, capture_output=True, text=True, check=False)

    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout) == elements

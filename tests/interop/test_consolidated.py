"""Consolidated metadata, written by one library and read by another, in both formats."""

from __future__ import annotations

import subprocess
import textwrap
from pathlib import Path

import numpy as np
import pytest
from peers import environments
from peers.adapters import ENVIRONMENT_OF

import zarrpy

pytestmark = pytest.mark.peers

PAIRS = [("zarr-python", 3), ("zarr-python", 2), ("zarr 2", 2)]

WRITE = """
import sys, warnings, numpy, zarr
warnings.simplefilter("ignore")
options = {"zarr_format": int(sys.argv[2])} if zarr.__version__ >= "3" else {}
root = zarr.open_group(sys.argv[1], mode="w", **options)
root.attrs["title"] = "from a peer"
values = numpy.arange(12).reshape(3, 4)
make = root.create_array if zarr.__version__ >= "3" else root.create_dataset
make("a", data=values)
make("below/b", data=values * 2)
root["below/b"].attrs["units"] = "m"
zarr.consolidate_metadata(sys.argv[1])
"""

READ = """
import sys, warnings, zarr
warnings.simplefilter("ignore")
root = zarr.open_consolidated(sys.argv[1], mode="r")
assert root.attrs["title"] == "changed", dict(root.attrs)
assert sorted(root) == ["a", "below", "new"], sorted(root)
assert dict(root["below/b"].attrs) == {"units": "km"}
assert int(root["below/b"][...].sum()) == 132
assert root["new/c"][...].tolist() == [1, 2, 3]
"""


def ask(peer: str, code: str, *arguments: str) -> None:
    """Run a few lines in the environment of a peer."""
    try:
        python = environments.ensure(ENVIRONMENT_OF[peer])
    except environments.EnvironmentMissingError as error:
        pytest.skip(str(error))
    done = subprocess.run(
        [str(python), "-c", textwrap.dedent(code), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def change(root: zarrpy.Group) -> None:
    """Change what a peer will look for."""
    root.attrs["title"] = "changed"
    root["below/b"].attrs["units"] = "km"
    root.create_array("new/c", data=[1, 2, 3])


@pytest.mark.parametrize(("peer", "zarr_format"), PAIRS)
def test_what_a_peer_consolidated_is_used_and_kept_true(
    peer: str, zarr_format: int, tmp_path: Path
) -> None:
    """After changes by zarrpy the peer sees them through its consolidated metadata."""
    path = str(tmp_path / "x")
    ask(peer, WRITE, path, str(zarr_format))
    root = zarrpy.open_consolidated(path)
    assert zarrpy.verify_consolidated(path) == ()
    assert dict(root["below/b"].attrs) == {"units": "m"}

    change(root)

    assert zarrpy.verify_consolidated(path) == ()
    ask(peer, READ, path)


@pytest.mark.parametrize(("peer", "zarr_format"), PAIRS)
def test_a_peer_uses_what_zarrpy_consolidated(peer: str, zarr_format: int, tmp_path: Path) -> None:
    """Made, and then kept true through changes."""
    path = str(tmp_path / "x")
    root = zarrpy.create_group(path, zarr_format=zarr_format, attributes={"title": "ours"})
    values = np.arange(12).reshape(3, 4)
    root.create_array("a", data=values)
    root.create_array("below/b", data=values * 2, attributes={"units": "m"})
    zarrpy.consolidate_metadata(path)

    change(root)

    ask(peer, READ, path)

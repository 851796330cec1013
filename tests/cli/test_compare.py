"""``zarrpy checksum`` and ``zarrpy diff``."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import zarrpy

Run = Callable[..., subprocess.CompletedProcess[str]]


def test_a_digest_is_that_of_the_library(run: Run, hierarchy: Path) -> None:
    """Of the content, or of the stored tree."""
    for options, kind in (((), "content"), (("--tree",), "tree")):
        found = run("checksum", *options, hierarchy.name)

        assert found.stdout.split() == [zarrpy.checksum(hierarchy, kind=kind), hierarchy.name]
        assert (found.returncode, found.stderr) == (0, "")


def test_the_same_is_exit_code_0_and_a_difference_is_1(run: Run, hierarchy: Path) -> None:
    """With a line for each."""
    copy = hierarchy.with_name("copy.zarr")
    shutil.copytree(hierarchy, copy)
    assert run("diff", hierarchy.name, copy.name).returncode == 0

    zarrpy.open(copy)["t2m"].attrs["unit"] = "K"
    text = run("diff", hierarchy.name, copy.name)
    document = run("diff", "--json", "--metadata", hierarchy.name, copy.name)

    assert text.returncode == document.returncode == 1
    assert text.stdout.startswith("/t2m: attributes: ")
    assert [change["path"] for change in json.loads(document.stdout)] == ["t2m"]

"""Tests of what a process imports before the first use of an array is done."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest

import zarrpy

#: What takes long to import, and what a local array can do without.
HEAVY = {
    "asyncio", "bz2", "concurrent", "csv", "ctypes", "decimal", "difflib", "email", "fractions",
    "fsspec", "hashlib", "hmac", "html", "http", "importlib.metadata", "importlib.resources",
    "logging", "lzma", "multiprocessing", "numpy.testing", "numpy.typing", "obstore", "pdb",
    "queue", "random", "secrets", "select", "selectors", "shutil", "signal", "socket", "sqlite3",
    "ssl", "statistics", "subprocess", "tarfile", "tempfile", "unicodedata", "unittest",
    "urllib.request", "uuid", "xml", "zarr", "zipfile",
}  # fmt: skip

#: Names the modules that a statement imports and that NumPy had not imported.
TOLD = """
import json, sys
{before}
before = set(sys.modules)
{use}
print(json.dumps(sorted(set(sys.modules) - before)))
"""

OPENED = "import zarrpy; value = zarrpy.open(sys.argv[1])[1, 1]; assert value == 11"
CREATED = """
import zarrpy
array = zarrpy.create_array(sys.argv[1] + ".new", shape=(4, 10), chunks=(2, 5), dtype="i4")
array[...] = 1
array[1:3, 4] = 2
"""

FORMS = [
    pytest.param({}, id="plain"),
    pytest.param({"shards": (4, 10), "compressors": "zstd"}, id="sharded"),
    pytest.param({"zarr_format": 2, "compressors": "blosc"}, id="v2"),
]


def imported(before: str, use: str, *arguments: object) -> set[str]:
    """Names of the modules that the use imports in a process of its own."""
    code = TOLD.format(before=before, use=use)
    command = [sys.executable, "-c", code, *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))


def heavy(names: set[str]) -> set[str]:
    """Those that are heavy, or parts of what is."""
    return {name for name in names if any(f"{name}.".startswith(f"{each}.") for each in HEAVY)}


def test_importing_the_package_imports_no_more_than_itself():
    """Who only has it in a list of imports does not pay for it, nor for NumPy."""
    found = imported("", "import zarrpy")

    assert "zarrpy" in found
    assert heavy(found) == set()
    assert {name for name in found if name.startswith(("numpy", "zarrpy."))} == set()


@pytest.mark.parametrize("form", FORMS)
def test_opening_and_reading_a_local_array_imports_nothing_heavy(tmp_path, form):
    """What other stores, plug-ins and coroutines need is imported when there are some."""
    zarrpy.create_array(
        tmp_path / "a", data=np.arange(40, dtype="i4").reshape(4, 10), chunks=(2, 5), **form
    )

    found = imported("import numpy", OPENED, tmp_path / "a")

    assert "zarrpy.array" in found
    assert heavy(found) == set()


def test_creating_and_writing_a_local_array_imports_nothing_heavy(tmp_path):
    """Whole chunks, and parts of some."""
    found = imported("import numpy", CREATED, tmp_path / "a")

    assert "zarrpy.creation" in found
    assert heavy(found) == set()
    assert zarrpy.open(tmp_path / "a.new")[:, 4].tolist() == [1, 2, 2, 1]


ANNOUNCED = """
import sys, zarrpy
from zarrpy.codecs.base import BytesToBytes

array = zarrpy.create_array({}, data=[1.5], dtype="float32", compressors=None)
assert array.dtype == "f4"
assert "importlib.metadata" not in sys.modules, "asked before an unknown name was met"
assert zarrpy.codecs.codecs.get("example.announced") is BytesToBytes

import pytest

for name in ("float32", "example.type"):
    with pytest.raises(ValueError, match=f"data type named '{name}' already; force=True"):
        zarrpy.metadata.dtypes._records.register(name, 1)
"""


def test_packages_are_asked_when_a_name_is_not_known(tmp_path):
    """They may not have a name that is built in; a program may not have a name of theirs."""
    package = tmp_path / "announcing-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: announcing\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        "[zarrpy.codecs]\nexample.announced = zarrpy.codecs.base:BytesToBytes\n"
        "[zarrpy.data_types]\nfloat32 = no.such:Thing\nexample.type = no.such:Thing\n"
    )
    code = f"import sys; sys.path.append({str(tmp_path)!r})\n{ANNOUNCED}"

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)

    assert run.returncode == 0, run.stderr

"""What is in the built modules: one symbol to the outside, no library to look for, licences."""

from __future__ import annotations

import importlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

import zarrpy._native

FOLDER = Path(zarrpy._native.__path__[0])
MODULES = sorted(path.name.partition(".")[0] for path in FOLDER.glob(f"*{EXTENSION_SUFFIXES[0]}"))

# What a module may want from the system it runs on.
SYSTEM = ("libc.so", "libm.so", "libpthread.so", "ld-linux", "libgcc_s.so", "libc.musl")
# Under the sanitizers their run-time libraries come along.
SANITIZERS = ("libasan.so", "libubsan.so", "libtsan.so")
# What a distributor's build shares with the rest of the system.
SHARED = ("libzstd.so", "liblz4.so", "libdeflate.so")

# Text that a library leaves in what it is linked into, and the licence that then must travel.
MARKS = {
    b"zfp version": "zfp",
    b"libdeflate": "libdeflate",
    b"zlib-ng": "zlib-ng",
}


def path_of(module: str) -> Path:
    """The file of a compiled module."""
    return Path(importlib.import_module(f"zarrpy._native.{module}").__file__)


def tool(*command: str) -> list[str]:
    """The lines that a tool of binutils prints."""
    if not sys.platform.startswith("linux") or shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is missing: install binutils, on Linux")
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()


def test_every_module_of_the_waist_is_built():
    """The tests below are about all compiled modules there are, the waist among them."""
    assert {"batch", "filters", "plan"} <= set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_only_the_init_function_is_exported(module):
    """No symbol of a linked library can meet that of another copy in the same process."""
    lines = tool("nm", "-D", "--defined-only", str(path_of(module)))
    names = {line.split()[-1] for line in lines}

    assert {name for name in names if not name.startswith("__odr_asan")} == {f"PyInit_{module}"}


@pytest.mark.parametrize("module", MODULES)
def test_no_library_is_looked_for_at_run_time(module):
    """Everything but the C library is linked statically."""
    lines = tool("readelf", "--dynamic", "--wide", str(path_of(module)))
    needed = [line.partition("[")[2].rstrip("]") for line in lines if "(NEEDED)" in line]
    expected = SYSTEM + SANITIZERS + (SHARED if os.environ.get("ZARRPY_NATIVE") == "system" else ())

    assert needed
    assert [name for name in needed if not name.startswith(expected)] == []


@pytest.mark.parametrize("module", MODULES)
def test_modules_leave_a_free_threaded_python_free(repository, module):
    """The sources that Cython made declare that they do not need the GIL."""
    beside = repository / "zarrpy" / "_native" / f"{module}.c"  # where a build for coverage puts it
    source = repository / "build" / "cython" / "zarrpy" / "_native" / f"{module}.c"
    found = [path for path in (source, beside) if path.exists()]
    if not found:
        pytest.skip(f"{source} is missing: run make build")

    # The last is what holds unless the C compiler is told otherwise.
    said = re.findall(r"define __Pyx_FREETHREADING_COMPATIBLE (\w+)", found[0].read_text("utf-8"))
    assert said[-1] == "Py_MOD_GIL_NOT_USED"


@pytest.mark.skipif(
    not sysconfig.get_config_var("Py_GIL_DISABLED"),
    reason="needs a free-threaded Python, such as python3.14t",
)
def test_importing_the_modules_leaves_the_gil_off():
    """A free-threaded Python would switch it on for a module that does not declare itself."""
    names = ", ".join(f"zarrpy._native.{module}" for module in MODULES)
    code = f"import sys, {names}; print(sys._is_gil_enabled())"

    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert run.stdout == "False\n"


def test_the_licences_of_what_is_linked_travel_in_the_wheel():
    """An installed wheel has the text of each linked library."""
    folder = path_of("batch").parent / "licenses"
    if not folder.exists():
        pytest.skip("not installed from a wheel: run make wheel")
    texts = {path.stem: path.read_text(encoding="utf-8") for path in folder.iterdir()}
    linked = path_of("steps").read_bytes()

    assert {"zstd", "lz4", "blosc", "fastlz", "libdeflate"} <= set(texts)
    assert {licence for mark, licence in MARKS.items() if mark in linked} <= set(texts)
    for name, text in texts.items():
        assert "copyright" in text.lower() or "(c)" in text.lower(), name
        assert "without" in text.lower(), name


def test_the_wheel_needs_numpy_only():
    """A plain install brings NumPy and nothing else."""
    required = importlib.metadata.requires("zarrpy") or []
    assert [line for line in required if "extra ==" not in line] == ["numpy>=2.0"]

"""The library that stands between a process and the system: built for tests, and asked."""

from __future__ import annotations

import ctypes
import errno
import os
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
#: Instead of an error: the process is killed there, or the call does half of its work.
KILL, HALF = -1, -2
#: Why the test needs Linux.
REASON = "calls are intercepted by LD_PRELOAD and names of glibc: run on Linux"


def build(folder: Path) -> Path:
    """Compile it into a folder."""
    target = folder / "shim.so"
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    flags = ["-std=gnu11", "-O1", "-shared", "-fPIC", "-o", str(target)]
    sources = [str(FOLDER / name) for name in ("shim.c", "shim_heap.c")]
    subprocess.run([*compiler, *flags, *sources, "-pthread"], check=True)
    return target


def run(shim: Path, program: str, *arguments: object) -> str:
    """Run a program of this folder with the shim before it, and return what it prints."""
    done = subprocess.run(
        [sys.executable, str(FOLDER / program), *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LD_PRELOAD": str(shim)},
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-6000:]
    return done.stdout


def loaded() -> Any:
    """Return the functions of the shim that is before this process."""
    library = ctypes.CDLL(None)
    library.shim_what.restype = ctypes.c_char_p
    library.shim_watch.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_long, ctypes.c_int]
    library.shim_allocations.argtypes = [ctypes.c_char_p, ctypes.c_long]
    library.shim_mark.argtypes = [ctypes.c_long]
    library.shim_seen.restype = library.shim_allocated.restype = ctypes.c_long
    library.shim_zeroed.restype = ctypes.c_size_t
    return library


def name_of(error: int) -> str:
    """Name an error."""
    return {KILL: "killed", HALF: "half"}.get(error) or errno.errorcode[error]

"""Environments of the peers: made once in a cache directory, pinned exactly.

Peers need different Pythons and exclude each other (zarr 2 and zarr 3 are one distribution), so
each has a virtual environment of its own.  An environment is complete when its stamp, the text of
its requirements, has been written; a stamp that differs means that it is made anew.

``python tests/peers/environments.py`` makes all of them and prints what each one holds.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from peers import interpreters

ROOT = Path(__file__).resolve().parent.parent.parent
# A copy of the tree below build/ shares the environments of the tree that it was copied from.
OWNER = ROOT.parents[2] if ROOT.parents[1].name == "build" else ROOT
#: Where environments are kept; ``ZARRPY_PEERS`` names another directory, shared by clones.
CACHE = Path(os.environ.get("ZARRPY_PEERS") or OWNER / ".venvs")
#: Variables that are about this process and would disturb another interpreter.
PRIVATE = ("PYTHONPATH", "PYTHONHOME", "PYTHONMALLOC", "LD_PRELOAD", "VIRTUAL_ENV")
HOW_TO_GET = (
    "install one (`pyenv install 3.13`, `uv python install 3.13` or the packages of your system) "
    "so that `python3.13` runs, then try again"
)


class EnvironmentMissingError(RuntimeError):
    """An environment cannot be made here; the message says how to get what is missing."""


class InterpreterMissingError(EnvironmentMissingError):
    """No Python of this machine can hold the environment."""


@dataclass(frozen=True)
class Requirements:
    """What one environment holds.

    Parameters
    ----------
    name : str
        Name of the environment.
    pins : tuple of str
        Exact requirements, dependencies included.
    python : tuple of int
        The lowest Python for which the pins exist.
    otherwise : tuple of str
        Requirements for an older Python; the newest that installs is taken. Empty: none.
    """

    name: str
    pins: tuple[str, ...]
    python: tuple[int, int] = (3, 12)
    otherwise: tuple[str, ...] = ()

    @property
    def directory(self) -> Path:
        """Where the environment is."""
        return CACHE / self.name

    @property
    def executable(self) -> Path:
        """The environment's own interpreter."""
        folder = "Scripts/python.exe" if os.name == "nt" else "bin/python"
        return self.directory / folder


ZARR3 = (
    "zarr==3.4.2",
    "numcodecs==0.17.1",
    "numpy==2.5.5",
    "donfig==0.8.1.post1",
    "google-crc32c==1.9.0",
    "msgspec==0.22.0",
    "packaging==26.3",
    "PyYAML==6.0.3",
    "typing_extensions==4.16.0",
)

ENVIRONMENTS = {
    spec.name: spec
    for spec in (
        Requirements("zarr3", (*ZARR3, "zarrs==0.2.3"), otherwise=("zarr>=3", "zarrs==0.2.3")),
        Requirements(
            "zarr30",
            (
                "zarr==3.0.10",
                "numcodecs==0.16.1",
                "numpy==2.5.5",
                "crc32c==2.9.post0",
                "donfig==0.8.1.post1",
                "packaging==26.3",
                "PyYAML==6.0.3",
                "typing_extensions==4.16.0",
            ),
            python=(3, 11),
        ),
        Requirements(
            "zarr2",
            (
                "zarr==2.18.7",
                "numcodecs==0.15.2",
                "numpy==2.5.5",
                "asciitree==1.0.0",
                "Deprecated==3.0.1",
                "fasteners==0.20",
                "wrapt==2.5.2",
            ),
            otherwise=("zarr==2.18.7", "numcodecs==0.15.*"),
        ),
        Requirements(
            "tensorstore",
            ("tensorstore==0.1.86", "numpy==2.5.5", "ml_dtypes==0.6.0"),
            otherwise=("tensorstore==0.1.86",),
        ),
        Requirements(
            "zarrista",
            (
                "zarrista==0.1.0",
                "zarr-metadata==0.6.0",
                "numpy==2.5.5",
                "typing_extensions==4.16.0",
                "annotated-types==0.8.0",
            ),
            otherwise=("zarrista==0.1.0", "numpy"),
        ),
        Requirements(
            "data",
            ("netCDF4==1.7.5.1.post1", "numpy==2.5.5", "cftime==1.6.6.1", "certifi==2026.10.18"),
            otherwise=("netCDF4", "numpy"),
        ),
    )
}


def ensure(name: str) -> Path:
    """Make an environment unless it is there, and return its interpreter.

    Raises
    ------
    EnvironmentMissingError
        No interpreter fits, or the installation failed.
    """
    spec = ENVIRONMENTS[name]
    python, packages = resolve(spec)
    stamp_text = "\n".join((str(python), *packages, ""))
    stamp = spec.directory / "requirements.stamp"
    if stamp.is_file() and stamp.read_text() == stamp_text:
        return spec.executable
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / f"{name}.lock"):
        if not (stamp.is_file() and stamp.read_text() == stamp_text):  # another made it meanwhile
            shutil.rmtree(spec.directory, ignore_errors=True)
            install(spec, python, packages)
            stamp.write_text(stamp_text)
    return spec.executable


def resolve(spec: Requirements) -> tuple[interpreters.Interpreter, tuple[str, ...]]:
    """Choose the interpreter of an environment and the requirements that fit it."""
    python = interpreters.find(spec.python)
    if python is not None:
        return python, spec.pins
    wanted = ".".join(map(str, spec.python))
    python = interpreters.find()
    if python is None or not spec.otherwise:
        raise InterpreterMissingError(f"{spec.name}: needs Python {wanted} or newer: {HOW_TO_GET}")
    notice(
        f"{spec.name}: no Python {wanted} or newer runs here, taking what installs on "
        f"{python}; for the pinned versions {HOW_TO_GET}"
    )
    return python, spec.otherwise


@cache
def notice(text: str) -> None:
    """Say something once."""
    print(f"notice: {text}", file=sys.stderr)


def is_pinned(name: str) -> bool:
    """Whether an environment holds the pinned versions, not what installs on an older Python."""
    spec = ENVIRONMENTS[name]
    return resolve(spec)[1] == spec.pins


def install(
    spec: Requirements, python: interpreters.Interpreter, packages: tuple[str, ...]
) -> None:
    """Create the environment and install its packages with pip's shared cache."""
    try:
        run([python.path, "-m", "venv", str(spec.directory)], spec.name)
        run([str(spec.executable), "-m", "pip", "install", "--quiet", *packages], spec.name)
    except BaseException:
        shutil.rmtree(spec.directory, ignore_errors=True)
        raise


def run(command: list[str], name: str) -> None:
    """Run a command; its output is shown only when it fails."""
    environment = {**variables(), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment
    )
    if done.returncode:
        raise EnvironmentMissingError(
            f"{name}: `{' '.join(command)}` failed; is a package index reachable?\n{done.stdout}"
        )


def variables() -> dict[str, str]:
    """Return the process environment for another interpreter."""
    kept = {key: value for key, value in os.environ.items() if key not in PRIVATE}
    return {**kept, "PYTHONNOUSERSITE": "1", "PYTHONDONTWRITEBYTECODE": "1"}


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Keep other processes from making the same environment at the same time."""
    with path.open("w") as handle:
        try:
            import fcntl
        except ImportError:  # no such module on Windows: two at once is then the user's care
            yield
            return
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def ensure_all(names: tuple[str, ...] = tuple(ENVIRONMENTS)) -> dict[str, Path | Exception]:
    """Make several environments, two at a time; a failure is returned in its place."""

    def attempt(name: str) -> Path | Exception:
        try:
            return ensure(name)
        except EnvironmentMissingError as error:
            return error

    with ThreadPoolExecutor(2) as pool:
        return dict(zip(names, pool.map(attempt, names), strict=True))


def main() -> int:
    """Make every environment and print what it holds."""
    begin = time.perf_counter()
    made = ensure_all()
    for name, result in made.items():
        print(f"{name}: {result}")
    print(f"{time.perf_counter() - begin:.1f} s")
    return int(any(isinstance(result, Exception) for result in made.values()))


if __name__ == "__main__":
    sys.exit(main())

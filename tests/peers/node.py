"""Packages of npm for the peers that are written in JavaScript, and the Node that runs them."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from peers.cache import CACHE, InterpreterMissingError, run

HOW_TO_GET = (
    "install Node.js 20 or newer with npm (nodejs.org or the packages of your system) so that "
    "`node --version` and `npm --version` run, then try again"
)


@dataclass(frozen=True)
class NodePackages:
    """What one folder of packages holds.

    Parameters
    ----------
    name : str
        Name of the environment.
    pins : tuple of str
        Exact packages, dependencies included.
    node : int
        The lowest major version of Node.
    """

    name: str
    pins: tuple[str, ...]
    node: int = 20

    @property
    def directory(self) -> Path:
        """Where the environment is."""
        return CACHE / self.name

    @property
    def executable(self) -> Path:
        """The program that runs what is in it."""
        return Path(self.resolve()[0].partition(" ")[2])

    def resolve(self) -> tuple[str, tuple[str, ...]]:
        """Find Node and npm; there are no packages for older ones."""
        version, path = find_node()
        if version < self.node or shutil.which("npm") is None:
            found = f"found Node {version}" if version else "found no Node"
            raise InterpreterMissingError(f"{self.name}: {found} and npm: {HOW_TO_GET}")
        return f"Node {path}", self.pins

    def install(self, program: str, packages: tuple[str, ...]) -> None:
        """Install the packages with npm's shared cache; their scripts are not run."""
        self.directory.mkdir(parents=True)
        options = ["--no-save", "--ignore-scripts", "--no-audit", "--no-fund"]
        options.append("--omit-lockfile-registry-resolved")
        npm = shutil.which("npm") or "npm"
        run([npm, "install", *options, "--prefix", str(self.directory), *packages], self.name)


@cache
def find_node() -> tuple[int, str]:
    """Return the major version of the Node that runs here and its path; 0 without one."""
    path = shutil.which("node") or ""
    try:
        answer = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=30)
        return int(answer.stdout.strip().lstrip("v").partition(".")[0]), path
    except (OSError, subprocess.SubprocessError, ValueError):
        return 0, path

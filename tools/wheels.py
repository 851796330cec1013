"""Build a wheel for every Python that is here, and test each from an empty environment.

The suite runs from a copy outside the source tree against what the wheel installed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import suite
from tree import ROOT

sys.path.insert(0, str(ROOT / "tests"))
from peers.interpreters import candidates, probe

VERSIONS = ((3, 11), (3, 12), (3, 13))
MAX_NBYTES = 6 << 20
DIST = ROOT / "dist"


def interpreters() -> dict[tuple[int, int], str]:
    """Return the path of an interpreter for each version that is here."""
    found: dict[tuple[int, int], str] = {}
    for path in candidates():
        python = probe(path)
        if python is not None and python.version[:2] in VERSIONS:
            found.setdefault(python.version[:2], python.path)
    return dict(sorted(found.items()))


def environment(python: str, folder: Path) -> str:
    """Make an empty environment and return its interpreter."""
    subprocess.run([python, "-m", "venv", "--clear", str(folder)], check=True)
    return str(folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def pip(python: str, *arguments: str) -> None:
    """Run pip quietly."""
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, cwd=ROOT, check=True, env={**os.environ, "ZARRPY_STRICT": "1"})


def build(python: str, folder: Path) -> Path:
    """Return the one wheel that pip makes of this source tree, repaired where that is possible."""
    for stale in ROOT.glob("build/lib*"):
        shutil.rmtree(stale)  # setuptools would pack modules whose source is gone
    pip(environment(python, folder / "builder"), "wheel", "--no-deps", "-w", str(folder), ".")
    (wheel,) = folder.glob("*.whl")
    return repaired(wheel)


def repaired(wheel: Path) -> Path:
    """Have auditwheel check what the wheel needs and tag it; elsewhere take it as it is."""
    DIST.mkdir(exist_ok=True)
    if not sys.platform.startswith("linux"):
        return Path(shutil.copy2(wheel, DIST))
    tools = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    target = wheel.parent / "repaired"
    command = [sys.executable, "-m", "auditwheel", "repair", "-w", str(target), str(wheel)]
    subprocess.run(command, check=True, env=tools, stdout=subprocess.DEVNULL)
    (result,) = target.glob("*.whl")
    return Path(shutil.copy2(result, DIST))


def passes(wheel: Path, python: str, folder: Path) -> bool:
    """Whether the suite passes with the wheel installed into an empty environment."""
    empty = environment(python, folder / "empty")
    pip(empty, "install", f"{wheel}[test]")
    place = folder / "suite"
    copy_suite(place)
    result = suite.run(
        place,
        python=empty,
        arguments=("tests", "--pyargs", "zarrpy"),
        environment={
            "ZARRPY_TESTED": str(folder / "empty"),  # tests/conftest.py refuses any other zarrpy
            "ZARRPY_PEERS": os.environ.get("ZARRPY_PEERS", str(ROOT / ".venvs")),  # shared
        },
    )
    print(f"{wheel.name}: {result.tests} tests, {result.skipped} skipped")
    return result.exit_code == 0 and result.tests > 0


def copy_suite(place: Path) -> None:
    """Copy the tests and what they run: the examples and the code blocks of the documents."""
    for name in ("tests", "examples", "docs"):
        shutil.copytree(ROOT / name, place / name, ignore=shutil.ignore_patterns("__pycache__"))
    for file in (*ROOT.glob("*.md"), ROOT / "pyproject.toml", ROOT / "Makefile"):
        shutil.copy2(file, place)


def main() -> int:
    """Build and test for each version, and say which is missing."""
    found = interpreters()
    for version in set(VERSIONS) - set(found):
        print(f"no Python {version[0]}.{version[1]} here: no wheel for it")
    good = []
    for python in found.values():
        with tempfile.TemporaryDirectory(prefix="zarrpy-wheel-") as name:
            folder = Path(name).resolve()
            wheel = build(python, folder)
            nbytes = wheel.stat().st_size
            print(f"{wheel.name}: {nbytes / 1e6:.2f} MB", flush=True)
            small = nbytes <= MAX_NBYTES
            if not small:
                print(f"{wheel.name} is larger than {MAX_NBYTES / 1e6:.1f} MB")
            good.append(passes(wheel, python, folder) and small)
    return 0 if good and all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

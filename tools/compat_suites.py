"""The suites that `make compat` runs: whose they are, where they come from, what they run in."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from peers import environments  # noqa: E402
from peers.cache import CACHE, run  # noqa: E402

#: What the environment holds: exact versions, dependencies included, but not zarr-python.
REQUIREMENTS = ROOT / "tools" / "compat_requirements.txt"


class _Environment(environments.Requirements):
    """One whose packages are installed without what they depend on, which is zarr-python."""

    def install(self, python, packages):  # type: ignore[no-untyped-def]
        """Create the environment and install its packages."""
        run([python.path, "-m", "venv", str(self.directory)], self.name)
        run([str(self.executable), "-m", "pip", "install", "-q", "--no-deps", *packages], self.name)


@dataclass(frozen=True)
class Source:
    """A source distribution, for the tests that wheels do not have.

    Parameters
    ----------
    project, version, sha256 : str
    """

    project: str
    version: str
    sha256: str

    @property
    def folder(self) -> Path:
        """Where it is unpacked."""
        return CACHE / "suites-sources" / f"{self.project}-{self.version}"

    def fetch(self, python: Path) -> Path:
        """Download and unpack it, unless it is there.

        Raises
        ------
        SystemExit
            When it is not the one that is meant.
        """
        if self.folder.exists():
            return self.folder
        place = self.folder.parent
        place.mkdir(parents=True, exist_ok=True)
        wanted = [f"{self.project}=={self.version}", "--no-deps", "--no-binary", ":all:"]
        pip = [str(python), "-m", "pip", "download", "-q", *wanted, "-d", str(place)]
        run(pip, self.project)
        archive = place / f"{self.project}-{self.version}.tar.gz"
        if hashlib.sha256(archive.read_bytes()).hexdigest() != self.sha256:
            raise SystemExit(f"{archive} is not the file that is meant: its SHA-256 is another one")
        with tarfile.open(archive) as opened:
            opened.extractall(place, filter="data")
        return self.folder


@dataclass(frozen=True)
class Suite:
    """Tests of one project.

    Parameters
    ----------
    project : str
    tests : tuple of str
        Modules to import, or files below the unpacked source.
    least : float
        Of the tests that are run, how many must pass.
    chosen : str
        Which of their tests, as of ``pytest -k``; all by default.
    options : tuple of str
    source : Source, optional
        Where the tests are; by default in the installed package.
    plugin : str
        Of pytest, which serves zarrpy in the place of zarr-python.
    told : str
        What the page says of the tests that are taken.
    settled : bool
        Whether each test that fails has to be excluded by name. Where it is false, they are only
        counted, and `least` is a floor under which the share may not fall again.
    """

    project: str
    tests: tuple[str, ...]
    least: float
    chosen: str = ""
    options: tuple[str, ...] = ()
    source: Source | None = None
    plugin: str = "compat_plugin"
    told: str = ""
    settled: bool = True

    def version(self, python: Path) -> str:
        """Tell which version of the project is tested."""
        if self.source is not None:
            return self.source.version
        asked = f"import importlib.metadata as m; print(m.version({self.project!r}))"
        done = subprocess.run([python, "-c", asked], check=True, capture_output=True, text=True)
        return done.stdout.strip()


ANNDATA = Source(
    "anndata", "0.13.4", "fadee3955b4b826dd23d9c0aa296147d8624f8222210b6c8abc3c115a111dce4"
)
ZARR = Source("zarr", "3.4.2", "645d64f292f457120fc0ca18dbe38f665b4c21aaea38a2a88b5eead8f06f3d28")

#: Options that keep pytest-asyncio from warning, which would be an error.
_LOOPS = ("-o", "asyncio_default_fixture_loop_scope=function")

SUITES = (
    Suite(
        "xarray",
        ("xarray.tests.test_backends", "xarray.tests.test_backends_datatree"),
        0.99,
        "zarr or Zarr",
        _LOOPS,
        told="its backend tests, `-k 'zarr or Zarr'`",
    ),
    Suite(
        "dask",
        ("dask.array.tests.test_array_core",),
        0.99,
        "zarr",
        (*_LOOPS, "-W", "error::dask.array.core.PerformanceWarning"),
        told="its array tests, `-k zarr`",
    ),
    Suite(
        "anndata",
        (
            "tests/test_readwrite.py",
            "tests/test_io_backwards_compat.py",
            "tests/test_io_conversion.py",
            "tests/test_io_dispatched.py",
            "tests/test_io_elementwise.py",
            "tests/test_io_partial.py",
            "tests/test_io_utils.py",
            "tests/test_io_warnings.py",
            "tests/test_backed_sparse.py",
            "tests/test_backed_dense.py",
            "tests/test_concatenate_disk.py",
            "tests/test_structured_arrays.py",
            "tests/test_dask.py",
            "tests/lazy/test_read.py",
            "tests/lazy/test_write.py",
        ),
        0.95,
        "zarr",
        ("-o", "addopts=--import-mode=importlib", "-p", "testing.anndata._pytest", *_LOOPS),
        source=ANNDATA,
        told="its read and write tests, `-k zarr`",
    ),
    Suite(
        "zarr",
        ("tests",),
        0.95,
        "",
        (
            *("-o", "addopts=", "-o", "filterwarnings=default", *_LOOPS),
            *("-n", "auto", "--dist", "loadfile"),
            *("--ignore=tests/benchmarks", "--ignore=tests/test_regression/scripts"),
            "--ignore=tests/test_api/test_synchronous.py",  # compares docstrings with one another
            "--ignore=tests/test_fused_pipeline.py",  # a codec pipeline, all of it private
        ),
        source=ZARR,
        plugin="compat_zarr",
        told="tests of its public interface",
        settled=False,
    ),
)


#: What zarrpy is built from, in a folder of its own: extensions for another Python and another
#: NumPy are not made where those of the tree are.
_PARTS = ("zarrpy", "csrc", "vendor", "setup.py", "pyproject.toml", "README.md", "LICENSE")
TREE = CACHE / "suites-tree"


def python() -> Path:
    """Give the interpreter of the environment, and make zarrpy for it in `TREE`."""
    pins = tuple(
        line for line in REQUIREMENTS.read_text(encoding="utf-8").split() if line[0] != "#"
    )
    environments.ENVIRONMENTS["suites"] = _Environment("suites", pins)
    found = environments.ensure("suites")
    for path in (TREE / "zarrpy").rglob("*.py"):
        if not (ROOT / path.relative_to(TREE)).exists():
            path.unlink()  # what is gone here is not imported there
    for part in _PARTS:
        if (ROOT / part).is_dir():
            ours = shutil.ignore_patterns("*.so", "__pycache__")
            shutil.copytree(ROOT / part, TREE / part, ignore=ours, dirs_exist_ok=True)
        else:
            shutil.copy2(ROOT / part, TREE / part)
    build = [str(found), "setup.py", "--quiet", "build_ext", "--inplace"]
    subprocess.run(build, cwd=TREE, check=True, stdout=subprocess.DEVNULL)
    return found

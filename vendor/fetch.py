"""Fetch a pinned archive with pip, check its hash and extract a few members.

Archives are looked for in ``ZARRPY_VENDOR_DIR`` (for builds without a network), then in a cache
of the user's (``ZARRPY_BUILD_CACHE``, default ``~/.cache/zarrpy-build``), then asked of pip, which
knows the package index, proxies and mirrors of this machine. Nothing is used whose SHA-256 is not
in pins.txt.
"""

from __future__ import annotations

import fnmatch
import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

PINS = Path(__file__).with_name("pins.txt")

# Without these a nested pip believes that it runs our build backend.
PRIVATE_VARIABLES = ("_PYPROJECT_HOOKS", "PEP517_")


class FetchError(Exception):
    """A pinned archive cannot be had; the message says what to do."""


@dataclass(frozen=True)
class Pin:
    """One line of pins.txt."""

    name: str
    version: str
    kind: str
    sha256: str


def platform() -> str:
    """Return the platform as pins.txt spells it, such as ``linux-x86_64`` or ``macosx-arm64``."""
    system, _, rest = sysconfig.get_platform().partition("-")
    return f"{system}-{rest.rpartition('-')[2]}"


def pins() -> list[Pin]:
    """Return every pin."""
    lines = (line.split() for line in PINS.read_text().splitlines())
    fields = (line for line in lines if line and not line[0].startswith("#"))
    split = ((name.partition("=="), kind, sha256) for name, kind, sha256 in fields)
    return [Pin(name[0], name[2], kind, sha256) for name, kind, sha256 in split]


def find(name: str, kind: str) -> Pin | None:
    """Return the pin of that project and kind, or None."""
    return next((pin for pin in pins() if (pin.name, pin.kind) == (name, kind)), None)


def fetch(pin: Pin) -> Path:
    """Return the path of the pinned archive, fetching it if it is not in hand."""
    folder = os.environ.get("ZARRPY_VENDOR_DIR")
    if folder is not None:
        return _in_vendor_dir(pin, Path(folder))
    cache = _cache_dir()
    found = _search(pin, cache)
    return found if found is not None else _download(pin, cache)


def extract(archive: Path, patterns: tuple[str, ...], target: Path) -> None:
    """Extract the files whose path matches a pattern, keeping their folders.

    The top folder of a source archive (``name-version``) is left out.
    """
    with _open(archive) as members:
        for name in members.names():
            path = name if archive.suffix == ".whl" else name.partition("/")[2]
            if not any(fnmatch.fnmatch(path, pattern) for pattern in patterns):
                continue
            if Path(path).is_absolute() or ".." in Path(path).parts:
                raise FetchError(f"{archive.name}: refusing the member {name!r}")
            destination = target / path
            destination.parent.mkdir(parents=True, exist_ok=True)
            destination.write_bytes(members.read(name))


def _cache_dir() -> Path:
    default = Path.home() / ".cache" / "zarrpy-build"
    return Path(os.environ.get("ZARRPY_BUILD_CACHE", default))


def _in_vendor_dir(pin: Pin, folder: Path) -> Path:
    found = _search(pin, folder)
    if found is None:
        raise FetchError(
            f"ZARRPY_VENDOR_DIR={folder} holds no {pin.name} {pin.version} ({pin.kind}) with "
            f"sha256 {pin.sha256}; put that file there, or unset ZARRPY_VENDOR_DIR to download it"
        )
    return found


def _search(pin: Pin, folder: Path) -> Path | None:
    """Find the archive by its contents, so that a damaged or foreign file counts as absent."""
    candidates = sorted(folder.glob(f"{pin.name}-{pin.version}*"))
    return next((path for path in candidates if _sha256(path) == pin.sha256), None)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _download(pin: Pin, cache: Path) -> Path:
    """Have pip download into a folder of its own, then move the file into the cache."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        requirement = Path(folder, "requirement.txt")
        requirement.write_text(f"{pin.name}=={pin.version} --hash=sha256:{pin.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
        command += ["--disable-pip-version-check", "--dest", folder, *_selection(pin)]
        command += ["--require-hashes", "--requirement", str(requirement)]
        print(f"zarrpy: fetching {pin.name} {pin.version} ({pin.kind})", flush=True)
        result = subprocess.run(command, env=_environment(), capture_output=True, text=True)
        requirement.unlink()
        files = list(Path(folder).iterdir())
        if result.returncode != 0 or len(files) != 1:
            raise FetchError(_explain(pin, result.stderr))
        if _sha256(files[0]) != pin.sha256:
            raise FetchError(f"{files[0].name}: its SHA-256 is not the one in {PINS}")
        return Path(shutil.move(files[0], cache / files[0].name))


def _selection(pin: Pin) -> list[str]:
    """Return pip's options for the kind of file wanted."""
    if pin.kind == "sdist":
        # Named, not ":all:", which would build the archive's own requirements from source too.
        return ["--no-binary", pin.name]
    # The oldest ABI, whatever Python runs: only a C library is taken from the wheel.
    return ["--only-binary", ":all:", "--implementation", "cp", "--abi", "abi3",
            "--python-version", "3.11"]  # fmt: skip


def _environment() -> dict[str, str]:
    return {k: v for k, v in os.environ.items() if not k.startswith(PRIVATE_VARIABLES)}


def _explain(pin: Pin, stderr: str) -> str:
    reason = stderr.strip() or "pip downloaded nothing"
    return (
        f"{pin.name}=={pin.version} ({pin.kind}) is needed to build zarrpy and pip cannot get it.\n"
        f"{reason}\n"
        "What helps: a network or a mirror that pip knows; or download the file elsewhere and name "
        "its folder in ZARRPY_VENDOR_DIR; or ZARRPY_NATIVE=system with the libraries installed."
    )


class _Members:
    """Names and contents of a zip or tar archive, the same for both."""

    def __init__(self, archive: zipfile.ZipFile | tarfile.TarFile) -> None:
        self.archive = archive

    def __enter__(self) -> _Members:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.archive.close()

    def names(self) -> list[str]:
        if isinstance(self.archive, zipfile.ZipFile):
            return [name for name in self.archive.namelist() if not name.endswith("/")]
        return [member.name for member in self.archive.getmembers() if member.isfile()]

    def read(self, name: str) -> bytes:
        if isinstance(self.archive, zipfile.ZipFile):
            return self.archive.read(name)
        member = self.archive.extractfile(name)
        assert member is not None, "names() gives regular files only"
        return member.read()


def _open(path: Path) -> _Members:
    return _Members(zipfile.ZipFile(path) if path.suffix == ".whl" else tarfile.open(path))

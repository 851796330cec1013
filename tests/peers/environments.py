"""Environments of the peers: made once in a cache directory, pinned exactly.

Peers need different Pythons and exclude each other (zarr 2 and zarr 3 are one distribution), so
each has a virtual environment of its own, and packages of npm have a folder.  An environment is
complete when its stamp, the text of its requirements, has been written; a stamp that differs means
that it is made anew.

``python tests/peers/environments.py`` makes all of them and prints what each one holds.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if __package__ in (None, ""):
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from peers import interpreters
from peers.cache import (
    CACHE,
    EnvironmentMissingError,
    InterpreterMissingError,
    locked,
    notice,
    run,
    variables,
)
from peers.node import NodePackages

__all__ = [
    "CACHE",
    "ENVIRONMENTS",
    "EnvironmentMissingError",
    "InterpreterMissingError",
    "ensure",
    "ensure_all",
    "is_pinned",
    "variables",
]

HOW_TO_GET = (
    "install one (`pyenv install 3.13`, `uv python install 3.13` or the packages of your system) "
    "so that `python3.13` runs, then try again"
)


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
    here : bool
        Whether it is for the Python that runs the tests, so that zarrpy can be imported there, too.
    """

    name: str
    pins: tuple[str, ...]
    python: tuple[int, int] = (3, 12)
    otherwise: tuple[str, ...] = ()
    here: bool = False

    @property
    def directory(self) -> Path:
        """Where the environment is."""
        return CACHE / self.name

    @property
    def executable(self) -> Path:
        """The environment's own interpreter."""
        folder = "Scripts/python.exe" if os.name == "nt" else "bin/python"
        return self.directory / folder

    def resolve(self) -> tuple[interpreters.Interpreter, tuple[str, ...]]:
        """Choose an interpreter and the requirements that fit it."""
        python = interpreters.own() if self.here else interpreters.find(self.python)
        if python is not None:
            return python, self.pins
        wanted = ".".join(map(str, self.python))
        python = interpreters.find()
        if python is None or not self.otherwise:
            raise InterpreterMissingError(
                f"{self.name}: needs Python {wanted} or newer: {HOW_TO_GET}"
            )
        notice(
            f"{self.name}: no Python {wanted} or newer runs here, taking what installs on "
            f"{python}; for the pinned versions {HOW_TO_GET}"
        )
        return python, self.otherwise

    def install(self, python: interpreters.Interpreter, packages: tuple[str, ...]) -> None:
        """Create the environment and install its packages with pip's shared cache.

        By the pip of the tests, and compiled when they are imported: most of them never are.
        """
        run([python.path, "-m", "venv", "--without-pip", str(self.directory)], self.name)
        pip = [sys.executable, "-m", "pip", "--python", str(self.executable)]
        run([*pip, "install", "--quiet", "--no-compile", *packages], self.name)


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

ZARR2 = (
    "zarr==2.18.7",
    "numcodecs==0.15.2",
    "numpy==2.5.5",
    "asciitree==1.0.0",
    "Deprecated==3.0.1",
    "fasteners==0.20",
    "wrapt==2.5.2",
)

#: What runs in one process with zarrpy, by the Python of the tests.
HERE = "zarr3here{}{}".format(*sys.version_info)
#: The same with stores that others make for zarr-python, and with kerchunk.
FOREIGN = "foreign{}{}".format(*sys.version_info)

ENVIRONMENTS: dict[str, Any] = {
    spec.name: spec
    for spec in (
        Requirements("zarr3", (*ZARR3, "zarrs==0.2.3"), otherwise=("zarr>=3", "zarrs==0.2.3")),
        Requirements(HERE, ("zarr==3.1.6",), python=(3, 11), here=True),
        Requirements(
            FOREIGN,
            (
                "aiobotocore==3.10.0",
                "aiohappyeyeballs==2.7.1",
                "aiohttp==3.14.5",
                "aioitertools==0.13.0",
                "aiosignal==1.4.0",
                "attrs==26.1.0",
                "botocore==1.43.117",
                "certifi==2026.10.19.post1",
                "cffi==2.1.1",
                "charset-normalizer==3.5.3",
                "cramjam==2.14.0",
                "cryptography==50.0.2",
                "decorator==5.3.1",
                "donfig==0.8.1.post1",
                "fastparquet==2026.9.0",
                "frozenlist==1.8.0",
                "fsspec==2026.9.0",
                "gcsfs==2026.8.2",
                "google-api-core==2.44.0",
                "google-auth-oauthlib==1.5.0",
                "google-auth==2.63.0",
                "google-cloud-core==2.8.0",
                "google-cloud-storage-control==1.17.0",
                "google-cloud-storage==3.17.1",
                "google-crc32c==1.9.0",
                "google-resumable-media==2.11.0",
                "googleapis-common-protos==1.76.0",
                "grpc-google-iam-v1==0.14.6",
                "grpcio-status==1.85.3",
                "grpcio==1.85.3",
                "h5netcdf==1.8.2",
                "h5py==3.16.0",
                "icechunk==1.1.21",
                "idna==3.20",
                "iniconfig==2.3.1",
                "Jinja2==3.1.6",
                "jmespath==1.1.0",
                "kerchunk==0.2.10",
                "MarkupSafe==3.0.4",
                "multidict==7.2.1",
                "numcodecs==0.16.6",
                "numpy==2.4.6",
                "oauthlib==4.0.1",
                "obspec-utils==0.9.0",
                "obspec==0.1.0",
                "obstore==0.12.1",
                "opentelemetry-api==1.45.2",
                "packaging==26.4",
                "pandas==3.1.1",
                "pathlib_abc==0.5.2",
                "pluggy==1.7.0",
                "propcache==0.5.4",
                "proto-plus==1.29.0",
                "protobuf==7.36.2",
                "pyarrow==26.0.1",
                "pyasn1==0.6.5",
                "pyasn1_modules==0.4.2",
                "pycparser==3.12",
                "Pygments==2.21.0",
                "pytest==9.2.0",
                "python-dateutil==2.9.0.post0",
                "PyYAML==6.0.4",
                "requests-oauthlib==2.0.0",
                "requests==2.34.2",
                "s3fs==2026.9.0",
                "six==1.17.0",
                "typing_extensions==4.16.0",
                "ujson==6.1.0",
                "universal_pathlib==0.3.10",
                "urllib3==2.8.0",
                "virtualizarr==2.5.1",
                "wrapt==2.5.2",
                "xarray==2026.9.0",
                "yarl==1.25.1",
                "zarr==3.1.6",
            ),
            python=(3, 11),
            here=True,
        ),
        Requirements(
            "xarray",
            (
                *ZARR3,
                "xarray==2026.9.0",
                "pandas==3.1.1",
                "python-dateutil==4.0.0",
            ),
            otherwise=("zarr>=3", "xarray"),
        ),
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
        Requirements("zarr2", ZARR2, otherwise=("zarr==2.18.7", "numcodecs==0.15.*")),
        # The same with what some codecs of numcodecs need.
        Requirements("zarr2packages", (*ZARR2, "msgpack==1.2.4", "pcodec==0.3.6", "zfpy==1.0.1")),
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
        Requirements(
            "netcdf",
            (
                "netCDF4==1.7.5.1.post1",
                "numpy==2.5.5",
                "cftime==1.6.6.1",
                "certifi==2026.10.18",
                "packaging==26.3",
            ),
            otherwise=("netCDF4", "numpy"),
        ),
        Requirements("z5py", ("z5py==3.0.2", "numpy==2.5.5"), otherwise=("z5py==3.0.2",)),
        # Its wheel carries GDAL 3.12; GDAL of older wheels reads a draft of the v3 format only.
        Requirements(
            "rasterio",
            (
                "rasterio==1.5.2",
                "numpy==2.5.5",
                "affine==3.0.1",
                "attrs==26.1.0",
                "certifi==2026.10.18",
                "click==8.5.1",
                "pyparsing==3.3.3",
            ),
        ),
        # A server of S3.
        Requirements(
            "moto",
            (
                "blinker==1.9.0",
                "boto3==1.44.8",
                "botocore==1.44.8",
                "certifi==2026.10.18",
                "cffi==2.1.1",
                "charset-normalizer==3.5.3",
                "click==8.5.1",
                "cryptography==50.0.2",
                "Flask==3.1.3",
                "flask-cors==6.0.5",
                "idna==3.20",
                "itsdangerous==2.2.0",
                "Jinja2==3.1.6",
                "jmespath==1.1.0",
                "MarkupSafe==3.0.4",
                "moto==5.2.5",
                "py-partiql-parser==0.6.3",
                "pycparser==3.12",
                "python-dateutil==2.9.0.post0",
                "PyYAML==6.0.4",
                "requests==2.34.2",
                "responses==0.26.3",
                "s3transfer==0.19.3",
                "six==1.17.0",
                "urllib3==2.8.0",
                "Werkzeug==3.1.9",
                "xmltodict==1.0.4",
            ),
            python=(3, 11),
        ),
        # Google's storage, emulated.
        Requirements(
            "gcs",
            ("gcp-storage-emulator==2026.7.19", "google-crc32c==1.9.0"),
            python=(3, 11),
        ),
        # Azure's storage, emulated.
        NodePackages("azurite", ("azurite@3.37.0",)),
        NodePackages(
            "zarrita",
            (
                "zarrita@0.7.5",
                "@zarrita/storage@0.2.0",
                "numcodecs@0.3.2",
                "fflate@0.8.3",
                "reference-spec-reader@0.2.0",
                "unzipit@2.0.0",
            ),
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
    program, packages = spec.resolve()
    stamp_text = "\n".join((str(program), *packages, ""))
    stamp = spec.directory / "requirements.stamp"
    if stamp.is_file() and stamp.read_text() == stamp_text:
        return spec.executable
    CACHE.mkdir(parents=True, exist_ok=True)
    with locked(CACHE / f"{name}.lock"):
        if not (stamp.is_file() and stamp.read_text() == stamp_text):  # another made it meanwhile
            shutil.rmtree(spec.directory, ignore_errors=True)
            try:
                spec.install(program, packages)
            except BaseException:
                shutil.rmtree(spec.directory, ignore_errors=True)
                raise
            stamp.write_text(stamp_text)
    return spec.executable


def is_pinned(name: str) -> bool:
    """Whether an environment holds the pinned versions, not what installs on an older Python."""
    spec = ENVIRONMENTS[name]
    return spec.resolve()[1] == spec.pins


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

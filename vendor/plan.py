"""Decide which C libraries zarrpy is linked with, and where they come from.

``ZARRPY_NATIVE`` names the way:

``auto``
    ``blosc2`` where the platform has it, else ``sdist``.
``blosc2``
    zstd, lz4, zlib-ng, blosclz and zfp from the static library inside the pinned blosc2 wheel;
    libdeflate compiled from the pinned deflate sdist.
``sdist``
    zstd, lz4, blosclz, libdeflate and zfp, each compiled from a pinned sdist.
``system``
    The zstd, lz4 and libdeflate installed on this machine, as shared libraries.

The result is told to csrc by macros: ``ZP_HAVE_BLOSC2_ARCHIVE``, ``ZP_HAVE_LIBDEFLATE``,
``ZP_HAVE_ZLIBNG``, ``ZP_HAVE_ZFP``, ``ZP_HAVE_BLOSCLZ``, ``ZP_SYSTEM_LIBS``.
"""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from vendor.fetch import FetchError, Pin, extract, fetch, find, platform

MODES = ("auto", "blosc2", "sdist", "system")


class BuildError(Exception):
    """The build cannot go on; the message says what is missing and what to do."""


@dataclass
class Source:
    """Members of one pinned sdist, to be compiled into a static library of that name."""

    library: str
    project: str
    sources: tuple[str, ...]
    headers: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    macros: tuple[tuple[str, str], ...] = ()


LIBDEFLATE = Source(
    library="libdeflate",
    project="deflate",
    sources=("libdeflate/lib/*.c", "libdeflate/lib/*/*.c"),
    headers=("libdeflate/*.h", "libdeflate/lib/*.h", "libdeflate/lib/*/*.h"),
    include=("libdeflate",),
)
ZSTD = Source(
    library="zstd",
    project="zstandard",
    sources=("zstd/zstd.c",),
    headers=("zstd/*.h",),
    include=("zstd",),
    # One file holds all of it, so there is no assembly to go with; old formats are not Zarr's.
    macros=(("ZSTD_DISABLE_ASM", "1"), ("ZSTD_LEGACY_SUPPORT", "0")),
)
# The sdist of lz4 itself has an older version.
LZ4 = Source(
    library="lz4",
    project="numcodecs",
    sources=("c-blosc/internal-complibs/lz4-*/lz4.c", "c-blosc/internal-complibs/lz4-*/lz4hc.c"),
    headers=("c-blosc/internal-complibs/lz4-*/*.h",),
)
BLOSCLZ = Source(
    library="blosclz",
    project="numcodecs",
    sources=("c-blosc/blosc/blosclz.c", "c-blosc/blosc/fastcopy.c"),
    headers=("c-blosc/blosc/*.h",),
    include=("c-blosc/blosc",),
)

ZFP = Source(
    library="zfp",
    project="hdf5plugin",
    sources=("lib/c-blosc2-zfp/src/*.c",),
    headers=(
        "lib/c-blosc2-zfp/include/*.h",
        "lib/c-blosc2-zfp/include/*.inl",
        "lib/c-blosc2-zfp/src/*.h",
    ),
    include=("lib/c-blosc2-zfp/include",),
)


@dataclass(frozen=True)
class SystemLibrary:
    """A shared library of the system, a function in it, and the packages that have it."""

    name: str
    function: str
    packages: str


SYSTEM_LIBRARIES = (
    SystemLibrary(
        "zstd", "ZSTD_versionNumber", "libzstd-dev (Debian), libzstd-devel (Fedora), zstd (conda)"
    ),
    SystemLibrary(
        "lz4", "LZ4_versionNumber", "liblz4-dev (Debian), lz4-devel (Fedora), lz4-c (conda)"
    ),
    SystemLibrary(
        "deflate",
        "libdeflate_alloc_compressor",
        "libdeflate-dev (Debian), libdeflate-devel (Fedora), libdeflate (conda)",
    ),
)

# Of each library its licence: the project whose sdist has the text, and where.
LICENCES = {
    "zstd": ("zstandard", "zstd/LICENSE"),
    "lz4": ("numcodecs", "c-blosc/LICENSES/LZ4.txt"),
    "blosc": ("numcodecs", "c-blosc/LICENSE.txt"),
    "fastlz": ("numcodecs", "c-blosc/LICENSES/FASTLZ.txt"),  # blosclz descends from it
    "zlib-ng": ("numcodecs", "c-blosc/LICENSES/ZLIB-NG.txt"),
    "libdeflate": ("deflate", "libdeflate/COPYING"),
    "zfp": ("zfpy", "LICENSE"),
}


# What the pinned libraries do not tell of themselves when they run.
LIBDEFLATE_VERSION = ("ZP_LIBDEFLATE_VERSION", "1.26")


@dataclass
class Plan:
    """What is compiled, linked and told to csrc."""

    mode: str
    macros: list[tuple[str, str]]
    compile: list[Source] = field(default_factory=list)
    archive: Pin | None = None
    system: tuple[SystemLibrary, ...] = ()
    licences: tuple[str, ...] = ()
    notes: list[str] = field(default_factory=list)

    @property
    def libraries(self) -> list[str]:
        """Shared libraries to link with."""
        return [library.name for library in self.system]


def strict() -> bool:
    """Whether a missing part that could be done without is an error, as for wheels to publish."""
    return os.environ.get("ZARRPY_STRICT", "0") not in ("", "0")


def mode() -> str:
    """Return the way to go, never ``auto``."""
    asked = os.environ.get("ZARRPY_NATIVE") or "auto"
    if asked not in MODES:
        raise BuildError(f"ZARRPY_NATIVE={asked!r} is not one of {', '.join(MODES)}")
    if asked == "blosc2" and _archive_pin() is None:
        raise BuildError(
            f"ZARRPY_NATIVE=blosc2: no blosc2 wheel with a static library is pinned for "
            f"{platform()}{' (musl)' if _musl() else ''}; use ZARRPY_NATIVE=sdist"
        )
    if asked != "auto":
        return asked
    return "blosc2" if _archive_pin() is not None else "sdist"


def make() -> Plan:
    """Decide, without fetching anything but what has a replacement when it cannot be had."""
    chosen = mode()
    if chosen == "system":
        macros = [("ZP_SYSTEM_LIBS", "1"), ("ZP_HAVE_LIBDEFLATE", "1")]
        return Plan(chosen, macros, system=SYSTEM_LIBRARIES)
    if chosen == "sdist":
        return Plan(
            chosen,
            [
                ("ZP_HAVE_BLOSCLZ", "1"),
                ("ZP_HAVE_LIBDEFLATE", "1"),
                ("ZP_HAVE_ZFP", "1"),
                LIBDEFLATE_VERSION,
                ("ZP_BLOSCLZ_VERSION", "2.5.1"),
            ],
            compile=[ZSTD, LZ4, BLOSCLZ, LIBDEFLATE, ZFP],
            licences=("zstd", "lz4", "blosc", "fastlz", "libdeflate", "zfp"),
        )
    names = ("BLOSC2_ARCHIVE", "ZLIBNG", "ZFP", "BLOSCLZ")
    plan = Plan(
        chosen,
        [*((f"ZP_HAVE_{name}", "1") for name in names), ("ZP_BLOSCLZ_VERSION", "2.5.3")],
        archive=_archive_pin(),
        licences=("zstd", "lz4", "blosc", "fastlz", "zlib-ng", "zfp"),
    )
    try:
        fetch(_sdist_pin(LIBDEFLATE.project))
    except FetchError as error:
        if strict():
            raise
        plan.notes.append(f"libdeflate is left out, zlib-ng does its work, slower: {error}")
    else:
        plan.compile.append(LIBDEFLATE)
        plan.macros += [("ZP_HAVE_LIBDEFLATE", "1"), LIBDEFLATE_VERSION]
        plan.licences += ("libdeflate",)
    return plan


def check_toolchain(compiler: str, include: Path) -> None:
    """Complain about what a fresh machine lacks, before the compiler does in its own words."""
    if shutil.which(compiler) is None:
        raise BuildError(
            f"no C compiler: {compiler!r} is not on PATH; install one (gcc or clang: "
            "build-essential on Debian, gcc on Fedora, Xcode's command line tools on macOS) or "
            "name it in CC"
        )
    if not (include / "Python.h").exists():
        raise BuildError(
            f"Python's headers are missing: no Python.h in {include}; install them (python3-dev on "
            "Debian, python3-devel on Fedora)"
        )


def archive_path(pin: Pin, build: Path) -> Path:
    """Return the static library of the blosc2 wheel, extracted below `build`."""
    # On Windows blosc2.lib beside it belongs to the DLL.
    name = "libblosc2.lib" if sys.platform == "win32" else "libblosc2.a"
    target = build / f"{pin.name}-{pin.version}-{pin.kind}"
    path = target / "blosc2" / "lib" / name
    if not path.exists():
        extract(fetch(pin), (f"blosc2/lib/{name}",), target)
    if not path.exists():
        raise BuildError(f"the wheel of {pin.name} {pin.version} holds no blosc2/lib/{name}")
    return path


def source_folder(source: Source, build: Path) -> Path:
    """Return the folder with the sources of a library, extracted below `build`."""
    pin = _sdist_pin(source.project)
    target = build / f"{pin.name}-{pin.version}"
    done = target / f".{source.library}"
    if not done.exists():
        extract(fetch(pin), source.sources + source.headers, target)
        done.touch()
    return target


def write_licences(plan: Plan, target: Path, build: Path) -> None:
    """Write the licence text of each linked library to ``target/LIBRARY.txt``."""
    for library in plan.licences:
        project, member = LICENCES[library]
        pin = _sdist_pin(project)
        folder = build / f"{pin.name}-{pin.version}"
        try:
            extract(fetch(pin), (member,), folder)
        except FetchError as error:
            if strict():
                raise
            plan.notes.append(
                f"the wheel lacks the licence of {library}, do not publish it: {error}"
            )
            continue
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{library}.txt").write_bytes((folder / member).read_bytes())


def _sdist_pin(project: str) -> Pin:
    pin = find(project, "sdist")
    assert pin is not None, f"pins.txt lacks the sdist of {project}"
    return pin


def _archive_pin() -> Pin | None:
    return None if _musl() else find("blosc2", platform())


def _musl() -> bool:
    return "musl" in (sysconfig.get_config_var("HOST_GNU_TYPE") or "")

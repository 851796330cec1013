"""Build the C engine once and link each Cython module with it; see docs/how-to/build.md."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from vendor import plan  # noqa: E402
from vendor.archive import Archiver, links  # noqa: E402
from vendor.fetch import FetchError  # noqa: E402

BUILD = Path("build")
SANITIZE = os.environ.get("ZARRPY_SANITIZE", "")
COVERAGE = os.environ.get("ZARRPY_COVERAGE", "")
TRACE = os.environ.get("ZARRPY_TRACE", "")
FLAVOUR = SANITIZE.replace(",", "-") or ("coverage" if COVERAGE else "plain")
FLAVOUR += "-traced" if TRACE else ""


# What is memory for NumPy's arrays, or reaches into those that have no buffer: of texts, of dates.
OF_NUMPY = tuple(f"zarrpy._native.{name}" for name in ("blocks", "memory", "strings", "texts"))
NUMPY_MACROS = [
    ("NPY_TARGET_VERSION", "NPY_2_0_API_VERSION"),
    ("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION"),
]


class NativeBuild(build_ext):
    """Compile csrc and the pinned libraries, then what Cython makes of each ``.pyx``."""

    for_wheel = False

    def run(self) -> None:
        """Note whether this is for a wheel: while the base class works, it forgets."""
        self.for_wheel = not (self.inplace or self.editable_mode)
        self.parallel = self.parallel or os.cpu_count()
        if not self.for_wheel:
            self.keep_what_is_built()
        super().run()

    def keep_what_is_built(self) -> None:
        """Build where the next build finds it: pip's folders for an editable install go."""
        way = os.environ.get("ZARRPY_NATIVE") or "auto"
        folder = BUILD / "modules" / f"{self.plat_name}-{sys.implementation.cache_tag}-{way}"
        self.build_lib = str(folder.with_name(f"{folder.name}-{FLAVOUR}"))
        self.build_temp = str(Path(self.build_lib, "objects"))

    def build_extensions(self) -> None:
        """Build everything; a missing part ends the build with what to do about it."""
        try:
            if self.compiler.compiler_type == "unix":
                include = Path(sysconfig.get_path("include"))
                plan.check_toolchain(self.compiler.compiler_so[0], include)
            native = plan.make()
            self.probe(native)
            archives = self.archives(native)
            self.write_licences(native)
        except (plan.BuildError, FetchError) as error:
            raise SystemExit(f"zarrpy: {error}") from None
        told = ", ".join(name for name, _ in native.macros)
        print(f"zarrpy: native libraries by {native.mode!r}, {FLAVOUR}: {told}")
        for note in native.notes:
            print(f"zarrpy: note: {note}")
        self.link(native, archives)

    def link(self, native: plan.Plan, archives: list[Path]) -> None:
        """Link one extension for each ``.pyx``."""
        for extension in self.extensions:
            extension.sources = cythonized(extension)
            extension.extra_objects = [str(path) for path in archives]
            extension.libraries = list(native.libraries)
            extension.depends = [*extension.extra_objects, *headers()]
            extension.extra_compile_args = self.compile_flags()
            extension.extra_link_args = self.link_flags(extension.name.rpartition(".")[2])
            if extension.name in OF_NUMPY:
                extension.include_dirs.append(numpy_headers())
                extension.define_macros += NUMPY_MACROS
        super().build_extensions()

    def archives(self, native: plan.Plan) -> list[Path]:
        """Return the static libraries in link order: ours first."""
        archiver = Archiver(
            self.compiler, BUILD / "native" / f"{self.plat_name}-{native.mode}-{FLAVOUR}"
        )
        ours = archiver.make(
            "zarrpy_engine",
            sorted(Path("csrc").glob("*.c")),
            include=["csrc"],
            macros=native.macros,
            flags=self.compile_flags(),
            headers=headers(),
        )
        found = [ours]
        for source in native.compile:
            root = plan.source_folder(source, BUILD / "vendor")
            library = archiver.make(
                source.library,
                sorted(path for glob in source.sources for path in root.glob(glob)),
                include=[str(root / name) for name in source.include],
                macros=list(source.macros),
                flags=self.compile_flags(ours=False),
            )
            found.append(library)
        if native.archive is not None:
            found.append(plan.archive_path(native.archive, BUILD / "vendor"))
        return found

    def probe(self, native: plan.Plan) -> None:
        """Name every library of the system that is missing, before anything is compiled."""
        missing = [
            f"  {library.name}: {library.packages}"
            for library in native.system
            if not links(self.compiler, library.name, library.function)
        ]
        if missing:
            raise plan.BuildError(
                "ZARRPY_NATIVE=system, but these libraries cannot be linked; install them "
                "(or name their folders in CPATH and LIBRARY_PATH):\n" + "\n".join(missing)
            )

    def write_licences(self, native: plan.Plan) -> None:
        """Put the licence texts of what is linked into a wheel; nothing else is handed on."""
        if self.for_wheel:
            target = Path(self.build_lib, "zarrpy", "_native", "licenses")
            plan.write_licences(native, target, BUILD / "vendor")

    def compile_flags(self, *, ours: bool = True) -> list[str]:
        """Return the flags for our sources, or for those of others, whose warnings are theirs."""
        if self.compiler.compiler_type == "msvc":
            return ["/O2", "/std:c11"] if ours else ["/O2", "/w"]
        flags = ["-fvisibility=hidden", "-ffunction-sections", "-fdata-sections"]
        # Filters round after each operation, as NumPy does: no fused multiply-add.
        flags += ["-std=gnu11", "-ffp-contract=off"] if ours else ["-w"]
        if SANITIZE:
            flags += [f"-fsanitize={SANITIZE}", "-O1", "-g", "-fno-omit-frame-pointer"]
            # BloscLZ reads unaligned words, and shifts bytes into signs, on purpose.
            flags += [] if ours else ["-fno-sanitize=alignment,shift"]
        elif COVERAGE and ours:
            flags += ["--coverage", "-O0", "-g", "-DCYTHON_TRACE_NOGIL=1"]
        else:
            flags += ["-O3", "-g0"]
        flags += ["-fsanitize-coverage=trace-pc"] if TRACE else []
        return flags

    def link_flags(self, module: str) -> list[str]:
        """Keep every symbol inside but the one that Python looks for."""
        if self.compiler.compiler_type == "msvc":
            return []
        if sys.platform == "darwin":
            return [*instruments(), "-Wl,-dead_strip", f"-Wl,-exported_symbol,_PyInit_{module}"]
        return [*instruments(), "-Wl,--exclude-libs,ALL", "-Wl,--gc-sections", "-pthread", "-lm"]


class EngineBuild(NativeBuild):
    """Build the libraries only, for the programs in C, and write down how to link with them."""

    description = "build the C engine and its libraries, without Python"

    def write_licences(self, native: plan.Plan) -> None:
        """Nothing is handed on."""

    def link(self, native: plan.Plan, archives: list[Path]) -> None:
        """Write the arguments for the linker to ``build/native/FLAVOUR.link``."""
        libraries = [f"-l{name}" for name in native.libraries]
        line = " ".join([*map(str, archives), *libraries, *instruments(), "-pthread", "-lm"])
        path = BUILD / "native" / f"{FLAVOUR}.link"
        path.write_text(line + "\n")
        print(f"zarrpy: {path}: {line}")


def instruments() -> list[str]:
    """Return what the linker needs to know of sanitizers and coverage."""
    return [f"-fsanitize={SANITIZE}"] if SANITIZE else ["--coverage"] if COVERAGE else []


def cythonized(extension: Extension) -> list[str]:
    """Return the C sources of an extension whose source is a ``.pyx``."""
    from Cython.Build import cythonize

    directives = {
        "language_level": 3,
        "freethreading_compatible": True,
        "linetrace": bool(COVERAGE),
    }
    # Coverage looks for the C file beside the .pyx; elsewhere it would only be in the way.
    folder = None if COVERAGE else str(BUILD / "cython")
    (result,) = cythonize([extension], build_dir=folder, compiler_directives=directives, quiet=True)
    return result.sources


def headers() -> list[str]:
    """Return our C headers, on which every object depends."""
    return sorted(str(path) for path in Path("csrc").rglob("*.h"))


def numpy_headers() -> str:
    """Return the folder of NumPy's C headers; what is built runs with NumPy 2.0 and later."""
    import numpy as np

    return np.get_include()


def extensions() -> list[Extension]:
    """Return one extension for each ``.pyx``."""
    return [
        Extension(f"zarrpy._native.{path.stem}", [str(path)], include_dirs=["csrc"])
        for path in sorted(Path("zarrpy/_native").glob("*.pyx"))
    ]


os.chdir(ROOT)
setup(
    ext_modules=extensions(),
    cmdclass={"build_ext": NativeBuild, "build_engine": EngineBuild},
)

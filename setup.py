"""Build the C engine once and link each Cython module with it; see docs/how-to/build.md."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

ROOT = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

from vendor import plan  # noqa: E402
from vendor.fetch import FetchError  # noqa: E402

BUILD = Path("build")


def flavour() -> str:
    """Return the kind of build asked for: plain, coverage or the name of a sanitizer."""
    if os.environ.get("ZARRPY_COVERAGE"):
        return "coverage"
    return os.environ.get("ZARRPY_SANITIZE", "plain").replace(",", "-")


class NativeBuild(build_ext):
    """Compile csrc and the pinned libraries, then what Cython made of each ``.pyx``."""

    def build_extensions(self) -> None:
        try:
            native = plan.make()
            archives = self.build_libraries(native)
        except (plan.BuildError, FetchError) as error:
            raise SystemExit(f"zarrpy: {error}") from None
        print(f"zarrpy: native libraries by {native.mode!r}: {dict(native.macros)}")
        for note in native.notes:
            print(f"zarrpy: note: {note}")
        for extension in self.extensions:
            extension.sources = self.cythonized(extension)
            extension.extra_objects = [str(path) for path in archives]
            extension.libraries = list(native.libraries)
            extension.depends = [*extension.extra_objects, *headers()]
            extension.extra_compile_args = self.compile_args()
            extension.extra_link_args = self.link_args(extension.name.rpartition(".")[2])
        super().build_extensions()

    def build_libraries(self, native: plan.Plan) -> list[Path]:
        """Return the static libraries in link order: ours first."""
        folder = BUILD / "native" / f"{self.plat_name}-{native.mode}-{flavour()}"
        engine = sorted(Path("csrc").glob("*.c"))
        include, macros = ["csrc"], native.macros
        archives = [
            self.static_library("zarrpy_engine", engine, folder, include, macros, headers())
        ]
        for source in native.compile:
            root = plan.source_folder(source, BUILD / "vendor")
            found = sorted(path for glob in source.sources for path in root.glob(glob))
            include = [str(root / name) for name in source.include]
            macros = list(source.macros)
            archives.append(self.static_library(source.library, found, folder, include, macros, []))
        if native.archive is not None:
            archives.append(plan.archive_path(native.archive, BUILD / "vendor"))
        return archives

    def static_library(
        self,
        name: str,
        sources: list[Path],
        folder: Path,
        include: list[str],
        macros: list[tuple[str, str]],
        depends: list[str],
    ) -> Path:
        """Compile what has changed since the last time and put it into one archive."""
        output = folder / name
        library = folder / self.compiler.library_filename(name)
        objects = self.compiler.object_filenames([str(path) for path in sources], output_dir=output)
        newest = max((os.path.getmtime(path) for path in depends), default=0.0)
        stale = [
            str(path)
            for path, object_file in zip(sources, objects, strict=True)
            if not os.path.exists(object_file)
            or os.path.getmtime(object_file) < max(newest, path.stat().st_mtime)
        ]

        def compile_one(path: str) -> None:
            self.compiler.compile(
                [path], str(output), macros, include, extra_postargs=self.compile_args()
            )

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(compile_one, stale))
        # Made afresh: an archive keeps the members whose source is gone.
        if stale or not library.exists() or self.is_stale(library, objects):
            library.unlink(missing_ok=True)
            self.compiler.create_static_lib(objects, name, str(folder))
        return library

    def is_stale(self, library: Path, objects: list[str]) -> bool:
        """Whether the archive was made of another list of objects."""
        listing = library.with_suffix(".objects")
        same = listing.exists() and listing.read_text().split() == objects
        listing.write_text("\n".join(objects))
        return not same

    def cythonized(self, extension: Extension) -> list[str]:
        """Return the C sources of an extension whose source is a ``.pyx``."""
        from Cython.Build import cythonize

        directives = {
            "language_level": 3,
            "freethreading_compatible": True,
            "linetrace": flavour() == "coverage",
        }
        (result,) = cythonize(
            [extension],
            build_dir=str(BUILD / "cython" / flavour()),
            compiler_directives=directives,
            quiet=True,
        )
        return result.sources

    def compile_args(self) -> list[str]:
        if self.compiler.compiler_type == "msvc":
            return ["/O2", "/std:c11"]
        common = ["-std=gnu11", "-fvisibility=hidden", "-ffunction-sections", "-fdata-sections"]
        if flavour() == "plain":
            return [*common, "-O3", "-g0"]
        if flavour() == "coverage":
            return [*common, "-O0", "-g", "--coverage", "-DCYTHON_TRACE_NOGIL=1"]
        sanitizer = os.environ["ZARRPY_SANITIZE"]
        return [*common, "-O1", "-g", "-fno-omit-frame-pointer", f"-fsanitize={sanitizer}"]

    def link_args(self, module: str) -> list[str]:
        """Keep every symbol inside but the one that Python looks for."""
        if self.compiler.compiler_type == "msvc":
            return []
        if sys.platform == "darwin":
            args = ["-Wl,-dead_strip", f"-Wl,-exported_symbol,_PyInit_{module}"]
        else:
            args = ["-Wl,--exclude-libs,ALL", "-Wl,--gc-sections", "-pthread", "-lm"]
        if flavour() == "coverage":
            return [*args, "--coverage"]
        if flavour() != "plain":
            return [*args, f"-fsanitize={os.environ['ZARRPY_SANITIZE']}"]
        return args


def headers() -> list[str]:
    """Return our C headers, on which every object depends."""
    return sorted(str(path) for path in Path("csrc").rglob("*.h"))


def extensions() -> list[Extension]:
    """Return one extension for each ``.pyx``."""
    return [
        Extension(f"zarrpy._native.{path.stem}", [str(path)], include_dirs=["csrc"])
        for path in sorted(Path("zarrpy/_native").glob("*.pyx"))
    ]


os.chdir(ROOT)
setup(ext_modules=extensions(), cmdclass={"build_ext": NativeBuild})

"""Compile C sources into static libraries, anew only where something has changed."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any


class Archiver:
    """Makes static libraries in one folder with one compiler."""

    def __init__(self, compiler: Any, folder: Path) -> None:
        self.compiler = compiler
        self.folder = folder

    def make(
        self,
        name: str,
        sources: Iterable[Path],
        *,
        include: list[str],
        macros: list[tuple[str, str]],
        flags: list[str],
        headers: Iterable[str] = (),
    ) -> Path:
        """Return the library of these sources; `headers` are what any of them may include."""
        files = [str(path) for path in sources]
        output = str(self.folder / name)
        objects = self.compiler.object_filenames(files, output_dir=output)
        library = self.folder / str(self.compiler.library_filename(name))
        recipe = repr((self.compiler.compiler, include, macros, flags, objects))
        fresh = self._same_recipe(name, recipe) and library.exists()
        newest = max(map(os.path.getmtime, headers), default=0.0)
        stale = [
            source
            for source, target in zip(files, objects, strict=True)
            if not fresh or _older(target, max(newest, os.path.getmtime(source)))
        ]

        def compile_one(source: str) -> None:
            self.compiler.compile([source], output, macros, include, extra_postargs=flags)

        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(compile_one, stale))
        if stale or not fresh:
            library.unlink(missing_ok=True)  # else it would keep members whose source is gone
            self.compiler.create_static_lib(objects, name, str(self.folder))
            self._recipe_path(name).write_text(recipe)
        return library

    def _recipe_path(self, name: str) -> Path:
        return self.folder / f"{name}.recipe"

    def _same_recipe(self, name: str, recipe: str) -> bool:
        path = self._recipe_path(name)
        return path.exists() and path.read_text() == recipe


def links(compiler: Any, library: str, function: str) -> bool:
    """Whether a program that calls `function` links with that shared library."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "probe.c")
        source.write_text(f"int {function}();\nint main(void) {{ return {function}() == 0; }}\n")
        try:
            objects = compiler.compile([str(source)], output_dir=folder)
            compiler.link_executable(objects, "probe", folder, libraries=[library])
        except Exception as error:  # each platform's compiler class has errors of its own
            print(f"zarrpy: the linker says no to {library}: {error}")
            return False
    return True


def _older(path: str, time: float) -> bool:
    return not os.path.exists(path) or os.path.getmtime(path) < time

"""``zarrpy versions``: what this zarrpy is made of."""

from __future__ import annotations

import os
import re
import sys

from zarrpy.cli.exits import OK

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    import argparse
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verb to the parser."""
    verb = verbs.add_parser(
        "versions",
        parents=[common],
    )
    verb.set_defaults(run=versions)


def versions(arguments: argparse.Namespace) -> int:
    """Print versions, one a line."""
    if arguments.json:
        import json

        print(json.dumps(collect(), indent=2))
    else:
        print_debug_info()
    return OK


def print_debug_info() -> None:
    """Print the versions of zarrpy, Python, NumPy and each linked library, for reports of bugs.

    ``zarrpy versions`` prints the same.
    """
    facts = collect()
    libraries: dict[str, str] = facts.pop("libraries")
    width = max(map(len, (*facts, *libraries)))
    for name, version in (*facts.items(), *libraries.items()):
        print(f"{name:{width}}  {version}")


def collect() -> dict[str, Any]:
    """Gather the versions without importing NumPy."""
    import zarrpy
    from zarrpy._native.steps import cpu_features, library_versions

    return {
        "zarrpy": zarrpy.__version__,
        "python": ".".join(map(str, sys.version_info[:3])) + f" ({sys.implementation.name})",
        "numpy": numpy_version() or "not installed",
        "platform": sys.platform,
        "simd": cpu_features() or "none",
        "libraries": dict(library_versions()),
    }


def numpy_version() -> str | None:
    """Find NumPy's version without importing it, which takes longer than all the rest."""
    for folder in sys.path:
        try:
            with open(os.path.join(folder or ".", "numpy", "version.py"), encoding="utf-8") as file:
                found = re.search(r"""^version\s*=\s*["']([^"']+)""", file.read(), re.MULTILINE)
        except (OSError, UnicodeDecodeError):
            continue
        if found:
            return found[1]
    return _recorded_version("numpy")


def _recorded_version(distribution: str) -> str | None:
    """Look a version up where the installer wrote it."""
    from importlib import metadata

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None

"""``zarrpy run``: a program that is written for zarr-python, over zarrpy."""

from __future__ import annotations

import argparse
import sys

from zarrpy.cli.exits import OK

#: As Python ends after an exception that nobody caught.
FAILED = 1

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verb to the parser."""
    verb = verbs.add_parser(
        "run",
        description="Run a script, or with -m a module, whose `import zarr` gets zarrpy. What "
        "comes after it is the program's own.",
    )
    verb.add_argument("-m", dest="module", action="store_true", help="PROGRAM names a module")
    verb.add_argument("program", metavar="PROGRAM", help="a file, or the name of a module")
    verb.add_argument("rest", metavar="ARGUMENT", nargs=argparse.REMAINDER)
    verb.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Run a program."""
    import os
    import runpy

    import zarrpy.compat

    zarrpy.compat.install()
    sys.argv = [arguments.program, *arguments.rest]
    if not arguments.module and not os.path.exists(arguments.program):
        raise FileNotFoundError(
            f"there is no program {arguments.program!r}; a module: zarrpy run -m NAME"
        )
    try:
        if arguments.module:
            sys.path.insert(0, "")
            runpy.run_module(arguments.program, run_name="__main__", alter_sys=True)
        else:
            sys.path.insert(0, os.path.dirname(os.path.abspath(arguments.program)))
            runpy.run_path(arguments.program, run_name="__main__")
    except Exception:  # the program's own, which Python would show as well
        sys.excepthook(*sys.exc_info())
        return FAILED
    return OK

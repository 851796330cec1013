"""What the verbs of long work have in common: who works, and how to go on after a kill."""

from __future__ import annotations

import argparse

from zarrpy.cli.output import bar

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add_scheduler(verb: argparse.ArgumentParser) -> None:
    """Describe who works."""
    verb.add_argument(
        "--scheduler",
        type=_scheduler,
        metavar="WHO",
        help="threads (the default), processes, or the address of a scheduler of Dask",
    )


def _scheduler(text: str) -> str:
    from zarrpy.engine.scheduler import is_local

    try:
        is_local(text)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is nobody: give threads, processes, or an address such as tcp://host:8786"
        ) from None
    return text


def add_bulk(verb: argparse.ArgumentParser) -> None:
    """Describe what all of them take."""
    add_scheduler(verb)
    verb.add_argument(
        "--journal",
        metavar="FOLDER",
        help="note what is done there; after a kill the same command goes on",
    )


def bulk(arguments: argparse.Namespace) -> dict[str, Any]:
    """Give the keywords for it."""
    return {
        "progress": bar(arguments),
        "scheduler": arguments.scheduler,
        "journal": arguments.journal,
    }

"""``zarrpy demo``: store a real field, read it back, and prove that it is the same."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    import argparse
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verb to the parser."""
    verb = verbs.add_parser(
        "demo",
        parents=[common],
        description="Store a field under several codecs in Zarr v2 and v3, read it back by "
        "windows, in a second process and with every other Zarr implementation that is "
        "installed, and compare bit for bit. Exits with 0 only if everything agrees.",
    )
    verb.add_argument(
        "file",
        nargs="?",
        metavar="FILE.npy",
        help="an array of your own (default: the ocean temperatures that ship with zarrpy)",
    )
    verb.add_argument(
        "--keep",
        metavar="DIR",
        help="write into this new directory and leave it there, to look at afterwards",
    )
    verb.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from zarrpy.cli.demo.verb import demo

    return demo(arguments)

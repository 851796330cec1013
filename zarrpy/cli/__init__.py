"""The command line, ``zarrpy VERB`` or ``python -m zarrpy VERB``.

One file per group of verbs, listed by `zarrpy.cli.verbs`. Each has ``add(verbs, common)``, which
describes its verbs to the parser and imports nothing heavy, and names the function to run;
whatever that needs is imported when it runs, so that ``zarrpy --help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence

from zarrpy import __version__
from zarrpy.cli.exits import OK, UsageError, explain
from zarrpy.cli.verbs import Verbs

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; see `zarrpy.cli.exits` for the codes.

    Parameters
    ----------
    argv : sequence of str, optional
        The arguments after the program's name; those of the process by default.
    """
    arguments = _parsed(argv)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a name the terminal cannot spell must not end the program
            reconfigure(errors="backslashreplace")
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        _set_threads(arguments)
        code = run(arguments)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader of a pipe (`| head`) has seen enough; keep the interpreter from
        # flushing into it again at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except (Exception, KeyboardInterrupt) as error:
        if arguments.verbose:
            raise
        return explain(error)
    return code


def _set_threads(arguments: argparse.Namespace) -> None:
    wanted = getattr(arguments, "threads", None)
    if wanted is None:
        return
    from zarrpy.config import config

    if wanted < 1:
        raise UsageError(f"--threads takes a number from 1 up, not {wanted}")
    config.workers = wanted


def _parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse arguments; of what nobody knows, say what may have been meant."""
    parser = _parser()
    given = argparse.Namespace(json=False, verbose=False)
    arguments, unknown = parser.parse_known_args(argv, given)
    if unknown:
        verbs = next(each for each in parser._actions if isinstance(each, Verbs))
        verb = verbs.parser_of(arguments.verb)
        options = [word for action in verb._actions for word in action.option_strings]
        name = unknown[0].partition("=")[0]
        if name.startswith("-"):
            verb.error(f"there is no {unknown[0]!r}{_nearest(name, options)}")
        words = [word for word in unknown if not word.startswith("-")]
        many = "a word" if len(words) == 1 else f"{len(words)} words"
        verb.error(f"{many} too many: {', '.join(map(repr, words))}")
    return arguments


def _nearest(name: str, known: Sequence[str]) -> str:
    from difflib import get_close_matches

    found = get_close_matches(name, known)
    return f"; nearest: {', '.join(map(repr, found))}" if found else ""


class _Parser(argparse.ArgumentParser):
    """Says which verb may have been meant, and takes shapes such as -1,1,1 for values."""

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        # that of Python 3.13; older ones take what begins so for an option
        self._negative_number_matcher = re.compile(r"-\.?\d")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.dest == "verb" and value not in (action.choices or ()):
            nearest = _nearest(value, list(action.choices or ()))
            self.error(f"there is no verb {value!r}{nearest}; zarrpy --help lists them")
        super()._check_value(action, value)


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    # SUPPRESS lets a flag stand before the verb or after it: a verb's parser would otherwise
    # overwrite what was given before it
    common.add_argument(
        "--json",
        action="store_true",
        default=argparse.SUPPRESS,
        help="print one JSON document instead of text",
    )
    common.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=argparse.SUPPRESS,
        help="let errors show their traceback",
    )
    common.add_argument(
        "-q",
        "--quiet",
        "--no-progress",
        action="store_true",
        default=argparse.SUPPRESS,
        help="show no bar on long work",
    )
    common.add_argument(
        "--progress",
        choices=("bar", "json", "none"),
        default=argparse.SUPPRESS,
        help="of long work, on standard error; by default a bar where that is a terminal",
    )
    common.add_argument(
        "--threads",
        type=int,
        default=argparse.SUPPRESS,
        metavar="N",
        help="threads that work; by default one for each core",
    )
    common.add_argument(
        "-o",
        "--option",
        action="append",
        default=argparse.SUPPRESS,
        metavar="KEY=VALUE",
        help="for a store behind a URL",
    )
    parser = _Parser(
        prog="zarrpy",
        description="Look at Zarr arrays and groups, change, move and check them.",
        epilog="exit codes: 0 ok, 1 a difference or corrupt data, 2 usage, "
        "3 not found, 4 input or output, 130 interrupted",
        parents=[common],
    )
    parser.add_argument("--version", action="version", version=f"zarrpy {__version__}")
    verbs = parser.add_subparsers(
        title="verbs", metavar="VERB", dest="verb", required=True, action=Verbs
    )
    assert isinstance(verbs, Verbs)
    verbs.common = common
    return parser

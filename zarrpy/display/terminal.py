"""What the stream we print to can show."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TextIO

Colours = Literal[0, 16, 256, 16_777_216]

_DRAWINGS = "▀█░…×→├─└✓"


@dataclass(frozen=True, slots=True)
class Terminal:
    """The abilities of one output stream.

    Parameters
    ----------
    width : int
        Columns that may be filled.
    colours : int
        How many colours it shows; 0 means that no escape sequence is sent.
    unicode : bool
        Whether its encoding has the block and line drawings.
    """

    width: int = 80
    colours: Colours = 0
    unicode: bool = False

    @classmethod
    def of(cls, stream: TextIO, environ: Mapping[str, str] | None = None) -> "Terminal":
        """Ask a stream and the environment (``NO_COLOR``, ``TERM``, ``COLORTERM``, ``COLUMNS``)."""
        environ = os.environ if environ is None else environ
        tty = stream.isatty()
        return cls(
            width=_width(stream, environ) if tty else _asked_width(environ) or 80,
            colours=_colours(environ) if tty else 0,
            unicode=_can_encode(stream, _DRAWINGS),
        )

    def paint(self, text: str, code: str) -> str:
        """Wrap text in one colour or weight (an SGR code), where colours are shown."""
        return f"\x1b[{code}m{text}\x1b[0m" if self.colours else text


def _asked_width(environ: Mapping[str, str]) -> int | None:
    asked = environ.get("COLUMNS", "")
    return int(asked) if asked.isdecimal() and int(asked) > 0 else None


def _width(stream: TextIO, environ: Mapping[str, str]) -> int:
    asked = _asked_width(environ)
    if asked is not None:
        return asked
    try:
        # a new pseudo-terminal answers 0 until someone sets its size
        return os.get_terminal_size(stream.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def _colours(environ: Mapping[str, str]) -> Colours:
    term = environ.get("TERM", "")
    if environ.get("NO_COLOR") or term in ("", "dumb"):
        return 0
    if environ.get("COLORTERM") in ("truecolor", "24bit"):
        return 16_777_216
    return 256 if "256" in term else 16


def _can_encode(stream: TextIO, text: str) -> bool:
    try:
        text.encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return False
    return True

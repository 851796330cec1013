"""How far a long piece of work is: told to a callable, a bar of the user's, or one of ours.

Whoever works calls `Progress.advance`, always from the thread that the user called from.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import Any, Protocol, TextIO

from zarrpy.display.sizes import format_nbytes
from zarrpy.display.terminal import Terminal

_REDRAW_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Event:
    """One step forward.

    Attributes
    ----------
    done : int
        Parts that are done.
    total : int or None
        Parts in all; None where that is not known before the end.
    bytes_in, bytes_out : int
        Decoded bytes read and written so far.
    key : str
        Of the chunk that was done last; "" where it was more than one.
    """

    done: int
    total: int | None
    bytes_in: int = 0
    bytes_out: int = 0
    key: str = ""


class Sink(Protocol):
    """What takes events."""

    def show(self, event: Event, n: int) -> None:
        """Show that `n` more are done."""

    def close(self) -> None:
        """Show no more."""


class Progress:
    """Counts parts and tells of each.

    Parameters
    ----------
    asked : None, bool, callable, or object with ``update(n)``
        As users give it: nothing; a bar, if standard error is a terminal; a function of an `Event`;
        or a bar of theirs, such as tqdm's, which stays open.
    total : int, optional
        Parts in all.
    what : str
        What is being done.

    Raises
    ------
    TypeError
        When `asked` is none of these.
    """

    def __init__(self, asked: Any, total: int | None = None, what: str = "chunks") -> None:
        self._sink = _sink(asked, what)
        self._total = total
        self._done = self._in = self._out = 0

    def advance(self, n: int = 1, bytes_in: int = 0, bytes_out: int = 0, key: str = "") -> None:
        """Tell that `n` more parts are done."""
        self._done += n
        self._in += bytes_in
        self._out += bytes_out
        if self._sink is not None:
            self._sink.show(Event(self._done, self._total, self._in, self._out, key), n)

    @property
    def heard(self) -> bool:
        """Whether anybody is told."""
        return self._sink is not None

    def close(self) -> None:
        """End."""
        sink, self._sink = self._sink, None
        if sink is not None:
            sink.close()


def _sink(asked: Any, what: str) -> Sink | None:
    if asked is None or asked is False:
        return None
    if asked is True:
        return _automatic(what)
    if hasattr(asked, "update"):
        return _Updated(asked)
    if callable(asked):
        return _Called(asked)
    raise TypeError(
        f"progress must be True, a function of an event, or an object with update(n), not {asked!r}"
    )


def _automatic(what: str) -> Sink | None:
    """Give a bar of tqdm where a program has that loaded, or our own; none but on a terminal."""
    stream = sys.stderr
    if stream is None or not stream.isatty():
        return None
    tqdm = sys.modules.get("tqdm.auto")
    if tqdm is not None:
        return _Tqdm(tqdm.tqdm(desc=what, unit="chunk"))
    return Bar(stream, what)


class _Called:
    def __init__(self, function: Any) -> None:
        self._function = function

    def show(self, event: Event, n: int) -> None:
        self._function(event)

    def close(self) -> None:
        pass


class _Updated:
    def __init__(self, bar: Any) -> None:
        self._bar = bar

    def show(self, event: Event, n: int) -> None:
        self._bar.update(n)

    def close(self) -> None:
        pass  # whoever opened it closes it


class _Tqdm(_Updated):
    def show(self, event: Event, n: int) -> None:
        self._bar.total = event.total
        self._bar.update(n)

    def close(self) -> None:
        self._bar.close()


class Bar:
    """One line that is drawn again and again.

    Parameters
    ----------
    stream : text stream
    what : str
        What is being done.
    """

    def __init__(self, stream: TextIO, what: str) -> None:
        self._stream = stream
        self._what = what
        self._terminal = Terminal.of(stream)
        self._begin = time.monotonic()
        self._drawn = 0.0
        self._last: Event | None = None

    def show(self, event: Event, n: int) -> None:
        """Draw the line, if it was not drawn just now."""
        self._last = event
        now = time.monotonic()
        if now - self._drawn >= _REDRAW_SECONDS:
            self._drawn = now
            self._draw(event, now)

    def close(self) -> None:
        """Draw the last state, and leave the line."""
        if self._last is not None:
            self._draw(self._last, time.monotonic())
            self._stream.write("\n")
            self._stream.flush()

    def _draw(self, event: Event, now: float) -> None:
        # the line goes to its end at once, so that no rest of a longer one stays
        self._stream.write("\r" + self.line(event, now - self._begin) + "\x1b[K")
        self._stream.flush()

    def line(self, event: Event, seconds: float) -> str:
        """Say how far it is and how long it will take."""
        nbytes = event.bytes_in + event.bytes_out
        words = [self._what]
        if event.total:
            share = min(event.done / event.total, 1.0)
            words += [self._picture(share), f"{share:4.0%}"]
        words.append(f"{event.done}/{event.total}" if event.total else f"{event.done}")
        if seconds > 0 and nbytes:
            words.append(f"{format_nbytes(int(nbytes / seconds))}/s")
        if event.total and event.done:
            left = seconds / event.done * max(event.total - event.done, 0)
            words.append(f"eta {int(left) // 60}:{int(left) % 60:02}")
        return "  ".join(words)[: self._terminal.width - 1]

    def _picture(self, share: float, width: int = 20) -> str:
        full, rest = ("█", " ") if self._terminal.unicode else ("#", "-")
        done = round(share * width)
        return full * done + rest * (width - done)

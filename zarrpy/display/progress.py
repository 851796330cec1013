"""How far a long piece of work is: told to a callable, a bar of the user's, or one of ours.

Whoever works calls `Progress.advance`, always from the thread that the user called from.
"""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Protocol, TextIO

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
    asked : None, bool, "plain", "json", callable, or object with ``update(n)``
        As users give it: nothing; a bar of rich, tqdm or ours, if standard error is a terminal or
        this is a notebook; our bar; lines of JSON on standard error; a function of an `Event`; or a
        bar of theirs, such as tqdm's, or a `rich.progress.Progress`, which stays open.
    total : int, optional
        Parts in all.
    what : str
        What is being done.

    Raises
    ------
    TypeError
        When `asked` is none of these.
    """

    def __init__(self, asked: Any = None, total: int | None = None, what: str = "chunks") -> None:
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

    def expect(self, n: int) -> None:
        """Count on so many parts more, where it is not known from the beginning."""
        self._total = (self._total or 0) + n

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
    if isinstance(asked, str) and asked in ("plain", "json"):  # bars of tqdm compare badly
        return (Bar if asked == "plain" else _Lines)(sys.stderr, what)
    if hasattr(asked, "add_task"):
        return _Rich(asked, what)
    if hasattr(asked, "update"):
        return _Updated(asked)
    if callable(asked):
        return _Called(asked)
    raise TypeError(
        f"progress must be True, a function of an event, or an object with update(n), not {asked!r}"
    )


def _automatic(what: str) -> Sink | None:
    """Give a bar of rich where a program has that loaded, of tqdm where that is installed, or ours.

    Without a terminal there is none, but in a notebook, where tqdm draws one.
    """
    stream = sys.stderr
    notebook = "ipykernel" in sys.modules
    if stream is None or not (stream.isatty() or notebook):
        return None
    if "rich" in sys.modules and not notebook:
        return _Rich(None, what)
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None if notebook else Bar(stream, what)
    return _Tqdm(tqdm(desc=what, unit=f" {what}"))


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


class _Rich:
    """A task among those of a display of rich: of the user's, which stays, or of ours."""

    def __init__(self, display: Any, what: str) -> None:
        self._own = display is None
        if display is None:
            from rich.console import Console
            from rich.progress import Progress as Display

            display = Display(*Display.get_default_columns(), console=Console(stderr=True))
            display.start()
        self._display = display
        self._task = display.add_task(what, total=None)

    def show(self, event: Event, n: int) -> None:
        self._display.update(self._task, completed=event.done, total=event.total)

    def close(self) -> None:
        if self._own:
            self._display.stop()


class _Lines:
    """A line of JSON now and then, for programs, and one at the end."""

    def __init__(self, stream: TextIO, what: str) -> None:
        self._stream = stream
        self._what = what
        self._written = 0.0
        self._last: Event | None = None

    def show(self, event: Event, n: int) -> None:
        self._last = event
        now = time.monotonic()
        if now - self._written >= _REDRAW_SECONDS:
            self._written = now
            self._write()

    def _write(self) -> None:
        import json

        if self._last is not None:
            line = json.dumps({"what": self._what, **asdict(self._last)})
            self._stream.write(line + "\n")
            self._stream.flush()
            self._last = None

    def close(self) -> None:
        self._write()


class Bar:
    """One line that is drawn again and again.

    Parameters
    ----------
    stream : text stream
    what : str
        What is being done.
    """

    #: Whether there was one in this process, which has ended its line.
    was_drawn: ClassVar[bool] = False

    def __init__(self, stream: TextIO, what: str) -> None:
        self._stream = stream
        self._what = what
        self._unicode = Terminal.of(stream).unicode
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
        Bar.was_drawn = True
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
        # its width is asked for each time: somebody may have pulled at the window
        return "  ".join(words)[: Terminal.of(self._stream).width - 1]

    def _picture(self, share: float, width: int = 20) -> str:
        full, rest = ("█", " ") if self._unicode else ("#", "-")
        done = round(share * width)
        return full * done + rest * (width - done)

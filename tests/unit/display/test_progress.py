"""Tests of `zarrpy.display.progress`."""

import io
import sys
import types

import pytest

from zarrpy.display.progress import Bar, Event, Progress


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self):
        """Say so."""
        return True


def test_a_function_gets_events():
    """What is done, of how much, and the bytes so far."""
    events = []
    progress = Progress(events.append, 4)

    progress.advance(1, 100, key="c/0")
    progress.advance(2, 100, 50)

    assert events == [Event(1, 4, 100, 0, "c/0"), Event(3, 4, 200, 50, "")]


def test_a_bar_of_the_user_is_moved_and_left_open():
    """As tqdm's is: by `update(n)`."""
    moved = []
    progress = Progress(types.SimpleNamespace(update=moved.append), 4)

    progress.advance(1)
    progress.advance(3)
    progress.close()

    assert moved == [1, 3]


@pytest.mark.parametrize("asked", [None, False])
def test_nobody_need_hear_of_it(asked):
    """Then nothing is shown."""
    Progress(asked, 4).advance(1)


def test_what_cannot_hear_is_refused():
    """At once."""
    with pytest.raises(TypeError, match="update"):
        Progress(3)


def test_true_is_silent_where_nobody_looks(monkeypatch):
    """Only a terminal gets a bar."""
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    progress = Progress(True, 4)
    progress.advance(4)
    progress.close()

    assert sys.stderr.getvalue() == ""


def test_true_draws_a_line_on_a_terminal(monkeypatch):
    """Again and again over itself, and ends it."""
    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.delitem(sys.modules, "tqdm.auto", raising=False)
    progress = Progress(True, 4, "sum")
    for _ in range(4):
        progress.advance(1, 1 << 20)
    progress.close()

    drawn = sys.stderr.getvalue()
    assert drawn.endswith("\n")
    assert drawn.split("\r")[-1].startswith("sum")
    assert "100%" in drawn
    assert "4/4" in drawn


def test_a_loaded_tqdm_draws_instead(monkeypatch):
    """Where the program uses it already."""
    bars = []

    class Tqdm:
        def __init__(self, **keywords):
            self.total, self.done, self.closed = None, 0, False
            bars.append(self)

        def update(self, n):
            self.done += n

        def close(self):
            self.closed = True

    monkeypatch.setattr(sys, "stderr", Screen())
    monkeypatch.setitem(sys.modules, "tqdm.auto", types.SimpleNamespace(tqdm=Tqdm))
    progress = Progress(True, 4)
    progress.advance(3)
    progress.close()

    assert [(bar.total, bar.done, bar.closed) for bar in bars] == [(4, 3, True)]


def test_the_line_says_how_far_and_how_long():
    """Where the end is known; else what is done."""
    bar = Bar(Screen(), "copy")

    known = bar.line(Event(1, 4, 1 << 20), 10.0)
    unknown = bar.line(Event(1, None), 10.0)

    assert " 25%" in known
    assert "1/4" in known
    assert "eta 0:30" in known
    assert "KiB/s" in known
    assert unknown == "copy  1"

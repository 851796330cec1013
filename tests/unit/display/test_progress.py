"""Tests of `zarrpy.display.progress`."""

import io
import sys
import types

import numpy as np
import pytest

import zarrpy
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


def test_a_bar_of_tqdm_is_moved_and_left_open():
    """It cannot be compared with anything but its like."""
    tqdm = pytest.importorskip("tqdm", reason="pip install tqdm")
    array = zarrpy.create_array({}, data=np.arange(100), chunks=5)

    with tqdm.tqdm(total=20, file=io.StringIO()) as bar:
        assert array.sum(progress=bar) == 4950
        assert (bar.n, bar.disable) == (20, False)


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
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)  # as if it were not installed
    monkeypatch.delitem(sys.modules, "rich", raising=False)
    progress = Progress(True, 4, "sum")
    for _ in range(4):
        progress.advance(1, 1 << 20)
    progress.close()

    drawn = sys.stderr.getvalue()
    assert drawn.endswith("\n")
    assert drawn.split("\r")[-1].startswith("sum")
    assert "100%" in drawn
    assert "4/4" in drawn


def test_tqdm_draws_instead_where_it_is_installed(monkeypatch):
    """Such as this."""
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
    monkeypatch.delitem(sys.modules, "rich", raising=False)
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


@pytest.mark.parametrize("library", ["tqdm", "rich"])
def test_the_real_ones_draw(monkeypatch, library):
    """On a terminal; how far it is, and to the end."""
    pytest.importorskip(library, reason=f"pip install {library}")
    screen = Screen()
    monkeypatch.setattr(sys, "stderr", screen)
    if library == "tqdm":
        monkeypatch.delitem(sys.modules, "rich", raising=False)
    array = zarrpy.create_array({}, data=np.arange(100), chunks=5)
    assert array.sum(progress=True) == 4950

    drawn = screen.getvalue()
    assert "chunks" in drawn
    assert "100%" in drawn
    assert "20/20" in drawn or library == "rich"


def test_a_display_of_rich_gets_a_task_and_stays():
    """Beside others that the user has in it."""
    rich = pytest.importorskip("rich.progress", reason="pip install rich")
    display = rich.Progress(disable=True)
    array = zarrpy.create_array({}, data=np.arange(100), chunks=5)
    array.sum(progress=display)
    zarrpy.checksum(array.store, progress=display)
    found = [(task.description, task.completed, task.total) for task in display.tasks]
    assert found == [("chunks", 20, 20), ("blocks", 1, 1)]


def test_a_notebook_has_bars_of_tqdm(monkeypatch):
    """Though its standard error is no terminal."""
    pytest.importorskip("tqdm", reason="pip install tqdm")
    screen = io.StringIO()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    zarrpy.create_array({}, data=np.arange(100), chunks=5).sum(progress=True)
    assert "20/20" in screen.getvalue()


@pytest.mark.parametrize(
    "work",
    [
        lambda tmp, told: zarrpy.copy(tmp / "a", tmp / "b", progress=told),
        lambda tmp, told: zarrpy.move(tmp / "a", tmp / "b.sqlite", progress=told),
        lambda tmp, told: zarrpy.rechunk(tmp / "a", tmp / "b", chunks=8, progress=told),
        lambda tmp, told: zarrpy.convert(tmp / "a", zarr_format=2, progress=told),
        lambda tmp, told: zarrpy.pack(tmp / "a", tmp / "b.zip", progress=told),
        lambda tmp, told: zarrpy.import_from(tmp / "a.npy", tmp / "b", progress=told),
        lambda tmp, told: zarrpy.export_to(tmp / "a", tmp / "b.npy", progress=told),
        lambda tmp, told: zarrpy.verify(tmp / "a", progress=told),
        lambda tmp, told: zarrpy.verify(tmp / "a", deep=True, progress=told),
        lambda tmp, told: zarrpy.repair(tmp / "a", deep=True, progress=told),
        lambda tmp, told: zarrpy.checksum(tmp / "a", progress=told),
        lambda tmp, told: zarrpy.checksum(tmp / "a", kind="tree", progress=told),
        lambda tmp, told: zarrpy.diff(tmp / "a", tmp / "a", progress=told),
    ],
    ids=[
        *("copy", "move", "rechunk", "convert", "pack", "import", "export", "verify"),
        *("verify deep", "repair", "checksum", "checksum of the tree", "diff"),
    ],
)
def test_all_bulk_work_tells_how_far_it_is(tmp_path, work):
    """With its total from the first event on, up to it, and bytes where any were moved."""
    zarrpy.create_array(tmp_path / "a", data=np.arange(1, 101), chunks=4, shards=20)
    np.save(tmp_path / "a.npy", np.arange(100))
    events = []
    work(tmp_path, events.append)
    assert events
    assert events[0].total == events[-1].total == events[-1].done > 0
    assert [each.done for each in events] == sorted(each.done for each in events)

"""The command line in a pseudo-terminal: what people see, as it is drawn."""

import json
import os
import re
import select
import signal
import struct
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import zarrpy

if sys.platform == "win32":
    pytest.skip("Windows has no pty: run these on Linux or macOS", allow_module_level=True)

import fcntl
import pty
import termios

ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Screen:
    """A process in a pseudo-terminal of some width."""

    def __init__(
        self, arguments: list[str], environ: dict[str, str], cwd: Path, width: int
    ) -> None:
        self.text = ""
        self.pid, self._file = pty.fork()
        if self.pid == 0:
            # the width is set before anybody asks for it
            fcntl.ioctl(1, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))
            os.chdir(cwd)
            os.execve(sys.executable, [sys.executable, "-P", "-m", "zarrpy", *arguments], environ)

    def read_until(self, pattern: str, seconds: float = 60) -> str:
        """Wait until something is drawn."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            assert time.monotonic() < end, self.text
            if not self._read():
                raise AssertionError(f"{pattern!r} was never drawn: {self.text}")
        return self.text

    def _read(self) -> bool:
        if select.select([self._file], [], [], 0.2)[0]:
            try:
                found = os.read(self._file, 65536)
            except OSError:  # Linux: nobody has the other end any more
                return False
            if not found:
                return False
            self.text += found.decode()
        return True

    def press(self, key: bytes) -> None:
        """Type something."""
        os.write(self._file, key)

    def ended(self) -> int:
        """Wait for the end; give the exit code, or the signal as a shell would."""
        while self._read():
            pass
        os.close(self._file)
        status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return status if status >= 0 else 128 - status


@pytest.fixture
def on_screen(tmp_path, environment):
    """Run ``zarrpy`` in a terminal."""
    begun = []

    def run(*arguments: str, width: int = 80, **environ: str) -> Screen:
        given = environment(**{"TERM": "xterm-256color", "COLUMNS": "", **environ})
        for name in ("NO_COLOR", "COLORTERM"):
            if name not in environ:
                given.pop(name, None)
        begun.append(Screen(list(arguments), given, tmp_path, width))
        return begun[-1]

    yield run
    for each in begun:
        try:
            os.kill(each.pid, signal.SIGKILL)
            os.waitpid(each.pid, 0)
        except (ProcessLookupError, ChildProcessError):
            pass


@pytest.fixture
def large(tmp_path):
    """Work that takes a while: many small chunks."""
    return zarrpy.create_array(
        tmp_path / "large.zarr", data=np.arange(1, 2001), chunks=1, compressors=None
    )


LONG = ("rechunk", "large.zarr", "out.zarr", "-c", "2", "--max-memory", "1000")


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (LONG, "boxes"),
        (("cp", "large.zarr", "out.zarr"), "chunks"),
        (("pack", "large.zarr", "out.zip"), "keys"),
        (("checksum", "large.zarr", "--tree"), "keys"),
        (("diff", "large.zarr", "large.zarr"), "blocks"),
        (("stats", "large.zarr"), "chunks"),
        (("verify", "--deep", "large.zarr"), "chunks"),
        (("import", "v.npy", "out.zarr"), "parts"),
        (("export", "large.zarr", "out.npy"), "parts"),
        (("convert", "large.zarr", "--to", "2"), "parts"),
        (("mv", "large.zarr", "out.sqlite"), "chunks"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else None,
)
def test_long_work_draws_a_bar_on_standard_error(large, tmp_path, on_screen, arguments, what):
    """With its share and its end, on one line that is drawn over and ended."""
    np.save(tmp_path / "v.npy", np.arange(10))
    if arguments[0] == "convert":
        with zarrpy.config.set(workers=1):
            zarrpy.rechunk(large, tmp_path / "s.zarr", chunks=10, shards=100)
        arguments = ("convert", "s.zarr", "--to", "2")
    screen = on_screen(*arguments)
    assert screen.ended() == 0, screen.text
    drawn = [ESCAPE.sub("", line) for line in re.split(r"\r\x1b\[K|\r\n|\r", screen.text)]
    bars = [line for line in drawn if line.startswith(what)]
    assert bars, screen.text
    assert "100%" in bars[-1]
    assert "eta 0:00" in bars[-1]
    assert all(len(line) < 80 for line in bars)


def test_a_bar_is_as_wide_as_the_terminal(large, on_screen):
    """Never wider, or it would not be drawn over."""
    screen = on_screen(*LONG, width=30)
    assert screen.ended() == 0
    bars = [ESCAPE.sub("", line) for line in screen.text.split("\r") if line.startswith("boxes")]
    assert bars
    assert max(map(len, bars)) == 29


@pytest.mark.parametrize("flag", ["-q", "--no-progress", "--json", "--progress=none"])
def test_who_wants_peace_gets_none(large, on_screen, flag):
    """Nor do programs, which ask for JSON."""
    screen = on_screen(flag, *LONG)
    assert screen.ended() == 0
    assert "boxes" not in screen.text
    assert ("{" in screen.text) == (flag == "--json")


def test_programs_may_hear_of_it_as_json(large, run):
    """One document a line on standard error, the last one says that all is done."""
    done = run("--progress=json", "--json", *LONG)
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert lines[-1]["done"] == lines[-1]["total"] > 0
    assert lines[-1]["what"] == "boxes"
    assert json.loads(done.stdout)["shape"] == [2000]


def test_ctrl_c_ends_the_work_and_the_line(large, tmp_path, on_screen):
    """With the exit code 130, one line, and nothing of the target."""
    screen = on_screen(*LONG)
    screen.read_until(r"boxes .*%")
    screen.press(b"\x03")
    assert screen.ended() == 130
    assert screen.text.rstrip().endswith("zarrpy: interrupted")
    assert "Traceback" not in screen.text
    assert screen.text.rstrip().splitlines()[-1] == "zarrpy: interrupted"  # below the bar
    with pytest.raises(zarrpy.NodeNotFoundError):
        zarrpy.open(tmp_path / "out.zarr")
    assert not (tmp_path / "out.zarr").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ("cp", "large.zarr", "new/out.zarr"),
        ("pack", "large.zarr", "out.zip"),
        ("pack", "large.zarr", "out.sqlite"),
    ],
    ids=["cp", "zip", "sqlite"],
)
def test_nothing_is_left_of_what_was_interrupted(tmp_path, on_screen, arguments):
    """No empty file or directory, where nothing was before."""
    values = np.arange(1, 20001)
    zarrpy.create_array(tmp_path / "large.zarr", data=values, chunks=1, compressors=None)
    screen = on_screen(*arguments)
    screen.read_until(r"\d/2000[01]")
    screen.press(b"\x03")
    assert screen.ended() == 130, screen.text
    assert [each.name for each in tmp_path.iterdir()] == ["large.zarr"]


def test_an_interruption_is_told_on_a_line_of_its_own(large, on_screen):
    """Also where no bar is on screen, and the terminal has written ^C."""
    screen = on_screen("--progress=json", "stats", "large.zarr", "--threads", "1")
    screen.read_until(r"what")
    screen.press(b"\x03")
    if screen.ended() == 130:  # it may be done before
        assert screen.text.rstrip().splitlines()[-1] == "zarrpy: interrupted"


def test_what_was_interrupted_goes_on_by_its_journal(large, tmp_path, on_screen):
    """By the same command; what was done is counted, but not done again."""
    command = (*LONG, "--journal", "j")
    screen = on_screen(*command)
    screen.read_until(r"boxes .*[1-9]%")
    screen.press(b"\x03")
    assert screen.ended() == 130
    before = len((tmp_path / "j/done.txt").read_text().splitlines())

    screen = on_screen(*command, "--progress=json")
    assert screen.ended() == 0
    events = [json.loads(line) for line in screen.text.splitlines() if '"what"' in line]
    last = events[-1]
    assert last["done"] == last["total"]
    # one may be smaller than the others
    assert last["bytes_in"] / large.nbytes <= 1 - (before - 1) / last["total"]
    assert zarrpy.open(tmp_path / "out.zarr")[...].tolist() == list(range(1, 2001))


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)],
    ids=["colours", "NO_COLOR", "dumb"],
)
def test_a_map_of_chunks_is_coloured_where_the_terminal_is(large, on_screen, environ, coloured):
    """Otherwise no escape is sent but those of bars."""
    screen = on_screen("chunks", "--map", "large.zarr", **environ)
    assert screen.ended() == 0
    assert bool(re.search(r"\x1b\[[0-9;]*m", screen.text)) == coloured


def test_a_tree_keeps_to_the_width_of_the_terminal(hierarchy, on_screen):
    """Long lines are cut, with a sign of it."""
    screen = on_screen("tree", "run.zarr", width=40)
    assert screen.ended() == 0
    assert max(len(ESCAPE.sub("", line)) for line in screen.text.splitlines()) <= 40
    assert "…" in screen.text


def test_errors_are_one_line_on_a_terminal_too(hierarchy, on_screen):
    """What failed, and the nearest name."""
    screen = on_screen("info", "run.zarr/t2n")
    assert screen.ended() == 3
    assert screen.text.startswith("zarrpy: no array or group")
    assert "nearest: 't2m'" in screen.text

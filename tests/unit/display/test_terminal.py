"""What a stream can show is asked of the stream and the environment."""

import io
from collections.abc import Mapping

import pytest

from zarrpy.display.terminal import Terminal


class _Screen(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


class _AsciiFile(io.StringIO):
    encoding = "ascii"


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"TERM": "xterm-256color"}, 256),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, 16_777_216),
        ({"TERM": "linux"}, 16),
        ({"TERM": "dumb"}, 0),
        ({}, 0),
        ({"TERM": "xterm-256color", "NO_COLOR": "1"}, 0),
    ],
)
def test_colours_follow_the_environment(environ: Mapping[str, str], colours: int) -> None:
    """`TERM` and `COLORTERM` tell how many, and `NO_COLOR` forbids them."""
    assert Terminal.of(_Screen(), environ).colours == colours


def test_a_file_gets_no_escape_sequences() -> None:
    """Output that is not a terminal is plain, whatever the environment says."""
    terminal = Terminal.of(io.StringIO(), {"TERM": "xterm-256color"})

    assert terminal.paint("text", "1") == "text"


def test_the_width_can_be_asked_for() -> None:
    """`COLUMNS` stands over the terminal's own answer."""
    assert Terminal.of(_Screen(), {"COLUMNS": "132"}).width == 132


def test_a_stream_without_a_descriptor_is_eighty_columns_wide() -> None:
    """Where nobody can tell, the usual width is taken."""
    assert Terminal.of(_Screen(), {"TERM": "xterm"}).width == 80


@pytest.mark.parametrize("columns", ["0", "-3", "wide", ""])
def test_a_senseless_width_is_ignored(columns: str) -> None:
    """`COLUMNS` that is no positive number is as good as unset."""
    assert Terminal.of(io.StringIO(), {"COLUMNS": columns}).width == 80


def test_an_ascii_stream_gets_ascii() -> None:
    """Line and block drawings are used only where the encoding has them."""
    assert not Terminal.of(_AsciiFile(), {}).unicode

"""A two-dimensional field as a picture in a terminal."""

import re
from typing import Any

import numpy as np
import pytest

from zarrpy.display.picture import draw_picture
from zarrpy.display.terminal import Colours, Terminal

PLAIN = Terminal(width=40)
COLOURS: tuple[Colours, ...] = (0, 16, 256, 16_777_216)
_ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def _gradient(rows: int = 50, columns: int = 100) -> Any:
    return np.add.outer(np.zeros(rows), np.arange(float(columns)))


def test_a_gradient_rises_from_left_to_right() -> None:
    """Larger values get darker marks."""
    first = draw_picture(_gradient(), PLAIN)[0]

    assert list(first) == sorted(first, key=" .:-=+*#%@".index)
    assert first[0] == "."
    assert first[-1] == "@"


def test_what_is_not_finite_is_blank() -> None:
    """NaN and infinities have no place between the smallest and the largest value."""
    field = np.array([[0.0, np.nan, np.inf, -np.inf, 1.0]])

    assert draw_picture(field, PLAIN)[0] == "..      @@"


@pytest.mark.parametrize("colours", COLOURS)
@pytest.mark.parametrize("unicode", [False, True])
@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (7, 5), (541, 1080)])
def test_a_picture_keeps_its_frame(shape: tuple[int, int], colours: Colours, unicode: bool) -> None:
    """Whatever the shape and the terminal, no line is too wide and none too many."""
    field = np.random.default_rng(1).normal(size=shape)

    lines = draw_picture(field, Terminal(60, colours, unicode), max_rows=20)

    assert len(lines) <= 20
    assert max(len(_ESCAPES.sub("", line)) for line in lines[:-1]) <= 60


def test_the_first_row_is_on_top() -> None:
    """Rows are drawn in the order of the first axis."""
    lines = draw_picture(np.repeat(np.arange(40.0), 80).reshape(40, 80), PLAIN)

    assert lines[0][0] == "."
    assert lines[-2][0] == "@"


def test_escape_sequences_end_before_the_line_does() -> None:
    """A colour never runs on into what is printed next."""
    lines = draw_picture(_gradient(), Terminal(40, 256, True))

    assert all(line.endswith("\x1b[0m") for line in lines[:-1])


def test_values_near_the_limits_do_not_overflow() -> None:
    """The largest doubles of both signs have a picture like any other."""
    field = np.array([[-1.7e308, -1.7e308, 1.7e308, 1.7e308]])

    assert draw_picture(field, PLAIN)[0] == "....@@@@"


def test_a_field_of_one_value_is_drawn_in_the_middle() -> None:
    """Where nothing differs nothing stands out, and nothing is divided by zero."""
    assert set(draw_picture(np.full((4, 4), 7), PLAIN)[0]) == {"+"}


@pytest.mark.parametrize("dtype", ["?", "u1", "<i8", "<f2", ">f4", "<c16"])
def test_every_kind_of_number_can_be_drawn(dtype: str) -> None:
    """Booleans, integers, floats and magnitudes of complex numbers."""
    assert draw_picture(np.eye(4, dtype=dtype), PLAIN)[0] == "@@......"


def test_a_field_without_a_finite_value_says_so() -> None:
    """An empty frame would look like a fault."""
    assert draw_picture(np.full((3, 3), np.nan), PLAIN) == ["(no finite value to draw)"]


def test_three_dimensions_are_refused() -> None:
    """Which plane to show is the caller's choice."""
    with pytest.raises(ValueError, match="two dimensions"):
        draw_picture(np.zeros((2, 2, 2)), PLAIN)


def test_the_legend_tells_the_range() -> None:
    """The smallest and largest drawn value stand under the picture."""
    legend = draw_picture(np.array([[1.5, 2.0, 8.25]]), PLAIN)[-1]

    assert legend.startswith("1.5 ")
    assert legend.endswith(" 8.25")

"""Text from files that strangers wrote, made safe and aligned."""

import pytest

from zarrpy.display.text import printable, shorten, table


@pytest.mark.parametrize("evil", ["\x1b[2J", "a\rb", "x\ny", "\x07", "\u202e", "\x9b1m", "\udcff"])
def test_nothing_a_terminal_obeys_is_printed(evil: str) -> None:
    """Control characters and direction marks are shown as escapes."""
    shown = printable(evil)

    assert shown.isprintable()
    assert shown.isascii()


def test_letters_of_any_script_stay_as_they_are() -> None:
    """Only what cannot be seen is replaced."""
    assert printable("température 温度 🌊") == "température 温度 🌊"


def test_a_cut_text_is_no_wider_than_asked() -> None:
    """The dots count too."""
    assert [len(shorten("temperature", width)) for width in (0, 1, 2, 11)] == [0, 1, 2, 11]


def test_rows_of_unequal_length_are_refused() -> None:
    """A table with a missing cell would put the rest under the wrong title."""
    with pytest.raises(ValueError, match="zip"):
        table(("a", "b"), [("1",)])


def test_numbers_stand_flush_right() -> None:
    """A column marked as numbers is aligned on its last digit."""
    assert table(("n",), [("1",), ("100",)], numbers="r") == ["  n", "  1", "100"]

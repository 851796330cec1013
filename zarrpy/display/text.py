"""Text made safe to print, and aligned."""

from collections.abc import Sequence


def printable(text: str) -> str:
    r"""Replace what a terminal would obey rather than show.

    Names and attributes come from files that strangers wrote; an escape sequence in one of
    them must not move the cursor or paint over what was printed before.

    Examples
    --------
    >>> printable("lat\x1b[2J")
    'lat\\x1b[2J'
    """
    if text.isprintable():
        return text
    return "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode("ascii")
        for letter in text
    )


def shorten(text: str, width: int, *, dots: str = "…") -> str:
    """Cut text that is wider than `width` and end it with `dots`.

    Examples
    --------
    >>> shorten("temperature", 6), shorten("lat", 6)
    ('tempe…', 'lat')
    """
    if len(text) <= width:
        return text
    return text[: max(width - len(dots), 0)] + dots[:width]


def table(header: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: str = "") -> list[str]:
    """Align rows under their header, two spaces between columns.

    Parameters
    ----------
    header : sequence of str
        One title a column.
    rows : sequence of sequences of str
        The cells; each row is as long as the header.
    numbers : str, default ""
        One letter a column, ``r`` for a column set flush right; missing letters mean left.

    Examples
    --------
    >>> table(("name", "size"), [("t2m", "8 B"), ("latitude", "512 B")], numbers="lr")
    ['name       size', 't2m         8 B', 'latitude  512 B']
    """
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    sides = numbers.ljust(len(widths), "l")
    return [
        "  ".join(
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, sides, strict=True)
        ).rstrip()
        for row in (header, *rows)
    ]

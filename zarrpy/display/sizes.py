"""Numbers with their units, short enough to stand in a column."""

from collections.abc import Sequence
from typing import Any

#: Of lengths in one dimension that are shown.
_MOST_LENGTHS = 6
_BINARY_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def format_nbytes(nbytes: int) -> str:
    """Write a number of bytes with a binary unit and about three digits.

    Examples
    --------
    >>> format_nbytes(512), format_nbytes(14_438), format_nbytes(2_480_000_000)
    ('512 B', '14.1 KiB', '2.31 GiB')
    """
    if abs(nbytes) < 1024:
        return f"{nbytes} B"
    value = float(nbytes)
    unit = 0
    # 1023.5 and more would be rounded to "1024", which is the next unit's "1.00"
    while abs(value) >= 1023.5 and unit < len(_BINARY_UNITS) - 1:
        value /= 1024
        unit += 1
    return f"{_three_digits(value)} {_BINARY_UNITS[unit]}"


def format_size(nbytes: int | None) -> str:
    """Write a number of bytes, or that elements are of many lengths and nobody knows.

    Examples
    --------
    >>> format_size(2048), format_size(None)
    ('2.00 KiB', 'any length')
    """
    return "any length" if nbytes is None else format_nbytes(nbytes)


def format_seconds(seconds: float) -> str:
    """Write a duration in the unit that keeps it readable.

    Examples
    --------
    >>> format_seconds(0.000_012), format_seconds(0.0042), format_seconds(3.21), format_seconds(75)
    ('12.0 µs', '4.20 ms', '3.21 s', '1:15')
    """
    if seconds >= 60:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes}:{rest:02d}"
    if seconds >= 1:
        return f"{_three_digits(seconds)} s"
    if seconds >= 1e-3:
        return f"{_three_digits(seconds * 1e3)} ms"
    return f"{_three_digits(seconds * 1e6)} µs"


def format_rate(nbytes: int, seconds: float) -> str:
    """Write bytes over seconds, in decimal megabytes or gigabytes per second.

    Examples
    --------
    >>> format_rate(1_036_800, 0.002), format_rate(10, 0.0)
    ('518 MB/s', '-')
    """
    if seconds <= 0:
        return "-"
    rate = nbytes / seconds / 1e6
    if rate >= 999.5:
        return f"{_three_digits(rate / 1e3)} GB/s"
    return f"{_three_digits(rate)} MB/s"


def format_ratio(nbytes: int, stored_nbytes: int) -> str:
    """Write how many times smaller the stored form is.

    Examples
    --------
    >>> format_ratio(1000, 250), format_ratio(1000, 0)
    ('4.00', '-')
    """
    return _three_digits(nbytes / stored_nbytes) if stored_nbytes else "-"


def format_shape(shape: tuple[int, ...], *, times: str = "×") -> str:
    """Write a shape as people say it; a shape without dimensions is a scalar.

    Examples
    --------
    >>> format_shape((4, 180, 360)), format_shape(())
    ('4×180×360', 'scalar')
    """
    return times.join(str(length) for length in shape) if shape else "scalar"


def format_chunks(axes: Sequence[Any]) -> str:
    """Write the shape of the chunks, and where they have several lengths, those.

    Parameters
    ----------
    axes : sequence of int or list
        For each dimension one length, or lengths and pairs of a length and how often it comes.

    Examples
    --------
    >>> format_chunks([4, 180]), format_chunks([[10, 20, 30], 5]), format_chunks([[[10, 6], 4]])
    ('4×180', '(10 20 30)×5', '(6*10 4)')
    """
    return "×".join(map(_format_lengths, axes)) if axes else "scalar"


def _format_lengths(lengths: Any) -> str:
    if not isinstance(lengths, list):
        return str(lengths)
    shown = [f"{each[1]}*{each[0]}" if isinstance(each, list) else str(each) for each in lengths]
    if len(shown) > _MOST_LENGTHS:
        shown[_MOST_LENGTHS - 2 : -1] = ["…"]
    return f"({' '.join(shown)})"


def format_named_shape(shape: tuple[int, ...], names: Sequence[str | None] | None) -> str:
    """Write a shape with the names of its dimensions, where it has some.

    Examples
    --------
    >>> format_named_shape((4, 180), ("depth", None)), format_named_shape((4, 180), None)
    ('(depth 4, 180)', '4×180')
    """
    if not names or not shape:
        return format_shape(shape)
    parts = (f"{name} {n}" if name else str(n) for name, n in zip(names, shape, strict=True))
    return "(" + ", ".join(parts) + ")"


def _three_digits(value: float) -> str:
    """Three significant digits, and all digits of what is larger."""
    for bound, decimals in ((9.995, 2), (99.95, 1)):
        if abs(value) < bound:
            return f"{value:.{decimals}f}"
    return f"{value:.0f}"

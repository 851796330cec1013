"""A two-dimensional field as a picture in a terminal.

The field is cut into as many cells as the picture has points; a cell's value is the mean
of its finite values. A character is about twice as high as wide, so where colours are shown
one character carries two points, one above the other: the upper half block in the colour
of the upper point, on the colour of the lower. Without colours a character is one point,
and darkness is told by how much of it is filled.
"""

from typing import Any

from zarrpy.display.terminal import Terminal

_BLOCKS = " ░▒▓█"
_LETTERS = " .:-=+*#%@"

# Cold to warm, even steps of lightness, so that it reads on dark and light backgrounds.
_ANCHORS = (
    (38, 28, 92),
    (32, 84, 168),
    (28, 148, 176),
    (118, 194, 132),
    (238, 208, 88),
    (236, 128, 54),
    (178, 34, 40),
)
_BASIC = (4, 6, 2, 3, 1)  # the same way through the sixteen colours


def draw_picture(field: Any, terminal: Terminal, *, max_rows: int = 24) -> list[str]:
    """Draw a two-dimensional array, its first row on top.

    Parameters
    ----------
    field : array_like
        Real, complex (its magnitude is drawn) or boolean values in two dimensions. What is
        not finite is left blank.
    terminal : Terminal
        What may be printed, and how wide.
    max_rows : int, default 24
        The most lines of text to use.

    Returns
    -------
    list of str
        The lines, the last one a legend with the smallest and the largest finite value.
    """
    import numpy as np

    values = np.asarray(field)
    if values.ndim != 2 or values.size == 0:
        raise ValueError(f"a picture needs two dimensions and a value, got shape {values.shape}")
    values = np.abs(values) if values.dtype.kind == "c" else values
    rows, columns = _points(values.shape, terminal, max_rows)
    means = _cells(values.astype(np.float64, copy=False), rows, columns)
    finite = means[np.isfinite(means)]
    if finite.size == 0:
        return ["(no finite value to draw)"]
    low, high = float(finite.min()), float(finite.max())
    # half of each before the difference: -1e308 to 1e308 must not overflow
    spread = high / 2 - low / 2
    with np.errstate(invalid="ignore", divide="ignore"):
        levels = (
            (means / 2 - low / 2) / spread if spread > 0 else np.where(means == low, 0.5, means)
        )
    lines = _paint(levels, terminal) if terminal.colours else _fill(levels, terminal)
    return [*lines, _legend(low, high, terminal)]


def _points(shape: tuple[int, ...], terminal: Terminal, max_rows: int) -> tuple[int, int]:
    """Fit the field into the width and height, keeping its proportions as far as it fits."""
    per_line = 2 if terminal.colours else 1
    flattening = 1.0 if terminal.colours else 0.5
    columns = min(max(terminal.width, 1), shape[1])
    if not terminal.colours:
        columns = min(max(terminal.width, 1), 2 * shape[1])
    rows = max(1, round(columns * shape[0] / shape[1] * flattening))
    limit = max(1, max_rows - 1) * per_line
    if rows > limit:
        columns = max(1, round(columns * limit / rows))
        rows = limit
    return min(rows, shape[0]), columns


def _cells(values: Any, rows: int, columns: int) -> Any:
    """Mean of the finite values of each cell; NaN where there is none."""
    import numpy as np

    finite = np.isfinite(values)
    largest = float(np.abs(values, where=finite, out=np.zeros_like(values)).max())
    scale = largest if largest > 1e150 else 1.0  # sums of such values could overflow
    sums = np.where(finite, values / scale, 0.0)
    counts = finite.astype(np.float64)
    for axis, parts in ((0, rows), (1, columns)):
        sums, counts = _sum_parts(sums, parts, axis), _sum_parts(counts, parts, axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        return sums / counts * scale


def _sum_parts(values: Any, parts: int, axis: int) -> Any:
    """Sum along an axis in `parts` even parts; more parts than values repeat values."""
    import numpy as np

    length = values.shape[axis]
    edges = np.arange(parts) * length // parts
    if parts > length:
        return np.take(values, edges, axis=axis)
    return np.add.reduceat(values, edges, axis=axis)


def _fill(levels: Any, terminal: Terminal) -> list[str]:
    ramp = _BLOCKS if terminal.unicode else _LETTERS
    # blank is kept for what has no value, so the lowest value gets the first mark
    return [
        "".join(
            " " if level != level else ramp[1 + min(int(level * (len(ramp) - 1)), len(ramp) - 2)]
            for level in row
        ).rstrip()
        for row in levels.tolist()
    ]


def _paint(levels: Any, terminal: Terminal) -> list[str]:
    if not terminal.unicode:
        return [_row_of_spaces(row, terminal) for row in levels.tolist()[::2]]
    points = levels.tolist()
    if len(points) % 2:
        points.append([float("nan")] * len(points[0]))
    return [
        _row_of_halves(upper, lower, terminal)
        for upper, lower in zip(points[::2], points[1::2], strict=True)
    ]


def _row_of_halves(upper: list[float], lower: list[float], terminal: Terminal) -> str:
    parts = []
    style = ""
    for above, below in zip(upper, lower, strict=True):
        if above != above and below != below:
            wanted, mark = "0", " "
        elif above != above:
            wanted, mark = f"0;{_code(below, 38, terminal)}", "▄"
        elif below != below:
            wanted, mark = f"0;{_code(above, 38, terminal)}", "▀"
        else:
            wanted = f"0;{_code(above, 38, terminal)};{_code(below, 48, terminal)}"
            mark = "▀"
        if wanted != style:
            parts.append(f"\x1b[{wanted}m")
            style = wanted
        parts.append(mark)
    return "".join(parts) + "\x1b[0m"


def _row_of_spaces(row: list[float], terminal: Terminal) -> str:
    codes = ("0" if level != level else _code(level, 48, terminal) for level in row)
    return "".join(f"\x1b[{code}m " for code in codes) + "\x1b[0m"


def _code(level: float, plane: int, terminal: Terminal) -> str:
    """Return the SGR code of a level between 0 and 1; plane 38 is the ink, 48 the paper."""
    if terminal.colours == 16:
        return str(plane - 8 + _BASIC[min(int(level * len(_BASIC)), len(_BASIC) - 1)])
    place = level * (len(_ANCHORS) - 1)
    i = min(int(place), len(_ANCHORS) - 2)
    share = place - i
    red, green, blue = (
        round(start + (stop - start) * share)
        for start, stop in zip(_ANCHORS[i], _ANCHORS[i + 1], strict=True)
    )
    if terminal.colours == 256:
        cube = 36 * _cube_step(red) + 6 * _cube_step(green) + _cube_step(blue)
        return f"{plane};5;{16 + cube}"
    return f"{plane};2;{red};{green};{blue}"


def _cube_step(intensity: int) -> int:
    """Find the nearest of the six steps (0, 95, 135, 175, 215, 255) of a 256-colour terminal."""
    return 0 if intensity < 48 else 1 if intensity < 115 else (intensity - 35) // 40


def _legend(low: float, high: float, terminal: Terminal) -> str:
    steps = 20
    levels = [i / (steps - 1) for i in range(steps)]
    if terminal.colours:
        bar = _row_of_spaces(levels, terminal)
    else:
        ramp = _BLOCKS if terminal.unicode else _LETTERS
        bar = "".join(ramp[1 + min(int(x * (len(ramp) - 1)), len(ramp) - 2)] for x in levels)
    return f"{low:.4g} {bar} {high:.4g}"

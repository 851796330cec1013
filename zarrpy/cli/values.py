"""``zarrpy head``, ``cat``, ``dump`` and ``stats``: the elements themselves."""

from __future__ import annotations

import argparse
import sys

from zarrpy.cli.exits import OK, UsageError
from zarrpy.cli.output import bar, print_json, print_lines, print_table
from zarrpy.cli.place import opened, opened_array, selection_of

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_FORMS = ("text", "npy", "raw")


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    beginning = verbs.add_parser(
        "head",
        parents=[common],
        description="Print the first rows of an array, or a selection, shortened where it is long.",
    )
    beginning.add_argument("path", metavar="PATH", help="an array")
    beginning.add_argument(
        "-n", "--rows", type=int, default=5, metavar="N", help="rows (default: %(default)s)"
    )
    beginning.set_defaults(run=head)
    everything = verbs.add_parser(
        "cat",
        parents=[common],
        description="Write elements as text, a row a line, its elements separated by commas; as "
        "a .npy file; or as raw little-endian bytes.",
    )
    everything.add_argument("path", metavar="PATH", help="an array")
    everything.add_argument(
        "--form", choices=_FORMS, default="text", help="text, npy or raw (default: %(default)s)"
    )
    everything.set_defaults(run=cat)
    for verb in (beginning, everything):
        verb.add_argument(
            "-s", "--select", metavar="SELECTION", help="which elements, such as 0,10:20,::2"
        )
    dumping = verbs.add_parser(
        "dump",
        parents=[common],
        description="Print all that is known of each node below a path, with its elements.",
    )
    dumping.add_argument("path", metavar="PATH", help="a store, or a group or array in it")
    dumping.add_argument("-H", "--header", action="store_true", help="without the elements")
    dumping.set_defaults(run=dump)
    numbers = verbs.add_parser(
        "stats",
        parents=[common],
        description="Compute over all elements of each array of numbers below a path, without "
        "holding an array in memory. NaN is left out, and counted.",
    )
    numbers.add_argument("path", metavar="PATH", help="a store, or a group or array in it")
    numbers.set_defaults(run=stats)


def head(arguments: argparse.Namespace) -> int:
    """Print the beginning."""
    import numpy as np

    array = opened_array(arguments.path, arguments)
    if arguments.select is not None:
        chosen = selection_of(arguments.select)
    else:
        chosen = (slice(arguments.rows),) if array.ndim else ()
    values = np.asarray(array[(*chosen, ...) if Ellipsis not in chosen else chosen])
    if arguments.json:
        print_json(_plain(values))
        return OK
    print_lines(np.array2string(values, separator=", ", threshold=200))
    return OK


def cat(arguments: argparse.Namespace) -> int:
    """Write elements."""
    import numpy as np

    array = opened_array(arguments.path, arguments)
    view = array.lazy
    if arguments.select is not None:
        view = view[selection_of(arguments.select)]
    if arguments.json:
        print_json(_plain(view.read()))
    elif arguments.form == "text":
        for block in _blocks(view):
            for row in _rows(block):
                print(",".join(_words(np.atleast_1d(row))))
    else:
        _write_bytes(view, arguments.form)
    return OK


def _write_bytes(view: Any, form: str) -> None:
    import numpy as np

    dtype = view.dtype.newbyteorder("<")
    if view.dtype.hasobject or view.dtype.kind == "T":
        raise UsageError(f"elements of {view.dtype} have no length of their own: only as text")
    out = sys.stdout.buffer
    if form == "npy":
        header = {"descr": np.lib.format.dtype_to_descr(dtype), "fortran_order": False}
        np.lib.format.write_array_header_2_0(out, header | {"shape": view.shape})
    for block in _blocks(view):
        out.write(np.ascontiguousarray(block, dtype).tobytes())
    out.flush()


def _blocks(view: Any) -> Iterator[Any]:
    """Read a view some rows at a time, as many as 64 MiB hold."""
    if view.ndim == 0:
        yield view.read()
        return
    row = max(view.nbytes // max(len(view), 1), 1)
    step = max((64 << 20) // row, 1)
    for first in range(0, len(view), step):
        yield view[first : first + step].read()


def _rows(block: Any) -> Any:
    """Give the rows of a block: all there is along the last axis."""
    if block.ndim < 2:
        return block.reshape(-1)
    return block.reshape(-1, block.shape[-1])


def _plain(values: Any) -> Any:
    """Give elements as JSON has them; dates, bytes and complex numbers as texts."""
    import numpy as np

    if values.dtype.kind in "biufUTO" and not values.dtype.names:
        return _finite(values.tolist())
    if values.dtype.kind in "mM":
        # of lists, NaT would be None, and nanoseconds would be numbers
        texts = np.array(_words(values.reshape(-1)), dtype=object)
        return texts.reshape(values.shape).tolist()
    return _texts(values.tolist())


def _words(row: Any) -> list[str]:
    """Give elements as texts; dates as NumPy writes them, who has a word for none."""
    return list(map(str, row if row.dtype.kind in "mM" else row.tolist()))


def _finite(value: Any) -> Any:
    """Write numbers that JSON has not as texts."""
    if isinstance(value, list):
        return [_finite(each) for each in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), -float("inf"))):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _texts(value: Any) -> Any:
    return [_texts(each) for each in value] if isinstance(value, list) else str(value)


def dump(arguments: argparse.Namespace) -> int:
    """Print everything."""
    from zarrpy.cli.facts import lines, node_facts

    found = []
    for path, node in _nodes(arguments):
        facts = node_facts(node, path)
        if node.kind == "array" and not arguments.header:
            facts["elements"] = _plain(node.read())
        found.append(facts)
    if arguments.json:
        print_json(found)
        return OK
    for i, facts in enumerate(found):
        if i:
            print()
        for line in lines(facts):
            print(line)
        if "elements" in facts:
            print_json(facts["elements"])
    return OK


def _nodes(arguments: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    node = opened(arguments.path, arguments)
    yield arguments.path, node
    if node.kind == "group":
        base = arguments.path.rstrip("/")
        for path, member in sorted(node.walk(), key=lambda named: named[0]):
            yield f"{base}/{path}", member


def stats(arguments: argparse.Namespace) -> int:
    """Compute."""
    found = []
    for path, node in _nodes(arguments):
        if node.kind == "array" and node.dtype.kind in "iuf" and node.size:
            found.append({"path": path, **_numbers(node, arguments)})
    if arguments.json:
        print_json(_finite_facts(found))
        return OK
    names = ["path", "elements", "nan", "min", "max", "mean", "std"]
    rows = [[each["path"], *(_number(each[name]) for name in names[1:])] for each in found]
    print_table(names, rows, numbers="lrrrrrr")
    return OK


def _number(value: float) -> str:
    return str(value) if isinstance(value, int) else f"{value:.9g}"


def _numbers(array: Any, arguments: argparse.Namespace) -> dict[str, Any]:
    """Compute all in one reading."""
    import numpy as np

    count = nan = 0
    low, high, mean, square = np.inf, -np.inf, 0.0, 0.0
    for chunk in array.iter_chunks(progress=bar(arguments)):
        values = np.asarray(chunk.data).reshape(-1)
        finite = values[~np.isnan(values)] if values.dtype.kind == "f" else values
        nan += values.size - finite.size
        if not finite.size:
            continue
        low, high = min(low, finite.min().item()), max(high, finite.max().item())
        part = finite.astype(np.float64)
        # of two sets of numbers, the moments of both
        with np.errstate(invalid="ignore", over="ignore"):  # of infinite ones there is no mean
            total, shift = count + part.size, part.mean() - mean
            square += float(((part - part.mean()) ** 2).sum())
            square += float(shift**2 * count * part.size / total)
            mean += float(shift) * part.size / total
        count = total
    if not count:
        low = high = mean = square = np.nan
    return {
        "elements": array.size,
        "nan": nan,
        "min": low,
        "max": high,
        "mean": mean,
        "std": (square / count) ** 0.5 if count else np.nan,
    }


def _finite_facts(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: _finite(value) for name, value in each.items()} for each in found]

"""What the demonstration found, as text for people or as JSON."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from zarrpy.cli.demo.field import Field, plane
from zarrpy.cli.demo.readers import PEERS, Testimony
from zarrpy.cli.demo.stored import StoredArray, count_windows
from zarrpy.display.picture import draw_picture
from zarrpy.display.sizes import format_nbytes, format_ratio, format_shape
from zarrpy.display.terminal import Terminal
from zarrpy.display.text import printable, table

_GOOD, _BAD, _FAINT, _STRONG = "32", "31", "2", "1"


@dataclass(frozen=True, slots=True)
class Report:
    """Everything the demonstration found."""

    shown: Field
    folder: Path
    arrays: list[StoredArray]
    witnesses: list[Testimony]
    faults: list[str]
    seconds: float
    kept: bool


def print_json(result: Report) -> None:
    """Print one document with every figure."""
    values = result.shown.values
    document = {
        "verified": not result.faults,
        "faults": result.faults,
        "field": {
            "title": result.shown.title,
            "data_type": str(values.dtype),
            "shape": list(values.shape),
            "nbytes": values.nbytes,
        },
        "arrays": [
            {
                "path": array.label,
                "zarr_format": array.chain.zarr_format,
                "codecs": array.codecs,
                "stored_nbytes": array.stored_nbytes,
                "seconds": {
                    witness.name: {
                        "read": witness.arrays[str(array.path)]["read_seconds"],
                        "write": witness.arrays[str(array.path)]["write_seconds"],
                    }
                    for witness in result.witnesses
                    if "read_seconds" in witness.arrays.get(str(array.path), {})
                },
            }
            for array in result.arrays
        ],
        "readers": {
            witness.name: witness.version or {"unusable": witness.unusable}
            for witness in result.witnesses
        },
        "seconds": result.seconds,
    }
    json.dump(document, sys.stdout, indent=2)
    print()


def print_text(result: Report, stream: TextIO) -> None:
    """Print the whole story."""
    terminal = Terminal.of(stream)
    for part in (_title, _picture, _tree, _sizes, _speeds, _verdict):
        for line in part(result, terminal):
            print(line, file=stream)
        print(file=stream)


def _title(result: Report, terminal: Terminal) -> Iterator[str]:
    from zarrpy.cli.versions import collect

    facts = collect()
    yield terminal.paint(f"zarrpy {facts['zarrpy']}", _STRONG) + (
        f"  Python {facts['python']}, NumPy {facts['numpy']}, SIMD {facts['simd']}"
    )
    values = result.shown.values
    yield (
        printable(result.shown.title)
        + f": {values.dtype} {format_shape(values.shape)}, "
        + (format_nbytes(values.nbytes) + (f" ({result.shown.note})" if result.shown.note else ""))
    )


def _picture(result: Report, terminal: Terminal) -> Iterator[str]:
    """Draw one plane, read from the store rather than taken from memory."""
    import zarrpy

    chosen = plane(result.shown.values)
    if chosen is None:
        yield f"(no picture: {format_shape(result.shown.values.shape)} has no plane to draw)"
        return
    first = result.arrays[0]
    yield from draw_picture(zarrpy.open_array(first.path, mode="r")[chosen], terminal)
    yield terminal.paint(f"drawn from {first.label}{_selection(chosen)}", _FAINT)


def _selection(chosen: tuple[int | slice, ...]) -> str:
    return "[" + ", ".join(":" if isinstance(part, slice) else str(part) for part in chosen) + "]"


def _tree(result: Report, terminal: Terminal) -> Iterator[str]:
    from zarrpy.cli.hierarchy import branch, walk
    from zarrpy.display.tree import draw_tree

    for group in dict.fromkeys(array.chain.group for array in result.arrays):
        root = branch(walk(result.folder / group))
        yield from draw_tree(root, width=terminal.width, unicode=terminal.unicode)


def _sizes(result: Report, terminal: Terminal) -> Iterator[str]:
    nbytes = result.shown.values.nbytes
    rows = [
        (
            array.label,
            array.codecs,
            format_nbytes(array.stored_nbytes),
            format_ratio(nbytes, array.stored_nbytes),
        )
        for array in result.arrays
    ]
    lines = table(("array", "codecs", "stored", "ratio"), rows, numbers="llrr")
    yield terminal.paint(lines[0], _STRONG)
    yield from lines[1:]


def _speeds(result: Report, terminal: Terminal) -> Iterator[str]:
    able = [witness for witness in result.witnesses if witness.arrays]
    header = ["MB/s", *(f"read {w.name}" for w in able), *(f"write {w.name}" for w in able)]
    nbytes = result.shown.values.nbytes
    rows = [
        [
            array.label,
            *(_speed(witness, array, "read_seconds", nbytes) for witness in able),
            *(_speed(witness, array, "write_seconds", nbytes) for witness in able),
        ]
        for array in result.arrays
    ]
    lines = table(header, rows, numbers="l" + "r" * (len(header) - 1))
    yield terminal.paint(lines[0], _STRONG)
    yield from lines[1:]
    yield terminal.paint(
        "the whole array, best of 5, each reader in a process of its own, on warm files with "
        "the same chunks and codecs",
        _FAINT,
    )


def _speed(witness: Testimony, array: StoredArray, what: str, nbytes: int) -> str:
    seconds = witness.arrays.get(str(array.path), {}).get(what)
    return f"{nbytes / seconds / 1e6:.0f}" if seconds else "-"


def _verdict(result: Report, terminal: Terminal) -> Iterator[str]:
    good = terminal.paint("✓" if terminal.unicode else "ok", _GOOD)
    if not any(array.faults for array in result.arrays):
        count = len(result.arrays) * count_windows(result.shown.values.shape)
        yield f"{good} {len(result.arrays)} arrays written, overwritten in part and read back"
        yield f"{good} {count} windows equal NumPy's, bit for bit"
    for witness in result.witnesses:
        if any(fault.startswith(f"{witness.name}: ") for fault in result.faults):
            continue
        if witness.name == "zarrpy":
            yield f"{good} a second process read and wrote the same bits"
        else:
            yield (
                f"{good} {PEERS[witness.name]} {witness.version} read the same bits, "
                "and zarrpy read what it wrote"
            )
    asked = {witness.name for witness in result.witnesses}
    absent = [title for name, title in PEERS.items() if name not in asked]
    if absent:
        yield f"- not installed, so not asked: {', '.join(absent)}"
    for fault in result.faults:
        yield terminal.paint("×" if terminal.unicode else "FAILED", _BAD) + f" {printable(fault)}"
    yield ""
    if result.faults:
        yield terminal.paint(f"NOT verified: {len(result.faults)} faults", _BAD)
    else:
        yield terminal.paint(f"all verified in {result.seconds:.1f} s", _GOOD)
    if result.kept:
        yield printable(f"kept; try: zarrpy tree {result.folder / result.arrays[0].chain.group}")

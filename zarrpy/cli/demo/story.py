"""The findings as a story for people, told while they come in."""

from collections.abc import Iterable, Iterator
from typing import TextIO

from zarrpy.cli.demo.field import plane
from zarrpy.cli.demo.findings import Findings
from zarrpy.cli.demo.readers import PEERS, Testimony
from zarrpy.cli.demo.stored import StoredArray, count_windows
from zarrpy.cli.demo.witness import REPEATS
from zarrpy.display.picture import draw_picture
from zarrpy.display.sizes import format_nbytes, format_ratio, format_shape
from zarrpy.display.terminal import Terminal
from zarrpy.display.text import printable, table

_GOOD, _BAD, _FAINT, _STRONG = "32", "31", "2", "1"


class Story:
    """Prints each part as soon as it is known."""

    def __init__(self, stream: TextIO, *, kept: bool) -> None:
        self._stream = stream
        self._terminal = Terminal.of(stream)
        self._kept = kept

    def began(self, findings: Findings) -> None:
        """Tell who speaks, and of what."""
        self._print(_title(findings, self._terminal))

    def stored(self, findings: Findings) -> None:
        """Show the picture, the hierarchy and the sizes."""
        for part in (_picture, _tree, _sizes):
            self._print(part(findings, self._terminal))

    def asking(self, name: str) -> None:
        """Tell whom we wait for, where a line can be taken back."""
        if self._terminal.colours:
            asked = "a second process" if name == "zarrpy" else PEERS[name]
            print(f"\r\x1b[Kasking {asked} ...", end="", file=self._stream, flush=True)

    def ended(self, findings: Findings) -> None:
        """Show the speeds and the verdict."""
        if self._terminal.colours:
            print("\r\x1b[K", end="", file=self._stream)
        self._print(_speeds(findings, self._terminal))
        self._print(_verdict(findings, self._terminal))
        if self._kept:
            group = findings.folder / findings.arrays[0].chain.group
            self._print([f"kept; try: zarrpy tree {printable(str(group))}"])

    def _print(self, lines: Iterable[str]) -> None:
        for line in lines:
            print(line, file=self._stream)
        print(file=self._stream, flush=True)


def _title(findings: Findings, terminal: Terminal) -> Iterator[str]:
    from zarrpy.cli.versions import collect

    facts = collect()
    yield (
        terminal.paint(f"zarrpy {facts['zarrpy']}", _STRONG)
        + f"  Python {facts['python']}, NumPy {facts['numpy']}, SIMD {facts['simd']}"
    )
    shown = findings.shown
    size = f"{shown.values.dtype} {format_shape(shown.values.shape)}"
    note = f" ({shown.note})" if shown.note else ""
    yield f"{printable(shown.title)}: {size}, {format_nbytes(shown.values.nbytes)}{note}"


def _picture(findings: Findings, terminal: Terminal) -> Iterator[str]:
    """Draw one plane, read from the store rather than taken from memory."""
    import zarrpy

    chosen = plane(findings.shown.values)
    if chosen is None:
        shape = format_shape(findings.shown.values.shape)
        yield f"(no picture: {shape} has no plane to draw)"
        return
    first = findings.arrays[0]
    yield from draw_picture(zarrpy.open_array(first.path, mode="r")[chosen], terminal)
    places = ", ".join(":" if isinstance(part, slice) else str(part) for part in chosen)
    yield terminal.paint(f"drawn from {first.label}[{places}]", _FAINT)


def _tree(findings: Findings, terminal: Terminal) -> Iterator[str]:
    import zarrpy
    from zarrpy.cli.hierarchy import branch, walk
    from zarrpy.display.tree import draw_tree

    width = terminal.width if terminal.colours else None  # a file has no edge
    for group in dict.fromkeys(array.chain.group for array in findings.arrays):
        root = branch(walk(zarrpy.open(findings.folder / group, mode="r"), group))
        yield from draw_tree(root, width=width, unicode=terminal.unicode)


def _sizes(findings: Findings, terminal: Terminal) -> Iterator[str]:
    nbytes = findings.shown.values.nbytes
    rows = [
        (
            array.label,
            array.codecs,
            format_nbytes(array.stored_nbytes),
            format_ratio(nbytes, array.stored_nbytes),
        )
        for array in findings.arrays
    ]
    lines = table(("array", "codecs", "stored", "ratio"), rows, numbers="llrr")
    yield terminal.paint(lines[0], _STRONG)
    yield from lines[1:]


def _speeds(findings: Findings, terminal: Terminal) -> Iterator[str]:
    able = [witness for witness in findings.witnesses if witness.arrays]
    nbytes = findings.shown.values.nbytes
    for verb in ("read", "write"):
        rows = [
            [array.label, *(_speed(witness, array, f"{verb}_seconds", nbytes) for witness in able)]
            for array in findings.arrays
        ]
        header = [f"{verb}, MB/s", *(witness.name for witness in able)]
        lines = table(header, rows, numbers="l" + "r" * len(able))
        yield terminal.paint(lines[0], _STRONG)
        yield from lines[1:]
        yield ""
    yield terminal.paint(f"best of up to {REPEATS} runs over the whole array, warm files;", _FAINT)
    yield terminal.paint("same chunks and codecs, each reader in a process of its own", _FAINT)


def _speed(witness: Testimony, array: StoredArray, what: str, nbytes: int) -> str:
    seconds = witness.arrays.get(str(array.path), {}).get(what)
    return f"{nbytes / seconds / 1e6:.0f}" if seconds else "-"


def _verdict(findings: Findings, terminal: Terminal) -> Iterator[str]:
    good = terminal.paint("✓" if terminal.unicode else "ok", _GOOD)
    bad = terminal.paint("×" if terminal.unicode else "FAILED", _BAD)
    if not any(array.faults for array in findings.arrays):
        count = len(findings.arrays) * count_windows(findings.shown.values.shape)
        yield f"{good} {len(findings.arrays)} arrays written, overwritten in part and read back"
        yield f"{good} {count} windows equal NumPy's, bit for bit"
    for witness in findings.witnesses:
        if not any(fault.startswith(f"{witness.name}: ") for fault in findings.faults):
            yield f"{good} {_praise(witness)}"
    for fault in findings.faults:
        yield f"{bad} {printable(fault)}"
    asked = {witness.name for witness in findings.witnesses}
    absent = [title for name, title in PEERS.items() if name not in asked]
    if absent:
        yield f"- not installed, so not asked: {', '.join(absent)}"
    yield ""
    if findings.faults:
        yield terminal.paint(f"NOT verified: {len(findings.faults)} faults", _BAD)
    else:
        yield terminal.paint(f"all verified in {findings.seconds:.1f} s", _GOOD)


def _praise(witness: Testimony) -> str:
    if witness.name == "zarrpy":
        return "a second process read and wrote the same bits"
    title = f"{PEERS[witness.name]} {witness.version}"
    return f"{title} read the same bits, and zarrpy read what it wrote"

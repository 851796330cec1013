"""A hierarchy drawn as lines of text."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from zarrpy.display.text import printable, shorten


@dataclass(frozen=True, slots=True)
class Branch:
    """One node of the drawing.

    Parameters
    ----------
    name : str
        The last part of the node's path; the root carries the store's name.
    facts : sequence of str
        What is told about the node, one column each: arrays of one group are aligned.
    children : sequence of Branch
        The members of a group, in the order of drawing.
    group : bool
        Whether it is a group; a group's name ends in a slash.
    unknown : bool
        Members were not looked for (the depth limit was reached).
    """

    name: str
    facts: Sequence[str] = ()
    children: Sequence["Branch"] = ()
    group: bool = False
    unknown: bool = False

    @property
    def title(self) -> str:
        """The name as drawn."""
        return printable(self.name) + ("/" if self.group else "")


@dataclass(frozen=True, slots=True)
class _Lines:
    """The characters that join a node to its parent."""

    middle: str
    last: str
    through: str
    open: str
    dots: str


_UNICODE = _Lines("├── ", "└── ", "│   ", "    ", "…")
_ASCII = _Lines("|-- ", "`-- ", "|   ", "    ", "...")


def draw_tree(
    root: Branch,
    *,
    max_nodes: int | None = None,
    width: int | None = None,
    unicode: bool = True,
) -> list[str]:
    r"""Draw a hierarchy, one node a line.

    Parameters
    ----------
    root : Branch
        The node to begin with.
    max_nodes : int, optional
        Stop after so many nodes and say how many were left out.
    width : int, optional
        Cut lines to this many columns.
    unicode : bool, default True
        Draw with line characters; otherwise with plain ASCII.

    Examples
    --------
    >>> lat = Branch("lat", ["float64", "180"])
    >>> print(*draw_tree(Branch("run.zarr", children=[lat], group=True)), sep="\n")
    run.zarr/
    └── lat  float64  180
    """
    style = _UNICODE if unicode else _ASCII
    lines: list[str] = []
    left = _count(root)
    for line in _lines(root, "", style):
        if max_nodes is not None and len(lines) == max_nodes:
            least = "at least " if _any_unknown(root) else ""
            lines.append(f"{style.dots} {least}{left} more, not drawn")
            break
        lines.append(line)
        left -= 1
    if width is not None:
        lines = [shorten(line, width, dots=style.dots) for line in lines]
    return lines


def _count(root: Branch) -> int:
    return sum(1 for _ in _branches(root))


def _any_unknown(root: Branch) -> bool:
    return any(branch.unknown for branch in _branches(root))


def _branches(root: Branch) -> Iterator[Branch]:
    pending = [root]
    while pending:
        branch = pending.pop()
        yield branch
        pending.extend(branch.children)


def _lines(root: Branch, indent: str, style: _Lines) -> Iterator[str]:
    """Walk without recursion, so that a deep hierarchy cannot exhaust the stack."""
    yield _line("", root, [], 0, style)
    pending = [_members(root, indent, style)]
    while pending:
        step = next(pending[-1], None)
        if step is None:
            pending.pop()
            continue
        line, branch, deeper = step
        yield line
        pending.append(_members(branch, deeper, style))


def _members(branch: Branch, indent: str, style: _Lines) -> Iterator[tuple[str, Branch, str]]:
    """Lines of a group's members, their facts in columns as wide as what something follows."""
    arrays = [child for child in branch.children if not child.group]
    name_width = max((len(child.title) for child in arrays), default=0)
    columns = max((len(child.facts) for child in arrays), default=0)
    widths = [
        max(len(child.facts[i]) for child in arrays if len(child.facts) > i + 1)
        for i in range(columns - 1)
    ]
    for i, child in enumerate(branch.children):
        last = i == len(branch.children) - 1
        joint = indent + (style.last if last else style.middle)
        deeper = indent + (style.open if last else style.through)
        aligned = ([], 0) if child.group else (widths, name_width)
        yield _line(joint, child, *aligned, style), child, deeper


def _line(joint: str, branch: Branch, widths: list[int], name_width: int, style: _Lines) -> str:
    title = branch.title + (f" {style.dots}" if branch.unknown else "")
    cells = [title.ljust(name_width)]
    for i, fact in enumerate(branch.facts):
        cells.append(printable(fact).ljust(widths[i] if i < len(widths) else 0))
    return joint + "  ".join(cells).rstrip()

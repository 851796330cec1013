"""Exchange arrays with every peer, keep what each did, and write the page about it.

    python tools/interoperability.py [PEER ...]   exchange with all peers, or some, and keep
    python tools/interoperability.py --page       write docs/interoperability.md from what is kept
    python tools/interoperability.py --check      say whether the page is as it would be written

A peer whose pinned versions cannot be had here keeps the results that it has.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from interop import kept  # noqa: E402
from interop.cases import all_cases  # noqa: E402
from interop.defects import DEFECTS  # noqa: E402
from interop.exchange import Exchange, scratch  # noqa: E402
from interop.kept import Kept  # noqa: E402
from interop.results import ONLY_V2, PEERS, Record, hold, line  # noqa: E402

PAGE = ROOT / "docs" / "interoperability.md"
BEGIN, END = "<!-- interop:begin -->", "<!-- interop:end -->"

#: How the page calls the peers, and what they are.
TITLES = {
    "zarr-python": "zarr-python 3",
    "zarr 2": "zarr-python 2",
    "zarrs-python strict": "zarrs-python",
}
#: Groups that are no codecs.
TOPICS = ("fill", "grid", "keys", "names", "shape", "order-f", "transpose", "sharding")


def exchange(peers: tuple[str, ...]) -> None:
    """Exchange every case with some peers and keep what the pinned versions did."""
    with scratch() as folder:
        begin = time.perf_counter()
        results = hold(Exchange(folder, all_cases()), peers)
        print(line("zarrpy", results.zarrpy))
        for name, record in results.peers.items():
            if not isinstance(record, Record):
                print(f"{name}: {record}")
                continue
            print(line(name, record))
            if record.pinned:
                formats = (2,) if name in ONLY_V2 else (2, 3)
                kept.store(name, Kept(record.versions, failures(record), formats))
        print(f"{time.perf_counter() - begin:.0f} s")


def failures(record: Record) -> dict[str, dict[str, str]]:
    """Return what did not go well, by direction."""
    return {
        direction: {name: error for name, error in record.outcomes[direction].items() if error}
        for direction in kept.DIRECTIONS
    }


def tables(found: dict[str, Kept]) -> str:
    """Write the part of the page that is made of what is kept."""
    parts = [summary(found)]
    for version in (3, 2):
        peers = {name: each for name, each in found.items() if version in each.formats}
        groups = kept.groups(
            [n for n in next(iter(peers.values())).names() if n[1] == str(version)]
        )
        codecs = [group for group in groups if group.split("/")[1] not in TOPICS]
        topics = [group for group in groups if group.split("/")[1] in TOPICS]
        types = [f"v{version}/none/{detail}" for detail in groups[f"v{version}/none"]]
        parts += [
            f"### v{version}: codecs\n",
            table(peers, "codec", [(group, names_of(groups, group)) for group in sorted(codecs)]),
            f"### v{version}: data types, without a compressor\n",
            table(peers, "data type", [(name, [name]) for name in types]),
            f"### v{version}: shards, grids, orders, keys, shapes and fill values\n",
            table(peers, "topic", list(topic_rows(groups, topics))),
        ]
    parts.append(defects())
    return "\n".join(parts)


def topic_rows(groups: dict[str, list[str]], topics: list[str]) -> Iterator[tuple[str, list[str]]]:
    """Give a row for each detail of the topics whose details differ in kind."""
    for group in sorted(topics):
        if group.endswith(("/grid", "/keys", "/sharding")):
            yield from ((f"{group}/{one}", [f"{group}/{one}"]) for one in groups[group])
        else:
            yield group, names_of(groups, group)


def names_of(groups: dict[str, list[str]], group: str) -> list[str]:
    """Return the names of the cases of a group."""
    return [f"{group}/{detail}" for detail in groups[group]]


def summary(found: dict[str, Kept]) -> str:
    """Write how many arrays went each way, with the versions."""
    lines = [
        "| peer | versions | reads of zarrpy's | writes | zarrpy reads of these |",
        "|---|---|--:|--:|--:|",
    ]
    for name, each in found.items():
        total = len(each.names())
        written = total - len(each.failures["writes"])
        reads = total - len(each.failures["reads"])
        back = written - len(each.failures["written"])
        versions = ", ".join(f"{key} {value}" for key, value in each.versions.items())
        counts = f"{reads} of {total} | {written} | {back} of {written}"
        lines.append(f"| {TITLES.get(name, name)} | {versions} | {counts} |")
    return "\n".join(lines) + "\n"


def table(found: dict[str, Kept], what: str, rows: list[tuple[str, list[str]]]) -> str:
    """Write a table: for each peer, what it reads of ours and what we read of its."""
    titles = [TITLES.get(name, name) for name in found]
    lines = [f"| {what} | {' | '.join(titles)} |", "|---|" + ":-:|" * len(titles)]
    for title, names in rows:
        short = title.partition("/")[2].removeprefix("none/")
        cells = [cell(each, names) for each in found.values()]
        lines.append(f"| {short} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def cell(each: Kept, names: list[str]) -> str:
    """Write two marks: the peer reads zarrpy's, zarrpy reads the peer's."""
    return f"{mark(each, 'reads', names)} {mark(each, 'written', names)}"


def mark(each: Kept, direction: str, names: list[str]) -> str:
    """Write a tick for all, a dash for none, or how many of how many."""
    good = sum(each.passed(direction, name) is True for name in names)
    if good in (0, len(names)):
        return "✓" if good else "–"
    return f"{good}/{len(names)}"


def defects() -> str:
    """Write what peers get wrong without an error."""
    words = {"reads": "reading", "written": "writing"}
    lines = ["### Wrong without an error\n", "| peer | when | arrays | what |", "|---|---|---|---|"]
    for each in DEFECTS:
        cases = ", ".join(f"`{case}`" for case in each.cases)
        title = TITLES.get(each.peer, each.peer)
        lines.append(f"| {title} | {words[each.direction]} | {cases} | {each.reason} |")
    return "\n".join(lines) + "\n"


def page(text: str) -> str:
    """Return the page with its tables made anew."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    found = {peer: kept.load(peer) for peer in PEERS}
    return f"{before}{BEGIN}\n{tables(found)}{END}{after}"


def main(arguments: list[str]) -> int:
    """Exchange, write the page, or compare it."""
    text = PAGE.read_text(encoding="utf-8")
    if arguments == ["--check"]:
        same = page(text) == text
        print("up to date" if same else f"{PAGE} is stale: run tools/interoperability.py --page")
        return 0 if same else 1
    if arguments != ["--page"]:
        exchange(tuple(arguments) or PEERS)
    PAGE.write_text(page(text), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

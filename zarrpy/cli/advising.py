"""``zarrpy advise``, ``profile`` and ``bench``: what reading costs, and what would cost less."""

from __future__ import annotations

import argparse

from zarrpy.cli.exits import OK
from zarrpy.cli.output import print_json, print_lines, print_table
from zarrpy.cli.place import opened_array, selection_of, size_of

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    advising = verbs.add_parser(
        "advise",
        parents=[common],
        description="Encode and decode a part of an array in several layouts, in memory, and tell "
        "what each way of reading would take. Nothing is written to the store.",
    )
    advising.add_argument("path", metavar="PATH", help="an array")
    advising.add_argument(
        "--read",
        action="append",
        default=[],
        metavar="SHAPE",
        help="lengths of what is read, such as 1,-1,-1 for planes (-1: a whole axis); repeatable",
    )
    advising.add_argument(
        "--max-chunk", type=size_of, default="16MiB", metavar="SIZE", help="default: 16MiB"
    )
    advising.add_argument(
        "--sample", type=size_of, default="32MiB", metavar="SIZE", help="default: 32MiB"
    )
    advising.set_defaults(run=advise)
    profiling = verbs.add_parser(
        "profile",
        parents=[common],
        description="Count chunks, bytes, requests and time of one reading.",
    )
    profiling.add_argument("path", metavar="PATH", help="an array")
    profiling.add_argument(
        "-s", "--select", default="...", metavar="SELECTION", help="such as 0,10:20 (default: all)"
    )
    profiling.set_defaults(run=profile)
    benching = verbs.add_parser(
        "bench",
        parents=[common],
        description="Read a selection several times, and write it to memory in the same layout.",
    )
    benching.add_argument("path", metavar="PATH", help="an array")
    benching.add_argument(
        "-s", "--select", default="...", metavar="SELECTION", help="such as 0,10:20 (default: all)"
    )
    benching.add_argument("-n", "--repeat", type=int, default=3, metavar="N", help="default: 3")
    benching.set_defaults(run=bench)


def advise(arguments: argparse.Namespace) -> int:
    """Advise on a layout."""
    from zarrpy.cli.exits import UsageError
    from zarrpy.ops.advise import advise as measure

    array = opened_array(arguments.path, arguments)
    try:
        access = [tuple(map(int, each.split(","))) for each in arguments.read]
    except ValueError:
        raise UsageError(f"--read {arguments.read[-1]!r}: give integers, such as 1,-1,-1") from None
    found = measure(array, access, max_chunk=arguments.max_chunk, sample=arguments.sample)
    if arguments.json:
        print_json(found.as_dict())
    else:
        print_lines(found)
    return OK


def profile(arguments: argparse.Namespace) -> int:
    """Tell what one reading does."""
    import zarrpy

    array = opened_array(arguments.path, arguments)
    with zarrpy.profile() as done:
        array.read(selection_of(arguments.select))
    if arguments.json:
        print_json(done.as_dict())
    else:
        print_lines(repr(done))
    return OK


def bench(arguments: argparse.Namespace) -> int:
    """Measure how fast an array is read and written."""
    from time import perf_counter

    import numpy as np

    import zarrpy

    array = opened_array(arguments.path, arguments)
    chosen = selection_of(arguments.select)
    reads, writes = [], []
    for _ in range(max(arguments.repeat, 1)):
        begin = perf_counter()
        values = np.asarray(array.read(chosen))
        reads.append(perf_counter() - begin)
        begin = perf_counter()
        zarrpy.from_array({}, data=values, compressors=list(array.compressors))
        writes.append(perf_counter() - begin)
    facts: list[dict[str, Any]] = [
        {"work": work, "nbytes": values.nbytes, "seconds": min(took), "times": len(took)}
        for work, took in (("read", reads), ("write to memory", writes))
    ]
    if arguments.json:
        print_json(facts)
        return OK
    rows = [
        [
            each["work"],
            f"{each['nbytes'] / 2**20:.1f} MiB",
            f"{each['seconds']:.4f} s",
            f"{each['nbytes'] / 2**20 / max(each['seconds'], 1e-9):.0f} MiB/s",
        ]
        for each in facts
    ]
    print_table(("", "bytes", f"best of {len(reads)}", "speed"), rows)
    return OK

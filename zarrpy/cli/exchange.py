"""``zarrpy import`` and ``zarrpy export``: from files of other formats, and to them."""

from __future__ import annotations

import argparse

from zarrpy.cli.bulk import add_bulk, bulk
from zarrpy.cli.exits import OK
from zarrpy.cli.making import add_layout, layout, told
from zarrpy.cli.output import print_json
from zarrpy.cli.place import located, opened, shape_of
from zarrpy.cli.undoing import nothing_half_made

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    bringing = verbs.add_parser(
        "import",
        parents=[common],
        description="Store the arrays, groups and attributes of a file of another format. A raw "
        "file needs --dtype, and --shape.",
    )
    bringing.add_argument("source", metavar="FILE", help="of the other format")
    bringing.add_argument("path", metavar="PATH", help="where it goes")
    bringing.add_argument("--dtype", metavar="TYPE", help="of a raw file")
    bringing.add_argument("--shape", type=shape_of, metavar="N,N", help="of a raw file")
    bringing.add_argument("--offset", type=int, default=0, help="bytes before a raw file's first")
    add_layout(bringing)
    bringing.add_argument("--zarr-format", type=int, choices=(2, 3), help="by default 3")
    add_bulk(bringing)
    bringing.set_defaults(run=import_)
    giving = verbs.add_parser(
        "export",
        parents=[common],
        description="Write elements as the ending of the file says; any other than .npy and .npz "
        "is raw bytes, the lowest first.",
    )
    giving.add_argument("path", metavar="PATH", help="an array, or a group")
    giving.add_argument("target", metavar="FILE", help="such as t2m.npy")
    add_bulk(giving)
    giving.set_defaults(run=export)
    for verb in (bringing, giving):
        verb.add_argument("--overwrite", action="store_true", help="replace what is there")


def import_(arguments: argparse.Namespace) -> int:
    """Store a file."""
    import zarrpy

    keywords = layout(arguments)
    for name in ("dtype", "shape", "zarr_format"):
        if getattr(arguments, name) is not None:
            keywords[name] = getattr(arguments, name)
    store, path = located(arguments.path, arguments)
    with nothing_half_made(store, arguments):
        made = zarrpy.import_from(
            arguments.source,
            store,
            path or None,
            overwrite=arguments.overwrite,
            offset=arguments.offset,
            **bulk(arguments),
            **keywords,
        )
    told(made, arguments)
    return OK


def export(arguments: argparse.Namespace) -> int:
    """Write a file."""
    import zarrpy
    from zarrpy.display.text import printable

    node = opened(arguments.path, arguments)
    wanted = bulk(arguments)
    path = zarrpy.export_to(node, arguments.target, overwrite=arguments.overwrite, **wanted)
    if arguments.json:
        print_json({"path": str(path), "nbytes": path.stat().st_size})
    else:
        print(printable(str(path)))
    return OK

"""``zarrpy create`` and ``zarrpy append``."""

from __future__ import annotations

import argparse

from zarrpy.cli.exits import OK, UsageError
from zarrpy.cli.output import print_json, print_lines
from zarrpy.cli.place import located_anew, opened_array, shape_of, size_of, value_of

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def add(verbs: Any, common: argparse.ArgumentParser) -> None:
    """Describe the verbs to the parser."""
    making = verbs.add_parser(
        "create",
        parents=[common],
        description="Create an array with --shape and --dtype, and a group without them. Groups "
        "on the way are created.",
    )
    making.add_argument("path", metavar="PATH", help="where")
    making.add_argument("--shape", type=shape_of, metavar="N,N", help="lengths, as in 365,10,10")
    making.add_argument("--dtype", metavar="TYPE", help="data type, as in float32")
    add_layout(making)
    making.add_argument("--fill-value", type=value_of, metavar="X", help="of what is not written")
    making.add_argument("--names", metavar="A,B", help="names of the dimensions")
    making.add_argument("--zarr-format", type=int, choices=(2, 3), help="by default 3")
    making.add_argument("--overwrite", action="store_true", help="replace what is there")
    making.set_defaults(run=create)
    appending = verbs.add_parser(
        "append",
        parents=[common],
        description="Append a .npy file, or another array, along one axis: all or nothing. It "
        "is read bit by bit.",
    )
    appending.add_argument("path", metavar="PATH", help="an array")
    appending.add_argument("source", metavar="SOURCE", help="a .npy file or an array")
    appending.add_argument("--axis", type=int, default=0, help="default: %(default)s")
    appending.add_argument(
        "--max-memory",
        type=size_of,
        metavar="SIZE",
        help="of elements at a time, such as 1GiB (default: 64MiB)",
    )
    appending.set_defaults(run=append)


def add_layout(verb: argparse.ArgumentParser) -> None:
    """Describe how an array is to be stored."""
    verb.add_argument("-c", "--chunks", type=shape_of, metavar="N,N", help="shape of the chunks")
    verb.add_argument("--shards", type=shape_of, metavar="N,N", help="shape of the shards")
    verb.add_argument(
        "--compressor",
        action="append",
        metavar="NAME",
        help="such as zstd:5 or blosc:lz4, or none; several run in their order",
    )
    verb.add_argument("--filter", action="append", metavar="NAME", help="such as bitround:9")


def layout(arguments: argparse.Namespace) -> dict[str, Any]:
    """Give the keywords of `zarrpy.create_array` for what was asked for."""
    keywords: dict[str, Any] = {}
    for name in ("chunks", "shards"):
        if getattr(arguments, name) is not None:
            keywords[name] = getattr(arguments, name)
    if arguments.compressor:
        keywords["compressors"] = None if arguments.compressor == ["none"] else arguments.compressor
    if arguments.filter:
        keywords["filters"] = arguments.filter
    return keywords


def create(arguments: argparse.Namespace) -> int:
    """Create a node."""
    import zarrpy

    store, path = located_anew(arguments.path, arguments)
    keywords: dict[str, Any] = layout(arguments)
    common = {"zarr_format": arguments.zarr_format, "overwrite": arguments.overwrite}
    if arguments.shape is None and arguments.dtype is None:
        if keywords:
            raise UsageError("an array needs --shape and --dtype; a group has no chunks or codecs")
        node: Any = zarrpy.create_group(store, path=path, **common)
    else:
        if arguments.shape is None or arguments.dtype is None:
            raise UsageError("an array needs both --shape and --dtype")
        if arguments.fill_value is not None:
            keywords["fill_value"] = arguments.fill_value
        if arguments.names is not None:
            keywords["dimension_names"] = arguments.names.split(",")
        keywords |= {"shape": arguments.shape, "dtype": arguments.dtype}
        try:
            node = zarrpy.create_array(store, name=path or None, **keywords, **common)
        except zarrpy.errors.CodecError as error:  # of those that were asked for: none is stored
            raise UsageError(str(error)) from error
    told(node, arguments)
    return OK


def told(node: Any, arguments: argparse.Namespace) -> None:
    """Print what a node is that was just made."""
    from zarrpy.cli.facts import node_facts

    if arguments.json:
        print_json(node_facts(node, node.name))
    else:
        print_lines(repr(node))


def append(arguments: argparse.Namespace) -> int:
    """Append elements."""
    import zarrpy

    array = opened_array(arguments.path, arguments, write=True)
    if not -array.ndim <= arguments.axis < array.ndim:
        raise UsageError(f"--axis {arguments.axis}: {arguments.path} has {array.ndim} axes, from 0")
    if arguments.source.endswith(".npy"):
        import numpy as np

        source: Any = np.load(arguments.source, mmap_mode="r")
    else:
        source = opened_array(arguments.source, arguments)
    with zarrpy.config.set(max_memory=arguments.max_memory or zarrpy.config.max_memory):
        array.append(source, axis=arguments.axis)
    told(array, arguments)
    return OK

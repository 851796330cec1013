"""The verbs of the command line: in which file each is, and what help says of it.

`zarrpy --help` needs this table and nothing else; the file of a verb is imported, and its options
are described to the parser, when that verb is given.
"""

from __future__ import annotations

import argparse
from importlib import import_module

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any

#: In the order in which help lists them: the file in this folder, and the help.
VERBS = {
    "tree": ("look", "draw the hierarchy below a group"),
    "info": ("look", "tell what is known about one array or group"),
    "ls": ("listing", "list the members of a group"),
    "stat": ("listing", "tell how much is stored of each array"),
    "head": ("values", "print the first elements of an array"),
    "cat": ("values", "write all elements of an array to standard output"),
    "dump": ("values", "print metadata, attributes and elements of a hierarchy"),
    "stats": ("values", "compute minimum, maximum, mean and deviation of arrays"),
    "chunks": ("chunks", "tell which chunks of an array are stored, and how large"),
    "attrs": ("attributes", "read, set and remove attributes"),
    "create": ("making", "create an array, or a group"),
    "append": ("making", "append the elements of a file or an array to an array"),
    "cp": ("moving", "copy an array, or a group with all below it"),
    "mv": ("moving", "move an array, or a group with all below it"),
    "rm": ("moving", "delete an array, or a group with all that is Zarr below it"),
    "convert": ("formats", "give a hierarchy the documents of the other format, in place"),
    "consolidate": ("formats", "write the metadata of a hierarchy into one document"),
    "migrate": ("migrating", "give a hierarchy, or a copy of it, the other format"),
    "remove-metadata": ("migrating", "remove the documents of one format where both are stored"),
    "pack": ("packing", "put a hierarchy into a zip file or a SQLite file"),
    "unpack": ("packing", "take a hierarchy out of a zip file or a SQLite file"),
    "rechunk": ("rechunking", "store an array in other chunks, shards or codecs"),
    "import": ("exchange", "store what is in a .npy, .npz, HDF5, netCDF or raw file"),
    "export": ("exchange", "write an array to a .npy or raw file, or a group to a .npz file"),
    "verify": ("health", "look for damage, and change nothing"),
    "repair": ("health", "set damaged chunks aside, and clean up after killed writers"),
    "checksum": ("compare", "compute a digest of data, however they are stored"),
    "diff": ("compare", "tell what is different between two arrays or groups"),
    "advise": ("advising", "measure which chunks and codecs suit the way an array is read"),
    "profile": ("advising", "read a selection, and tell what that did and how long it took"),
    "bench": ("advising", "measure how fast an array is read, and written to memory"),
    "run": ("running", "run a program with zarrpy in the place of zarr-python"),
    "doctor": ("doctor", "tell what is wrong with a hierarchy, and what to do"),
    "demo": ("demo", "store a real field, read it back and prove it right"),
    "completion": ("completion", "print a script that completes commands in a shell"),
    "versions": ("versions", "print the versions of zarrpy, Python, NumPy and each linked library"),
}


class Verbs(argparse._SubParsersAction):  # type: ignore[type-arg]
    """Sub-parsers of which each is made when its verb is given.

    Attributes
    ----------
    common : argparse.ArgumentParser
        Options that all verbs take; to be set before parsing.
    """

    common: argparse.ArgumentParser

    def __init__(self, *args: Any, **keywords: Any) -> None:
        super().__init__(*args, **keywords)
        self.choices = VERBS
        self._choices_actions += [
            self._ChoicesPseudoAction(verb, (), told) for verb, (_, told) in VERBS.items()
        ]

    def __call__(
        self,
        parser: argparse.ArgumentParser,
        namespace: argparse.Namespace,
        values: Any,
        option_string: str | None = None,
    ) -> None:
        """Parse what follows a verb."""
        self.parser_of(values[0])
        super().__call__(parser, namespace, values, option_string)

    def parser_of(self, verb: str) -> argparse.ArgumentParser:
        """Describe a verb's options, with those of the others in its file."""
        if verb not in self._name_parser_map:
            import_module(f"zarrpy.cli.{VERBS[verb][0]}").add(self, self.common)
        found: argparse.ArgumentParser = self._name_parser_map[verb]
        return found

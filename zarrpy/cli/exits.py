"""Exit codes, and errors told in one line instead of a traceback."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from collections.abc import Iterable

OK = 0
DIFFERENT = 1  # a difference, or corrupt data
USAGE = 2
NOT_FOUND = 3
INPUT_OUTPUT = 4
INTERNAL = 70
INTERRUPTED = 130


#: What hints of the library say to programs, and what does the same on the command line.
_AS_OPTIONS = (
    ("overwrite=True", "--overwrite"),
    ("if_exists='replace'", "--if-exists replace"),
    ("'skip' leaves it", "--if-exists skip leaves it"),
    ("max_memory=", "--max-memory"),
    ("raise max_memory", "raise --max-memory"),
    ("allow more max_memory", "allow more --max-memory"),
    ("raw bytes need dtype=, and shape=", "raw bytes need --dtype, and --shape"),
    ("such as access=[(1, -1, -1)]", "such as --read 1,-1,-1"),
    (", or {'time': 1}", ""),
    ("unless recode=False", "unless --no-recode"),
    ("scheduler='threads'", "--scheduler threads"),
    ("scheduler='processes'", "--scheduler processes"),
    ("journal='/shared/folder'", "--journal /shared/folder"),
    ("; zarrpy.register_store adds a scheme of yours", ""),
    ("use open_array, or open for either", "name a group; zarrpy ls names what is there"),
    ("use open_group, or open for either", "name an array; zarrpy ls names what is there"),
    ("zarrpy.copy copies it, zarrpy.unpack", "zarrpy cp copies it, zarrpy unpack"),
    ("config.lock_timeout sets", "the variable ZARRPY_LOCK_TIMEOUT sets"),
    (
        "open never creates unless asked to; create_array and create_group do",
        "zarrpy create makes one; zarrpy ls names what is there",
    ),
    ("list(group) and group.members() name what is there", "zarrpy ls names what is there"),
)


#: What the documents of nodes are called; an error that names one is about what is stored.
_DOCUMENTS = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata")


class UsageError(Exception):
    """What was asked for makes no sense; the message tells what would."""


def explain(error: BaseException) -> int:
    """Print what went wrong to standard error and return the exit code for it."""
    code = exit_code(error)
    if code == INTERRUPTED:
        message = "interrupted"
    elif code == INTERNAL:
        message = (
            f"internal error: {type(error).__name__}: {error}\n"
            "this is a fault in zarrpy; run the command again with --verbose to see where"
        )
    else:
        message = _one_line(error)
    if code == INTERRUPTED and sys.stderr.isatty() and not _bar_was_drawn():
        print(file=sys.stderr)  # the terminal has written ^C, and no bar has ended that line
    print(f"zarrpy: {message}", file=sys.stderr)
    return code


def _bar_was_drawn() -> bool:
    progress = sys.modules.get("zarrpy.display.progress")
    return progress is not None and bool(progress.Bar.was_drawn)


def exit_code(error: BaseException) -> int:
    """Choose the exit code for an error."""
    from zarrpy import errors

    if isinstance(error, errors.MetadataError) and not _is_of_document(error):
        return USAGE  # about what was asked for
    table: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], int], ...] = (
        (KeyboardInterrupt, INTERRUPTED),
        ((errors.NodeNotFoundError, FileNotFoundError), NOT_FOUND),
        ((UsageError, errors.NodeKindError, errors.MissingDependencyError), USAGE),
        ((errors.ChunkError, errors.MetadataError, errors.CodecError), DIFFERENT),
        ((errors.StoreError, OSError, MemoryError), INPUT_OUTPUT),
        (errors.ZarrError, USAGE),
    )
    return next((code for kinds, code in table if isinstance(error, kinds)), INTERNAL)


def _is_of_document(error: BaseException) -> bool:
    """Whether an error is about a document that is stored."""
    place = getattr(error, "path", None) or ""
    return str(place).replace("|", "/").replace(":", "/").rpartition("/")[2] in _DOCUMENTS


def _one_line(error: BaseException) -> str:
    from zarrpy.display.text import printable

    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return printable(f"{error.filename}: {error.strerror}")
    if isinstance(error, MemoryError):
        return printable(f"not enough memory: {error}" if str(error) else "not enough memory")
    # what was added on the way: which of many nodes it is about
    text, arrow, hint = _parted(str(error), getattr(error, "__notes__", ()))
    for words, option in _AS_OPTIONS:
        hint = hint.replace(words, option)
    return "\n".join(printable(line) for line in f"{text}{arrow}{hint}".splitlines())


def _parted(text: str, notes: Iterable[str]) -> tuple[str, str, str]:
    """Part what is wrong from what to do about it; notes belong to the first."""
    told, arrow, hint = text.rpartition(" -> ")
    if not arrow:
        told, hint = hint, ""
    return "; ".join((told, *notes)), arrow, hint

"""Exit codes, and errors told in one line instead of a traceback."""

import sys

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
    (
        "open never creates unless asked to; create_array and create_group do",
        "zarrpy create makes one; zarrpy ls names what is there",
    ),
    ("list(group) and group.members() name what is there", "zarrpy ls names what is there"),
)


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
    print(f"zarrpy: {message}", file=sys.stderr)
    return code


def exit_code(error: BaseException) -> int:
    """Choose the exit code for an error."""
    from zarrpy import errors

    table: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], int], ...] = (
        (KeyboardInterrupt, INTERRUPTED),
        ((errors.NodeNotFoundError, FileNotFoundError), NOT_FOUND),
        ((UsageError, errors.NodeKindError, errors.MissingDependencyError), USAGE),
        ((errors.ChunkError, errors.MetadataError, errors.CodecError), DIFFERENT),
        ((errors.StoreError, OSError, MemoryError), INPUT_OUTPUT),
        (errors.ZarrError, USAGE),
    )
    return next((code for kinds, code in table if isinstance(error, kinds)), INTERNAL)


def _one_line(error: BaseException) -> str:
    from zarrpy.display.text import printable

    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return printable(f"{error.filename}: {error.strerror}")
    if isinstance(error, MemoryError):
        return printable(f"not enough memory: {error}" if str(error) else "not enough memory")
    text, arrow, hint = str(error).rpartition(" -> ")
    for words, option in _AS_OPTIONS:
        hint = hint.replace(words, option)
    return "\n".join(printable(line) for line in f"{text}{arrow}{hint}".splitlines())

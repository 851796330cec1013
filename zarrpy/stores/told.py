"""What other people's stores and file systems raise, as errors of ours."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from zarrpy.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

#: What they raise for what is not there, or lies below what is no directory.
ABSENT = (FileNotFoundError, NotADirectoryError, IsADirectoryError)


@contextmanager
def told(operation: str, key: str) -> Iterator[None]:
    """Give what goes wrong as an error of ours, with the other one as its cause."""
    try:
        yield
    except StoreError:
        raise
    except Exception as error:
        fields = {"errno": getattr(error, "errno", None)}
        words = " ".join(str(error).split()) or type(error).__name__
        raise StoreError(words[:400], key=key, operation=operation, **fields) from error

"""What a store lists of a hierarchy, also where some of it has no proper name or no value."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

from zarrpy.engine.requests import Fetch, ListEmpty, ListEntries, ListSizes, Size
from zarrpy.errors import MetadataError, ZarrError
from zarrpy.metadata.names import check_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from zarrpy.engine.requests import Steps


class Listing(NamedTuple):
    """What lies below a prefix.

    Attributes
    ----------
    sizes : dict of str and int
        Bytes of each value.
    entries : list of str
        Keys, locks and links, as `Store.list_entries` gives them.
    empty : list of str
        Directories in which there is nothing.
    wrong : dict of str and str
        Keys that cannot be read, with why; those that are no proper keys are nowhere else.
    """

    sizes: dict[str, int]
    entries: list[str]
    empty: list[str]
    wrong: dict[str, str]


def listing(prefix: str) -> Steps[Listing]:
    """List what lies below a prefix; a single key that is broken hides no other one.

    Raises
    ------
    StoreError
        When the store does not list at all.
    """
    wrong: dict[str, str] = {}
    failure: ZarrError | None = None
    pairs: list[tuple[str, int]] = []
    try:
        pairs = yield ListSizes(prefix)
    except ZarrError as error:
        failure = error
    entries: list[str] = (yield ListEntries(prefix)) or []
    if failure is not None:
        pairs = yield from _one_by_one(entries, wrong)
        if not wrong:  # it was not about a key
            raise failure
    listed: list[str] = yield ListEmpty(prefix)
    empty = [name[:-1] for name in listed if name.endswith("/")]  # others are links to nothing
    for key, count in Counter(key for key, _ in pairs).items():
        if count > 1:
            wrong[key] = f"is there {count} times; readers may get any of the values"
    names = dict.fromkeys([*(key for key, _ in pairs), *entries])
    improper = _improper(names)
    sizes = {key: size for key, size in pairs if key not in improper}
    entries = [key for key in entries if key not in improper]
    return Listing(sizes, entries, empty, wrong | improper)


def _one_by_one(keys: Iterable[str], wrong: dict[str, str]) -> Steps[list[tuple[str, int]]]:
    """Ask for the size of each value, some of which the store does not tell."""
    found: list[tuple[str, int]] = []
    for key in keys:
        if key.endswith("/"):
            continue
        try:
            size = yield from _size(key)
        except ZarrError as error:
            wrong[key] = str(error)
        else:
            found += [] if size is None else [(key, size)]
    return found


def _size(key: str) -> Steps[int | None]:
    sizes = yield Size((key,))
    if sizes is not None:
        size: int | None = sizes[0]
        return size
    values = yield Fetch((key,))
    return None if values[0] is None else len(values[0])


def _improper(keys: Iterable[str]) -> dict[str, str]:
    """Find keys that no store reads, as they lead out of it or have no one form."""
    found: dict[str, str] = {}
    for key in keys:
        try:
            check_key(key[:-1] if len(key) > 1 and key.endswith("/") else key)
        except MetadataError as error:
            found[key] = str(error)
    return found

"""Selections by the names of dimensions: ``{"time": 0, "lat": slice(10, 20)}``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from zarrpy.errors import SelectionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    Names = Sequence[str | None] | None


def positional(named: Mapping[Any, Any], names: Names, shape: tuple[int, ...]) -> tuple[Any, ...]:
    """Put what is selected on each named dimension in the order of the dimensions.

    Parameters
    ----------
    named : mapping of str to int, slice or array
    names : sequence of (str or None), optional
        Of the dimensions.
    shape : tuple of int
        Of the array, for errors.

    Raises
    ------
    SelectionError
        An IndexError, when a name is not that of exactly one dimension.

    Examples
    --------
    >>> positional({"lat": 3}, ("time", "lat"), (10, 20))
    (slice(None, None, None), 3)
    """
    terms: list[Any] = [slice(None)] * len(shape)
    for name, term in named.items():
        if term is None or term is Ellipsis:
            raise SelectionError(
                f"on dimension {name!r} an integer, a slice or an array selects, not {term}",
                selection=dict(named),
                shape=shape,
            )
        terms[axis_of(name, names, shape)] = term
    return tuple(terms)


def axis_of(name: Any, names: Names, shape: tuple[int, ...]) -> int:
    """Find the axis of a name; the error lists the names that there are."""
    known = [] if names is None else list(names)
    if isinstance(name, str) and known.count(name) == 1:
        return known.index(name)
    if not any(known):
        reason = "the dimensions have no names"
    elif name in known and name is not None:
        reason = f"{known.count(name)} dimensions have the name {name!r}"
    else:
        reason = f"no dimension has the name {name!r}"
    hint = None if any(known) else "select by position, or create it with dimension_names="
    listed = ", ".join("(unnamed)" if each is None else repr(each) for each in known)
    raise SelectionError(
        f"{reason}: the array has {len(shape)} dimensions" + (f", {listed}" if any(known) else ""),
        selection=name,
        shape=shape,
        hint=hint,
    )


def merged(selection: Mapping[Any, Any] | None, named: dict[str, Any]) -> dict[Any, Any]:
    """Join a dictionary and keywords; a name in both is refused, as Python refuses it in a call."""
    if selection is None:
        return named
    if not isinstance(selection, Mapping):
        raise TypeError(
            f"isel() takes names of dimensions, as keywords or as a dictionary, not "
            f"{type(selection).__name__}"
        )
    twice = [name for name in named if name in selection]
    if twice:
        raise TypeError(f"isel() got several values for the dimension {twice[0]!r}")
    return {**selection, **named}

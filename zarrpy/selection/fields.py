"""Fields of structures in an index: ``a["x"]``, ``a[["x", "y"]]``, ``a["x", 2:5]``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from zarrpy.errors import SelectionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Fields = str | list[str]
    Cast = Callable[[Any, np.dtype[Any], tuple[int, ...]], np.ndarray[Any, Any]]


def split_fields(key: Any) -> tuple[Fields | None, Any]:
    """Take the names of fields out of an index expression.

    Examples
    --------
    >>> split_fields(("x", slice(2, 5)))
    ('x', slice(2, 5, None))
    >>> split_fields(["x", "y"])
    (['x', 'y'], Ellipsis)
    """
    if not isinstance(key, tuple):
        return (key, Ellipsis) if _names(key) else (None, key)
    for term in key:
        if isinstance(term, str | list) and _names(term):
            return _split(key)
    return None, key


def _split(key: tuple[Any, ...]) -> tuple[Fields, Any]:
    """Sort the terms of an index that names fields."""
    names: list[str] = []
    for term in key:
        if _names(term):
            names += [term] if isinstance(term, str) else term
    alone = sum(map(_names, key)) == 1 and any(isinstance(term, str) for term in key)
    rest = tuple(term for term in key if not _names(term))
    fields: Fields = names[0] if alone else names
    return fields, (rest[0] if len(rest) == 1 else rest or Ellipsis)


def _names(term: Any) -> bool:
    if isinstance(term, str):
        return True
    return isinstance(term, list) and bool(term) and all(isinstance(each, str) for each in term)


def as_fields(names: str | Sequence[str], dtype: np.dtype[Any], shape: tuple[int, ...]) -> Fields:
    """Give names of fields as NumPy takes them: one, or a list.

    Raises
    ------
    SelectionError
        An IndexError, when the data type has no fields.
    ValueError, KeyError
        As NumPy's, for one name and for a list, when it has other fields.
    """
    if dtype.names is None:
        raise SelectionError(
            f"cannot index by names: elements of {dtype} have no fields",
            selection=names,
            shape=shape,
        )
    fields: Fields = names if isinstance(names, str) else list(names)
    try:
        np.empty(0, dtype)[fields]
    except KeyError as error:
        raise KeyError(f"no field of name {error.args[0]}") from None
    return fields


def field_type(
    dtype: np.dtype[Any], fields: Fields, shape: tuple[int, ...]
) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Tell the data type and the shape of some fields of a selection; errors are NumPy's."""
    found = np.empty(0, dtype)[fields]
    return found.dtype, shape + found.shape[1:]


def spread_fields(
    value: Any, dtype: np.dtype[Any], fields: Fields, shape: tuple[int, ...], cast: Cast
) -> np.ndarray[Any, Any]:
    """Make structures whose given fields are those of a value; the others are zero.

    Parameters
    ----------
    value : array-like
    dtype : numpy.dtype
        Of the structures.
    fields : str or list of str
    shape : tuple of int
        Of the selection.
    cast : callable
        Casts and broadcasts a value to a data type and a shape.
    """
    result = np.zeros(shape, dtype)
    target = result[fields]
    target[...] = cast(value, target.dtype, target.shape)
    return result

"""Elements that may be missing, each a value of another data type or nothing.

In memory they are objects: NumPy scalars, texts or `bytes`, and None where there is no value.
Where what may be missing may itself hold nothing, a value is a tuple of one, so that None within it
is another thing than None.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any, cast

import numpy as np

from zarrpy.metadata import dtypes, members
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.dtypes import DataType, DataTypeFamily
from zarrpy.metadata.dtypes_variable import objects
from zarrpy.metadata.json import JSON
from zarrpy.metadata.members import reject

__all__ = ["NAME", "elements_of", "inner_of", "optional", "values_of"]

#: As zarrs calls it; the name without the library's is that of a proposal.
NAME = "zarrs.optional"
_NAMES = (NAME, "optional")
_MEMBER = "data_type.configuration"
# Where the NumPy data type of elements keeps the data type of the values.
_KEPT = "zarrpy"


def inner_of(dtype: np.dtype[Any]) -> DataType | None:
    """Find the data type of the values; None for elements that are never missing."""
    kept = None if dtype.metadata is None else dtype.metadata.get(_KEPT)
    return kept if isinstance(kept, DataType) else None


def _is_nested(inner: DataType) -> bool:
    """Whether values may themselves hold nothing."""
    return inner_of(inner.numpy) is not None


# ------------------------------------------------------------------------------------ values


def values_of(elements: list[Any], inner: DataType) -> np.ndarray[Any, Any]:
    """Make an array of one axis of the elements that are there.

    Raises
    ------
    TypeError, ValueError, OverflowError
        When one is no value of the data type.
    """
    if _is_nested(inner):
        elements = [_unwrapped(each) for each in elements]
    if inner.cast is not None:
        row = np.empty(len(elements), object)
        for i, each in enumerate(elements):
            row[i] = each
        made = inner.cast(row if inner.numpy.kind == "O" else elements, 1)
        return np.asarray(made, inner.numpy).reshape(len(elements))
    made = np.array(elements, inner.numpy)
    if made.shape != (len(elements),):
        raise TypeError(f"each element must be None or one value of {inner}")
    return made


def _unwrapped(element: Any) -> Any:
    if not isinstance(element, tuple) or len(element) != 1:
        raise TypeError(f"a value that may itself hold nothing is a tuple of one, not {element!r}")
    return element[0]


def elements_of(values: np.ndarray[Any, Any], inner: DataType) -> list[Any]:
    """Give the values of an array of one axis as elements."""
    nested = _is_nested(inner)
    return [(each,) if nested else each for each in values]


def _cast(value: object, ndim: int, inner: DataType) -> np.ndarray[Any, Any]:
    """Make an array of elements; of a masked array those that are masked are missing."""
    if isinstance(value, np.ma.MaskedArray):
        made = np.empty(value.shape, object)
        mask = np.ma.getmaskarray(value)
        for place in np.ndindex(value.shape):
            made[place] = None if mask[place] else value.data[place]
    else:
        made = objects(value, ndim)
    values_of([each for each in made.flat if each is not None], inner)
    return made


# ------------------------------------------------------------------------------- fill values


def _fill_from_json(document: JSON, dtype: np.dtype[Any]) -> np.generic:
    """Read null, or a list of the one value."""
    if document is None:
        return cast(np.generic, None)
    if not isinstance(document, list) or len(document) != 1:
        reject(fill.FIELD, document, "null, or a list of one value")
    inner = _known(dtype)
    return _wrapped(inner.fill_from_json(document[0], inner.numpy), inner)


def _fill_to_json(value: np.generic, dtype: np.dtype[Any]) -> JSON:
    """Write null, or a list of the one value."""
    inner = _known(dtype)
    if value is None:
        return None
    plain = cast(Any, value)[0] if _is_nested(inner) else value
    return [inner.fill_to_json(plain, inner.numpy)]


def _fill_from_python(value: object, dtype: np.dtype[Any]) -> np.generic:
    """Take None, or a value."""
    inner = _known(dtype)
    if value is None:
        return cast(np.generic, None)
    plain = _unwrapped(value) if _is_nested(inner) else value
    return _wrapped(fill.coerce(plain, inner), inner)


def _wrapped(value: np.generic, inner: DataType) -> np.generic:
    return cast(np.generic, (value,)) if _is_nested(inner) else value


def _known(dtype: np.dtype[Any]) -> DataType:
    inner = inner_of(dtype)
    assert inner is not None
    return inner


# ---------------------------------------------------------------------------------- records


def _from_v3(name: str, configuration: Mapping[str, Any]) -> DataType | None:
    if name not in _NAMES:
        return None
    members.check_known(configuration, ("name", "configuration"), _MEMBER)
    members.require(configuration, "name", _MEMBER)
    inner = dtypes.from_v3(dict(configuration), _MEMBER)
    return DataType(
        NAME,
        np.dtype(object, metadata={_KEPT: inner}),
        _fill_from_json,
        _fill_to_json,
        configuration=_named(inner),
        fill_from_python=_fill_from_python,
        cast=partial(_cast, inner=inner),
    )


def _named(inner: DataType) -> dict[str, Any]:
    """Name the data type of the values, as zarrs wants it."""
    document = dtypes.to_v3(inner)
    named: dict[str, Any] = {"name": document} if isinstance(document, str) else cast(Any, document)
    return {"name": named["name"], "configuration": named.get("configuration", {})}


def _from_v2(form: JSON) -> None:
    """Tell nothing: Zarr v2 has no such data type."""


def _from_numpy(dtype: np.dtype[Any]) -> DataType | None:
    inner = inner_of(dtype)
    return None if inner is None else _from_v3(NAME, _named(inner))


optional = DataTypeFamily(NAME, _from_v3, _from_v2, _from_numpy)

"""Structures: fields of other data types, one after the other without gaps."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from math import prod
from typing import Any, TypeAlias, cast

import numpy as np

from zarrpy.errors import MetadataError
from zarrpy.metadata import dtypes, element, members
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.dtypes import DataType, DataTypeFamily, V2Form
from zarrpy.metadata.json import JSON
from zarrpy.metadata.members import reject

__all__ = ["struct"]

# NumPy and the engine count the bytes of an element in 31 bits.
_END = 1 << 31
_FIELDS = "data_type.configuration.fields"


@dataclass(frozen=True, slots=True)
class Field:
    """One field; `shape` is () unless each element holds an array there."""

    name: str
    data_type: DataType
    shape: tuple[int, ...] = ()

    @property
    def nbytes(self) -> int:
        """Bytes of the field in one element."""
        return self.data_type.itemsize * prod(self.shape)


Fields: TypeAlias = tuple[Field, ...]


def _from_v3(name: str, configuration: Mapping[str, Any]) -> DataType | None:
    """Read ``struct``, and the older ``structured`` with its pairs."""
    if name not in ("struct", "structured"):
        return None
    where = "data_type.configuration"
    members.check_known(configuration, ("fields",), where)
    documents = members.sequence(members.require(configuration, "fields", where), _FIELDS)
    fields = tuple(_field_of_v3(each, f"{_FIELDS}[{i}]") for i, each in enumerate(documents))
    # Writers of the older name left out the byte order, which was little.
    return _made(fields, _FIELDS, documents, order="<" if name == "structured" else None)


def _field_of_v3(document: object, where: str) -> Field:
    if isinstance(document, list) and len(document) == 2:
        name, data_type = document
    else:
        if not isinstance(document, dict):
            reject(where, document, 'an object with the members "name" and "data_type"')
        members.check_known(document, ("name", "data_type"), where)
        name, data_type = (members.require(document, each, where) for each in ("name", "data_type"))
    if not isinstance(name, str) or not name:
        reject(f"{where}.name", name, "a string that is not empty")
    return Field(name, dtypes.from_v3(data_type, f"{where}.data_type"))


def _from_v2(form: JSON) -> DataType | None:
    """Read a list of fields; where their byte orders differ they stay as they are."""
    if not isinstance(form, list):
        return None
    parsed = [_field_of_v2(each, i) for i, each in enumerate(form)]
    fields = tuple(field for field, _ in parsed)
    orders = {order for _, order in parsed if order != "|"}
    if len(orders) > 1 or any(order is None for order in orders):
        return _as_stored(fields, [order for _, order in parsed], form)
    return _made(fields, "dtype", form, order=orders.pop() if orders else None)


def _field_of_v2(document: object, i: int) -> tuple[Field, str | None]:
    where = f"dtype[{i}]"
    if not isinstance(document, list) or len(document) not in (2, 3):
        reject(where, document, "a list of a name, a data type and, for arrays, a shape")
    name, form = document[:2]
    if isinstance(name, list) and len(name) == 2:
        name = name[1]  # the first one is NumPy's title
    if not isinstance(name, str):
        reject(f"{where}[0]", name, "a string")
    shape = document[2] if len(document) == 3 else []
    shape = members.integers([shape] if type(shape) is int else shape, f"{where}[2]", 1)
    try:
        data_type, order = dtypes.from_v2(form)
    except MetadataError as error:
        if error.field is not None and error.field.startswith("dtype"):
            error.field = f"{where}[1]" + error.field.removeprefix("dtype")
        raise
    mixed = element.order(data_type.numpy) is None
    return Field(name or f"f{i}", data_type, shape), None if mixed else order


def _as_stored(fields: Fields, orders: Iterable[str | None], document: JSON) -> DataType:
    """Make a structure whose elements are in memory as they are stored, each field its way."""
    return _made(
        tuple(
            field if order is None or order == "|" else _ordered(field, order)
            for field, order in zip(fields, orders, strict=True)
        ),
        "dtype",
        document,
    )


def _ordered(field: Field, order: str) -> Field:
    """Fix the byte order of a field in memory."""
    old = field.data_type
    form = None if old.v2 is None else _with_order(old.v2, order)
    dtype = old.numpy.newbyteorder("<" if order == "<" else ">")
    return replace(field, data_type=replace(old, numpy=dtype, v2=form))


def _with_order(form: V2Form, order: str) -> V2Form:
    if not isinstance(form, str):
        return tuple((name, _with_order(inner, order), shape) for name, inner, shape in form)
    return cast(str, dtypes.spelled(form, order))


def _from_numpy(dtype: np.dtype[Any]) -> DataType | None:
    if dtype.names is None:
        return None
    if dtype.hasobject:
        return None
    fields = tuple(_field_of_numpy(name, dtype[name]) for name in dtype.names)
    return _made(fields, "dtype", str(dtype))


def _field_of_numpy(name: str, dtype: np.dtype[Any]) -> Field:
    return Field(name, dtypes.from_numpy(dtype.base)[0], dtype.shape)


def _made(fields: Fields, where: str, document: object, order: str | None = None) -> DataType:
    if not fields:
        reject(where, document, "at least one field")
    for field in fields:
        if field.data_type.variable:
            reject(f"{where}, field {field.name!r}", field.data_type.name, "a type of one size")
    names = [field.name for field in fields]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise MetadataError(f"has two fields {twice!r}", field=where, value=document)
    nbytes = sum(each.nbytes for each in fields)
    if nbytes >= _END:
        raise MetadataError(f"has {nbytes} bytes, of less than 2^31", field=where, value=document)
    dtype = _packed(fields)
    values = StructFill(fields)
    plain = all(each.data_type.v3 and not each.shape for each in fields)
    return DataType(
        "struct",
        dtype,
        values.from_json,
        values.to_json,
        _v2_form(fields),
        _configuration(fields) if plain else None,
        v3=plain,
        fill_from_python=values.from_python,
        order=order,
        settle=FieldSettle(fields) if any(each.data_type.settle for each in fields) else None,
    )


def _packed(fields: Fields) -> np.dtype[Any]:
    return np.dtype([(each.name, each.data_type.numpy, each.shape) for each in fields])


def _v2_form(fields: Fields) -> "V2Form | None":
    forms = [(each.name, each.data_type.v2, each.shape) for each in fields]
    known = tuple((name, form, shape) for name, form, shape in forms if form is not None)
    return known if len(known) == len(forms) else None


def _configuration(fields: Fields) -> dict[str, Any]:
    return {
        "fields": [
            {"name": each.name, "data_type": dtypes.to_v3(each.data_type)} for each in fields
        ]
    }


struct = DataTypeFamily("struct", _from_v3, _from_v2, _from_numpy)


@dataclass(frozen=True, slots=True)
class StructFill:
    """Fill values of a structure: an object with a member for each field."""

    fields: Fields

    def from_json(self, document: JSON, dtype: np.dtype[Any]) -> np.generic:
        """Read an object, or the bytes of a little-endian element in base64."""
        if isinstance(document, str):
            return fill.packed(document, dtype, "|" if element.order(dtype) is None else "<")
        names = [field.name for field in self.fields]
        if not isinstance(document, dict):
            reject(fill.FIELD, document, f"an object with the members {', '.join(names)}")
        members.check_known(document, names, fill.FIELD)
        missing = [name for name in names if name not in document]
        if missing:
            reject(fill.FIELD, document, f"an object with a value for {', '.join(missing)}, too")
        return self._joined(
            (field, np.array(_read(field, document[field.name]), field.data_type.numpy))
            for field in self.fields
        )

    def to_json(self, value: np.generic, dtype: np.dtype[Any]) -> JSON:
        """Write an object; a field that holds an array is a list."""
        data = np.array(value, dtype).tobytes()
        written: dict[str, Any] = {}
        for field in self.fields:
            own = np.frombuffer(data[: field.nbytes], np.uint8).view(field.data_type.numpy)
            data = data[field.nbytes :]
            parts = [fill.dump(each, field.data_type) for each in own]
            written[field.name] = parts if field.shape else parts[0]
        return written

    def from_python(self, value: object, dtype: np.dtype[Any]) -> np.generic:
        """Take a void scalar, a tuple, a mapping, bytes of an element, or 0 for zeros."""
        if isinstance(value, np.void) and value.dtype.names is not None:
            value = {name: value[name] for name in value.dtype.names}
        if isinstance(value, bytes | np.void):
            data = value if isinstance(value, bytes) else value.tobytes()
            if len(data) == dtype.itemsize:
                return fill.of_bytes(data, dtype)
        if isinstance(value, str):
            return self.from_json(value, dtype)
        if isinstance(value, int | np.integer) and not isinstance(value, bool) and value == 0:
            return fill.of_bytes(bytes(dtype.itemsize), dtype)
        names = [field.name for field in self.fields]
        if isinstance(value, tuple | list) and len(value) == len(names):
            value = dict(zip(names, value, strict=True))
        if not isinstance(value, Mapping) or set(value) != set(names):
            reject(fill.FIELD, repr(value), f"a value for each of {', '.join(names)}")
        given = value
        return self._joined((field, _taken(field, given[field.name])) for field in self.fields)

    def _joined(self, parts: Iterable[tuple[Field, np.ndarray[Any, Any]]]) -> np.generic:
        """Put the bytes of the fields together: no arithmetic touches them."""
        data = b"".join(part.tobytes() for _, part in parts)
        dtype = _packed(self.fields)
        return fill.of_bytes(data, dtype)


@dataclass(frozen=True, slots=True)
class FieldSettle:
    """Bring those fields into their one form of which not all bits count."""

    fields: Fields

    def __call__(self, array: np.ndarray[Any, Any]) -> None:
        for field in self.fields:
            if field.data_type.settle is not None:
                field.data_type.settle(array[field.name])


def _read(field: Field, document: JSON) -> Any:
    """Read what a document gives for a field."""
    with _within(field):
        if not field.shape:
            return fill.parse(document, field.data_type)
        if not isinstance(document, list) or len(document) != prod(field.shape):
            reject(fill.FIELD, document, f"a list of {prod(field.shape)} values")
        return [fill.parse(each, field.data_type) for each in document]


def _taken(field: Field, value: object) -> np.ndarray[Any, Any]:
    """Take what a program gives for a field; one value stands for all of an array."""
    dtype = field.data_type.numpy
    with _within(field):
        if not field.shape:
            return np.array(fill.coerce(value, field.data_type), dtype)
        try:
            spread = np.broadcast_to(np.array(value, object), field.shape)
        except ValueError:
            reject(fill.FIELD, repr(value), f"of the shape {field.shape}")
        return np.array([fill.coerce(each, field.data_type) for each in spread.flat], dtype)


@contextmanager
def _within(field: Field) -> Iterator[None]:
    """Name the field in errors about its fill value."""
    try:
        yield
    except MetadataError as error:
        if error.field is not None:
            error.field = f"{fill.FIELD}.{field.name}" + error.field.removeprefix(fill.FIELD)
        raise

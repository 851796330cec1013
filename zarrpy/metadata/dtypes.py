"""Data types: a table of records, one per type.

A record says how a type is called in v3 and in v2, what it is in NumPy, and how its fill
values are read and written.  A new type is a new record.  A *family* is for types whose name
or configuration has parameters: it makes a record for each, and is asked when no record has
the name.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.json import JSON
from zarrpy.metadata.members import reject, understood
from zarrpy.registry import Registry

__all__ = [
    "DataType",
    "DataTypeFamily",
    "available_data_types",
    "from_numpy",
    "from_v2",
    "from_v3",
    "register_data_type",
    "to_v2",
    "to_v3",
    "unregister_data_type",
]

FillFromJSON: TypeAlias = Callable[[JSON, "np.dtype[Any]"], np.generic]
FillToJSON: TypeAlias = Callable[[np.generic, "np.dtype[Any]"], JSON]


@dataclass(frozen=True, slots=True)
class DataType:
    """One data type.

    Parameters
    ----------
    name : str
        In v3 documents: ``"float32"``.
    numpy : numpy.dtype
        In memory, in the byte order of this machine.
    fill_from_json, fill_to_json : callable
        Read and write a fill value; both are also given `numpy`.
    v2 : str, optional
        In v2 documents, without the byte order: ``"f4"``.  None: v2 has no form of it.
    configuration : dict, optional
        In v3 documents, for types that have parameters.
    aliases : tuple of str
        Other v3 names, which are read and never written.

    Examples
    --------
    >>> from_v3("float32").numpy
    dtype('float32')
    """

    name: str
    numpy: np.dtype[Any]
    fill_from_json: FillFromJSON = field(repr=False, compare=False)
    fill_to_json: FillToJSON = field(repr=False, compare=False)
    v2: str | None = None
    configuration: Mapping[str, Any] | None = None
    aliases: tuple[str, ...] = field(default=(), repr=False, compare=False)

    @property
    def itemsize(self) -> int:
        """Bytes of one element in memory."""
        return self.numpy.itemsize

    @property
    def ordered(self) -> bool:
        """Whether elements have a byte order."""
        return self.numpy.byteorder != "|"


@dataclass(frozen=True, slots=True)
class DataTypeFamily:
    """Data types that differ in parameters only.

    Each function gives a record, or None if what it is given is not of this family.

    Parameters
    ----------
    name : str
        Of the family, for listings.
    from_v3 : callable
        Takes the name and the configuration.
    from_v2 : callable
        Takes the v2 data type without its byte order.
    from_numpy : callable
        Takes a NumPy data type in native byte order.
    """

    name: str
    from_v3: Callable[[str, Mapping[str, Any]], DataType | None]
    from_v2: Callable[[JSON], DataType | None]
    from_numpy: Callable[[np.dtype[Any]], DataType | None]


def _number(name: str, v2: str, kind: str, *aliases: str) -> DataType:
    reader: FillFromJSON = getattr(fill, f"{kind}_from_json")
    writer: FillToJSON = getattr(fill, f"{kind}_to_json")
    return DataType(name, np.dtype(v2), reader, writer, v2, aliases=aliases)


_BUILT_IN = (
    _number("bool", "b1", "bool"),
    _number("int8", "i1", "integer"),
    _number("int16", "i2", "integer"),
    _number("int32", "i4", "integer"),
    _number("int64", "i8", "integer"),
    _number("uint8", "u1", "integer"),
    _number("uint16", "u2", "integer"),
    _number("uint32", "u4", "integer"),
    _number("uint64", "u8", "integer"),
    _number("float16", "f2", "float"),
    _number("float32", "f4", "float"),
    _number("float64", "f8", "float"),
    _number("complex64", "c8", "complex", "complex_float32"),
    _number("complex128", "c16", "complex", "complex_float64"),
)

_records: Registry[DataType | DataTypeFamily] = Registry("data type")
_by_v2: dict[str, DataType] = {}
_by_numpy: dict[np.dtype[Any], DataType] = {}


def register_data_type(data_type: DataType | DataTypeFamily, *, force: bool = False) -> None:
    """Make a data type, or a family of them, known.

    Parameters
    ----------
    data_type : DataType or DataTypeFamily
        The record.
    force : bool
        Replace what has the name.
    """
    aliases = data_type.aliases if isinstance(data_type, DataType) else ()
    _records.register(data_type.name, data_type, force=force, aliases=aliases)
    _index()


def unregister_data_type(name: str) -> None:
    """Forget a data type or a family."""
    _records.unregister(name)
    _index()


def available_data_types() -> list[str]:
    """List the names of the known data types and families."""
    return _records.names()


def _index() -> None:
    """Find records by their v2 and NumPy forms too; of two with one form the first stays."""
    _by_v2.clear()
    _by_numpy.clear()
    for record in _known():
        if isinstance(record, DataType):
            if record.v2 is not None:
                _by_v2.setdefault(record.v2, record)
            _by_numpy.setdefault(record.numpy, record)


def _known() -> list[DataType | DataTypeFamily]:
    """List all records, ours first and in the order of the table."""
    names = [record.name for record in _BUILT_IN]
    names += [name for name in _records.names() if name not in names]
    return [record for name in names if (record := _records.get(name)) is not None]


def _families() -> list[DataTypeFamily]:
    return [record for record in _known() if isinstance(record, DataTypeFamily)]


def from_v3(document: JSON) -> DataType:
    """Find the data type of a v3 document: a name, or an object with a configuration.

    Raises
    ------
    UnsupportedExtensionError
        If the data type is not known.
    """
    name, configuration = understood(document, "data_type")
    record = _records.get(name)
    if isinstance(record, DataType) and not (record.configuration or configuration):
        return record
    for family in _families():
        made = family.from_v3(name, configuration)
        if made is not None:
            return made
    if isinstance(record, DataType):
        raise MetadataError(
            f"{name!r} has no configuration", field="data_type", value=configuration
        )
    raise _unsupported(name)


def to_v3(data_type: DataType) -> JSON:
    """Write a data type as v3 has it."""
    if data_type.configuration is None:
        return data_type.name
    return {"name": data_type.name, "configuration": dict(data_type.configuration)}


_V2 = re.compile(r"([<>|])(.+)\Z", re.DOTALL)


def from_v2(document: JSON) -> tuple[DataType, str]:
    """Find the data type of a v2 document, and its byte order: ``"<"``, ``">"`` or ``"|"``.

    Raises
    ------
    UnsupportedExtensionError
        If the data type is not known.
    """
    if isinstance(document, list):
        return _family_from_v2(document), "|"
    if not isinstance(document, str):
        reject("dtype", document, 'a string such as "<f4"')
    match = _V2.match(document)
    if match is None:
        if document in _by_v2:
            reject("dtype", document, f'a string with a byte order, such as "<{document}"')
        return _family_from_v2(document), "|"
    order, kind = match[1], match[2]
    record = _by_v2.get(kind)
    if record is None:
        return _family_from_v2(kind, document), order
    if not record.ordered:
        return record, "|"
    if order == "|":
        reject("dtype", document, f'"<{kind}" or ">{kind}"')
    return record, order


def _family_from_v2(kind: JSON, document: JSON = None) -> DataType:
    for family in _families():
        record = family.from_v2(kind)
        if record is not None:
            return record
    shown = kind if document is None else document
    raise _unsupported(shown if isinstance(shown, str) else "structured", "dtype")


def to_v2(data_type: DataType, byteorder: str) -> str:
    """Write a data type as v2 has it: ``"<f4"``."""
    if data_type.v2 is None:
        raise MetadataError(
            f"{data_type.name!r} has no form in Zarr v2", field="data_type", hint="use Zarr v3"
        )
    return (byteorder if data_type.ordered else "|") + data_type.v2


def from_numpy(dtype: Any) -> tuple[DataType, str]:
    """Find the data type of a NumPy data type, and its byte order.

    Parameters
    ----------
    dtype : numpy.dtype or anything NumPy takes for one

    Examples
    --------
    >>> data_type, byteorder = from_numpy(">i4")
    >>> data_type.name, byteorder
    ('int32', '>')
    """
    try:
        dtype = np.dtype(dtype)
    except TypeError as error:
        raise UnsupportedExtensionError(
            f"{dtype!r} is no data type that NumPy knows", kind="data type", name=str(dtype)
        ) from error
    order = dtype.byteorder
    if order == "=":
        order = _NATIVE
    native = dtype.newbyteorder("=")
    record = _by_numpy.get(native)
    if record is None:
        made = (family.from_numpy(native) for family in _families())
        record = next((each for each in made if each is not None), None)
    if record is None:
        raise _unsupported(str(dtype), "dtype")
    return record, order


_NATIVE = "<" if np.little_endian else ">"


def _unsupported(name: str, field: str = "data_type") -> UnsupportedExtensionError:
    from difflib import get_close_matches  # only on the way to an error

    nearest = get_close_matches(name, available_data_types(), n=1)
    hint = f"did you mean {nearest[0]!r}?" if nearest else "zarrpy.register_data_type adds types"
    return UnsupportedExtensionError(
        "is not supported", kind="data type", name=name, field=field, hint=hint
    )


for _record in _BUILT_IN:
    _records.register(_record.name, _record, aliases=_record.aliases)
_index()

"""Data types: a table of records, one per type.

A record says how a type is called in v3 and in v2, what it is in NumPy, and how its fill
values are read and written.  A new type is a new record.  A *family* is for types whose name
or configuration has parameters: it makes a record for each, and is asked when no record has
the name.  Families live in modules of their own, which are imported when first needed.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import import_module
from types import GenericAlias
from typing import Any, ClassVar, TypeAlias

import numpy as np

from zarrpy.errors import MetadataError, UnsupportedExtensionError
from zarrpy.metadata import element
from zarrpy.metadata import fill_value as fill
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.json import JSON, copy
from zarrpy.metadata.members import reject, understood
from zarrpy.registry import PlugInInfo, Registry

__all__ = [
    "DataType",
    "DataTypeFamily",
    "available_data_types",
    "from_numpy",
    "from_v2",
    "from_v3",
    "register_data_type",
    "spelled",
    "to_v2",
    "to_v3",
    "unregister_data_type",
]

FillFromJSON: TypeAlias = Callable[[JSON, "np.dtype[Any]"], np.generic]
FillToJSON: TypeAlias = Callable[[np.generic, "np.dtype[Any]"], JSON]
FillFromPython: TypeAlias = Callable[[object, "np.dtype[Any]"], np.generic]
Cast: TypeAlias = Callable[[object, int], "np.ndarray[Any, Any]"]
# Of a simple type "f4"; of a structure (name, form, shape) of each field.
V2Form: TypeAlias = "str | tuple[tuple[str, V2Form, tuple[int, ...]], ...]"


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
    v2 : str or tuple, optional
        In v2 documents, without the byte order: ``"f4"``; for a structure a tuple of name, form
        and shape of each field.  None: v2 has no form of it.
    configuration : dict, optional
        In v3 documents, for types that have parameters.
    aliases : tuple of str
        Other v3 names, which are read and never written.
    v3 : bool
        Whether v3 has a form of it.
    default : numpy scalar, optional
        Fill value of a new array for which none was named; None stands for zero.
    fill_from_python : callable, optional
        Reads a fill value as programs give it, where that is not its JSON form; also given
        `numpy`.
    order : {"<", ">"}, optional
        Byte order of the stored elements, where the document of the type itself tells it.
    settle : callable, optional
        Brings elements into their one form in place, where not all bits of one count.
    cast : callable, optional
        Makes an array of what is to be written, where NumPy's own cast takes more than it should;
        also given the number of axes where it goes.

    Examples
    --------
    >>> from_v3("float32").numpy
    dtype('float32')
    """

    name: str
    numpy: np.dtype[Any]
    fill_from_json: FillFromJSON = field(repr=False, compare=False)
    fill_to_json: FillToJSON = field(repr=False, compare=False)
    v2: "V2Form | None" = None
    configuration: Mapping[str, Any] | None = None
    aliases: tuple[str, ...] = field(default=(), repr=False, compare=False)
    v3: bool = field(default=True, repr=False)
    default: np.generic | None = field(default=None, repr=False, compare=False)
    fill_from_python: FillFromPython | None = field(default=None, repr=False, compare=False)
    order: str | None = field(default=None, repr=False, compare=False)
    settle: Callable[[np.ndarray[Any, Any]], None] | None = field(
        default=None, repr=False, compare=False
    )
    cast: Cast | None = field(default=None, repr=False, compare=False)

    __class_getitem__: ClassVar[Any] = classmethod(GenericAlias)

    def __str__(self) -> str:
        """Name the type, with NumPy's short form of it where the name alone says too little."""
        plain = self.configuration is None or self.numpy.names is not None
        return self.name if plain else f"{self.name} ({self.numpy})"

    def to_native_dtype(self) -> np.dtype[Any]:
        """Give the data type of NumPy: `numpy`, by the name that it has in zarr-python."""
        return self.numpy

    def to_json(self, zarr_format: int = 3) -> JSON:
        """Write the data type down as the documents of a format do."""
        ordered = format_of(zarr_format).ordered_types
        return to_v2(self, "<" if self.ordered else "|") if ordered else to_v3(self)

    @property
    def itemsize(self) -> int:
        """Bytes of one element in memory."""
        return self.numpy.itemsize

    @property
    def item_size(self) -> int:
        """The same, by the name that it has in zarr-python."""
        return self.numpy.itemsize

    @property
    def ordered(self) -> bool:
        """Whether elements have a byte order, which is not fixed by `numpy`."""
        return element.order(self.numpy) == element.NATIVE

    @property
    def variable(self) -> bool:
        """Whether elements are of many lengths, and `itemsize` counts only what leads to them."""
        return self.numpy.hasobject


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
        Takes the v2 data type without its byte order; a structure is a list.
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

# In the order in which they are asked.
_FAMILIES = {
    "string": "zarrpy.metadata.dtypes_variable:variable_text",
    "bytes": "zarrpy.metadata.dtypes_variable:variable_bytes",
    "zarrs.optional": "zarrpy.metadata.dtypes_optional:optional",
    "object": "zarrpy.metadata.dtypes_variable:variable_objects",
    "numpy.datetime64": "zarrpy.metadata.dtypes_time:datetime64",
    "numpy.timedelta64": "zarrpy.metadata.dtypes_time:timedelta64",
    "fixed_length_utf32": "zarrpy.metadata.dtypes_text:fixed_length_utf32",
    "null_terminated_bytes": "zarrpy.metadata.dtypes_text:null_terminated_bytes",
    "struct": "zarrpy.metadata.dtypes_struct:struct",
    "r*": "zarrpy.metadata.dtypes_text:raw",
    "raw_bytes": "zarrpy.metadata.dtypes_text:raw_bytes",
    "ml_dtypes": "zarrpy.metadata.dtypes_ml:ml_dtypes",
}

_records: Registry[DataType | DataTypeFamily] = Registry(
    "data type",
    built_in=_FAMILIES,
    aliases={
        "structured": "struct",
        "variable_length_bytes": "bytes",
        "binary": "bytes",
        "optional": "zarrs.optional",
    },
    entry_points="zarrpy.data_types",
)
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

    Raises
    ------
    ValueError
        When the name is taken and `force` is false.
    TypeError
        When it is no record.
    """
    if not isinstance(data_type, DataType | DataTypeFamily):
        raise TypeError(
            f"{data_type!r} is no record of a data type: give a DataType or a DataTypeFamily of "
            "zarrpy.metadata.dtypes"
        )
    aliases = data_type.aliases if isinstance(data_type, DataType) else ()
    _records.register(data_type.name, data_type, force=force, aliases=aliases)
    _index()


def unregister_data_type(name: str) -> None:
    """Take back a registration; a built-in data type that it had replaced returns.

    Raises
    ------
    KeyError
        When nothing was registered under the name.
    """
    ours = next((record for record in _BUILT_IN if record.name == name), None)
    if ours is not None and _records.get(name) is ours:
        raise KeyError(f"data type {name!r} is built in")
    _records.unregister(name)
    if ours is not None:
        _records.register(name, ours, force=True, aliases=ours.aliases)
    _index()


def available_data_types() -> list[PlugInInfo]:
    """Tell about every data type and family of data types that is known, in alphabetical order.

    Examples
    --------
    >>> next(each.description for each in available_data_types() if each.name == "int8")
    "NumPy's int8"
    """
    return _records.infos(_description)


def _description(record: DataType | DataTypeFamily) -> str:
    if isinstance(record, DataType):
        return f"NumPy's {record.numpy}"
    said = (import_module(record.from_v3.__module__).__doc__ or "").strip()
    return said.partition("\n")[0]


def _index() -> None:
    """Find records by their v2 and NumPy forms too; of two with one form the first stays."""
    _by_v2.clear()
    _by_numpy.clear()
    for record in _registered():
        if isinstance(record, DataType):
            if isinstance(record.v2, str):
                _by_v2.setdefault(record.v2, record)
            _by_numpy.setdefault(record.numpy, record)


def _registered() -> list[DataType | DataTypeFamily]:
    """List what is registered, ours first and in the order of the table."""
    names = [record.name for record in _BUILT_IN]
    names += [name for name in _records.registered() if name not in names]
    names = [name for name in names if not _records.is_built_in(name)]
    return [record for name in names if (record := _records.get(name)) is not None]


def _families() -> Iterator[DataTypeFamily]:
    """Go through the families: those of the program, then ours, imported one by one."""
    for record in _registered():
        if isinstance(record, DataTypeFamily):
            yield record
    for name in _FAMILIES:
        built_in = _records.get(name) if _records.is_built_in(name) else None
        if isinstance(built_in, DataTypeFamily):
            yield built_in


def from_v3(document: JSON, field: str = "data_type") -> DataType:
    """Find the data type of a v3 document: a name, or an object with a configuration.

    Parameters
    ----------
    document : JSON value
        As it stands in the document.
    field : str
        The member it is, for error messages.

    Raises
    ------
    UnsupportedExtensionError
        If the data type is not known.
    """
    name, configuration = understood(document, field)
    record = _records.get(name)
    if isinstance(record, DataType):
        if not (record.configuration or configuration):
            return record
    elif record is not None:
        made = record.from_v3(name, configuration)
        if made is not None:
            return made
    for family in _families():
        made = family.from_v3(name, configuration)
        if made is not None:
            return made
    if isinstance(record, DataType):
        raise MetadataError(f"{name!r} has no configuration", field=field, value=configuration)
    raise _unsupported(name, field)


def to_v3(data_type: DataType) -> JSON:
    """Write a data type as v3 has it."""
    if not data_type.v3:
        raise MetadataError(
            f"{data_type.numpy} has no form in Zarr v3", field="data_type", hint="use Zarr v2"
        )
    if data_type.configuration is None:
        return data_type.name
    return {"name": data_type.name, "configuration": copy(dict(data_type.configuration))}


_V2 = re.compile(r"([<>|])(.+)\Z", re.DOTALL)
# As NumPy spells types: only these have a byte order before them.
_CODE = re.compile(r"[A-Za-z][0-9]*(?:\[[0-9a-zA-Zμ]+\])?\Z")


def from_v2(document: JSON) -> tuple[DataType, str]:
    """Find the data type of a v2 document, and its byte order: ``"<"``, ``">"`` or ``"|"``.

    Raises
    ------
    UnsupportedExtensionError
        If the data type is not known.
    """
    if isinstance(document, list):
        record = _of_v2(document, document)
        return record, record.order or "|"
    if not isinstance(document, str):
        reject("dtype", document, 'a string such as "<f4"')
    match = _V2.match(document)
    if match is None:
        record = _of_v2(document, document)
        if _CODE.match(document):
            example = f"{'<' if record.ordered else '|'}{document}"
            reject("dtype", document, f'a string with a byte order, such as "{example}"')
        return record, "<" if record.ordered else "|"
    order, kind = match[1], match[2]
    if not _CODE.match(kind):
        raise _unsupported(document, "dtype")
    record = _of_v2(kind, document)
    if not record.ordered:
        return record, "|"
    if order == "|":
        reject("dtype", document, f'"<{kind}" or ">{kind}"')
    return record, order


def _of_v2(kind: JSON, document: JSON) -> DataType:
    """Find the data type of a v2 document without its byte order."""
    record = _by_v2.get(kind) if isinstance(kind, str) else None
    if record is not None:
        return record
    for family in _families():
        record = family.from_v2(kind)
        if record is not None:
            return record
    raise _unsupported(document if isinstance(document, str) else "structured", "dtype")


def to_v2(data_type: DataType, byteorder: str) -> JSON:
    """Write a data type as v2 has it: ``"<f4"``, or a list of fields."""
    if data_type.v2 is None:
        raise MetadataError(
            f"{data_type.name!r} has no form in Zarr v2", field="data_type", hint="use Zarr v3"
        )
    if isinstance(data_type.v2, str) and not _CODE.match(data_type.v2) and byteorder == ">":
        raise MetadataError(
            f"{data_type.name!r} has no big-endian form in Zarr v2",
            field="data_type",
            hint="use Zarr v3",
        )
    return spelled(data_type.v2, byteorder)


_SINGLE = re.compile(r"[biu]1\Z|[SVO]")


def spelled(form: V2Form, byteorder: str) -> JSON:
    """Put the byte order before a form, or before the forms of all its fields."""
    if not isinstance(form, str):
        return [
            [name, spelled(inner, byteorder), *([list(shape)] if shape else [])]
            for name, inner, shape in form
        ]
    if not _CODE.match(form):
        return form  # a bare name, or a byte order of its own
    return ("|" if _SINGLE.match(form) else byteorder) + form


def from_numpy(dtype: Any) -> tuple[DataType, str]:
    """Find the data type of a NumPy data type, and its byte order.

    Parameters
    ----------
    dtype : numpy.dtype or anything NumPy takes for one, DataType, str or dict
        What NumPy does not know is read as in v3 documents.  `str` and `bytes`, which have no
        length, are text and bytes of any length.

    Examples
    --------
    >>> data_type, byteorder = from_numpy(">i4")
    >>> data_type.name, byteorder
    ('int32', '>')
    >>> from_numpy("r24")[0].numpy
    dtype('V3')
    """
    if hasattr(dtype, "to_native_dtype") and not isinstance(dtype, DataType):  # as in zarr-python
        data_type, order = getattr(dtype, "record", None), getattr(dtype, "endianness", None)
        if data_type is None:
            data_type = from_v3(dtype.to_json(zarr_format=3), "dtype")
        return data_type, _ORDERS.get(order, element.NATIVE) if data_type.ordered else "|"
    if isinstance(dtype, Mapping) and "name" in dtype:
        dtype = from_v3(dict(dtype), "dtype")
    if isinstance(dtype, str | type) and dtype in _PYTHON:
        dtype = from_v3(_PYTHON[dtype], "dtype")
    if isinstance(dtype, DataType):
        return dtype, element.NATIVE if dtype.ordered else "|"
    try:
        dtype = np.dtype(dtype)
    except TypeError as error:
        return _named(dtype, error)
    if dtype.itemsize == 0:
        raise MetadataError(
            f"{dtype} has elements of 0 bytes", field="dtype", hint="give a length, as in 'S10'"
        )
    native = dtype if dtype.hasobject else dtype.newbyteorder("=")
    record = _by_numpy.get(native)
    if record is None:
        made = (family.from_numpy(native) for family in _families())
        record = next((each for each in made if each is not None), None)
    if record is None:
        raise _unsupported(str(dtype), "dtype", _hint_of(dtype))
    # Of a structure in both byte orders the values are kept, and stored in one.
    return record, (element.order(dtype) or element.NATIVE) if record.ordered else "|"


_ORDERS: dict[object, str] = {"little": "<", "big": ">"}

# What NumPy would take for text and bytes of no length at all.
_PYTHON: dict[str | type, str] = {
    str: "string",
    "str": "string",
    bytes: "bytes",
    "bytes": "bytes",
}


def _named(name: object, error: TypeError) -> tuple[DataType, str]:
    """Find a data type that NumPy has no name for."""
    if isinstance(name, str):
        with suppress(MetadataError):
            return from_numpy(from_v3(name))
    raise UnsupportedExtensionError(
        f"{name!r} is no data type that NumPy knows",
        kind="data type",
        name=str(name),
        hint=_unsupported(str(name)).hint,
    ) from error


def _hint_of(dtype: np.dtype[Any]) -> str | None:
    """Say what to do about a data type of NumPy's that has no counterpart, where that is known."""
    if dtype.char not in "gG":  # long double, and pairs of it
        return None
    instead = "float64" if dtype.kind == "f" else "complex128"
    return f"its bits differ between machines: store {instead}, as in data.astype({instead!r})"


def _unsupported(
    name: str, field: str = "data_type", hint: str | None = None
) -> UnsupportedExtensionError:
    from difflib import get_close_matches  # only on the way to an error

    nearest = get_close_matches(name, _records.names(), n=1)
    meant: JSON = nearest[0] if nearest else None
    record = _records.get(nearest[0]) if nearest and field == "dtype" else None
    if isinstance(record, DataType) and record.v2 is not None:
        meant = spelled(record.v2, "<")
    if hint is None:
        hint = f"did you mean {meant!r}?" if meant else "zarrpy.register_data_type adds types"
    return UnsupportedExtensionError(
        "is not supported", kind="data type", name=name, field=field, hint=hint
    )


for _record in _BUILT_IN:  # by force, so that nobody asks what installed packages announce
    _records.register(_record.name, _record, force=True, aliases=_record.aliases)
_index()

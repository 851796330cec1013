"""One member of a document at a time: its value, checked, or an error that says it all.

Every function takes the value and the name of the member (``field``), and raises
`MetadataError` with both and with what would be right.  The path of the document is added by
whoever parses the whole of it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, NoReturn

from zarrpy.config import config
from zarrpy.errors import MetadataError

__all__ = [
    "check_known",
    "choice",
    "document_path",
    "exactly",
    "extension",
    "integers",
    "mapping",
    "nearest",
    "reject",
    "require",
    "sequence",
    "shape",
    "understood",
]

INT64_END = 1 << 63


def reject(field: str, value: object, right: str) -> NoReturn:
    """Raise the error: the member must be what is right, and is not."""
    raise MetadataError(f"must be {right}", field=field, value=value)


def require(document: Mapping[str, Any], field: str, within: str = "") -> Any:
    """Take a member that must be there; `within` names the member that it is in."""
    try:
        return document[field]
    except KeyError:
        place = f"{within}: " if within else ""
        raise MetadataError(
            f"{place}the required member {field!r} is missing", hint=f"add {field!r}"
        ) from None


def mapping(value: object, field: str) -> dict[str, Any]:
    """Check that a value is an object."""
    if not isinstance(value, dict):
        reject(field, value, "an object")
    return value


def sequence(value: object, field: str) -> list[Any]:
    """Check that a value is a list."""
    if not isinstance(value, list):
        reject(field, value, "a list")
    return value


def choice(value: object, field: str, choices: Collection[str]) -> str:
    """Check that a value is one of a few strings."""
    if not isinstance(value, str) or value not in choices:
        reject(field, value, " or ".join(f'"{each}"' for each in choices))
    return value


def exactly(value: object, field: str, right: int) -> None:
    """Check that a value is one certain integer."""
    if type(value) is not int or value != right:
        reject(field, value, str(right))


def integers(
    value: object, field: str, minimum: int, *, count: int | None = None
) -> tuple[int, ...]:
    """Check that a value is a list of integers in [minimum, 2^63).

    JSON true is no integer here, and neither is 3.0.
    """
    if not isinstance(value, list):
        reject(field, value, "a list of integers")
    for each in value:
        if type(each) is not int or not minimum <= each < INT64_END:
            i = next(i for i, other in enumerate(value) if other is each)
            right = f"an integer of at least {minimum} and below 2^63"
            reject(f"{field}[{i}]", each, right)
    if count is not None and len(value) != count:
        raise MetadataError(
            f"has {len(value)} entries, but the array has {count} dimensions",
            field=field,
            value=value,
        )
    return tuple(value)


def check_known(
    members: Iterable[str], known: Collection[str], field: str, hint: str | None = None
) -> None:
    """Check that an object has no member that is not known."""
    for name in members:
        if name not in known:
            names = ", ".join(map(repr, known))
            raise MetadataError(
                f"has the unknown member {name!r}; known: {names}", field=field, hint=hint
            )


_EXTENSION_MEMBERS = ("name", "configuration", "must_understand")
_EXTENSION_NAMES = frozenset(_EXTENSION_MEMBERS)
_EMPTY: dict[str, Any] = {}


def extension(value: object, field: str) -> tuple[str, dict[str, Any], bool]:
    """Read an extension: a name, or an object of name, configuration, must_understand."""
    if isinstance(value, str) and value:
        return value, {}, True
    if not isinstance(value, dict):
        reject(field, value, 'a name, or an object with the member "name"')
    name = value.get("name")
    if not isinstance(name, str) or not name:
        problem = "must be a string" if "name" in value else 'needs the member "name"'
        where = f"{field}.name" if "name" in value else field
        raise MetadataError(problem, field=where, value=name if "name" in value else value)
    configuration = value.get("configuration", _EMPTY)
    if not isinstance(configuration, dict):
        reject(f"{field}.configuration", configuration, "an object")
    must_understand = value.get("must_understand", True)
    if not isinstance(must_understand, bool):
        reject(f"{field}.must_understand", must_understand, "true or false")
    if not _EXTENSION_NAMES.issuperset(value):
        check_known(
            value, _EXTENSION_MEMBERS, field, "parameters belong into the member 'configuration'"
        )
    return name, configuration, must_understand


def understood(value: object, field: str, default: Mapping[str, Any] = _EMPTY) -> Any:
    """Read an extension that may not be left aside: ``must_understand: false`` is an error."""
    name, configuration, must_understand = extension(value, field)
    if not must_understand:
        raise MetadataError(
            "must_understand: false is not allowed here; every reader needs it", field=field
        )
    return name, configuration or default


def shape(value: object) -> tuple[int, ...]:
    """Read the shape of an array: lengths, zero included, of not too many dimensions."""
    lengths = integers(value, "shape", 0)
    limit = config.limits.ndim
    if len(lengths) > limit:
        raise MetadataError(
            f"has {len(lengths)} dimensions, {limit} are allowed",
            field="shape",
            hint="raise config.limits.ndim" if limit < 64 else "NumPy has no more",
        )
    return lengths


def nearest(name: str, known: Collection[str]) -> str | None:
    """Guess what a misspelt name was meant to be, as a hint."""
    from difflib import get_close_matches  # only on the way to an error

    found = get_close_matches(name, sorted(known), n=1)
    return f"did you mean {found[0]!r}?" if found else None


def document_path(path: str, name: str) -> str:
    """Give the path of a document of a node; it may be given already."""
    if path == name or path.endswith("/" + name):
        return path
    return f"{path.rstrip('/')}/{name}" if path.strip("/") else name

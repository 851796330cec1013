"""Open an array of Zarr v2 by its own document, and read its attributes when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.engine.nodes import array_key, key_of, parse_array
from zarrpy.engine.parsing import parsed
from zarrpy.engine.requests import Fetch, Later, Recover
from zarrpy.metadata.formats import format_of
from zarrpy.metadata.later import AttributesLater
from zarrpy.metadata.model import ArrayMetadata

if TYPE_CHECKING:
    from zarrpy.engine.requests import Steps


def read_without_attributes(path: str, zarr_format: int | None) -> Steps[ArrayMetadata | None]:
    """Read an array whose attributes can wait; None where there is none, or they cannot."""
    if zarr_format is None or not format_of(zarr_format).attributes_apart:
        return None
    yield Recover((path,))
    go_on = yield Later()
    if go_on is None:
        return None
    key = array_key(path, zarr_format)
    (document,) = yield Fetch((key,))
    if document is None:
        return None
    known = _parsed(path, {".zarray": document})
    return AttributesLater.of(known, lambda: go_on(_whole(path, key, document)))


def _whole(path: str, key: str, document: Any) -> Steps[ArrayMetadata]:
    """Read the attributes; where there are none, the array has to be there still."""
    (attributes,) = yield Fetch((key_of(path, ".zattrs"),))
    if attributes is None:
        return parse_array(path, key, (yield Fetch((key,)))[0])
    return _parsed(path, {".zarray": document, ".zattrs": attributes})


def _parsed(path: str, values: dict[str, Any]) -> ArrayMetadata:
    found = parsed(path, values)
    assert isinstance(found, ArrayMetadata)  # as these are documents of one
    return found

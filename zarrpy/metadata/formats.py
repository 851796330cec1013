"""What the two formats offer to somebody who creates a node."""

from dataclasses import dataclass

from zarrpy.errors import MetadataError

__all__ = ["DIMENSIONS", "Format", "format_of"]

#: By convention of xarray; Zarr v2 itself has no dimension names.
DIMENSIONS = "_ARRAY_DIMENSIONS"


@dataclass(frozen=True, slots=True)
class Format:
    """One version of Zarr.

    Parameters
    ----------
    number : {2, 3}
        As in ``zarr_format``.
    chunk_keys : str
        Name of its own chunk key encoding.
    only_its_chunk_keys : bool
        Whether it has no other.
    undefined_fill : bool
        Whether an array may have no fill value.
    checksum_codecs : bool
        Whether a checksum may follow the compressor.
    fitted_codecs : bool
        Whether codecs write down what they take from the array, such as the size of elements.
    ordered_types : bool
        Whether data types name a byte order, those of filters too.
    shards : bool
        Whether many chunks may be stored as one value.
    dimension_attribute : str, optional
        The attribute that carries names of dimensions, where there is no member for them.
    attributes_apart : bool
        Whether attributes have a document of their own.
    """

    number: int
    chunk_keys: str
    only_its_chunk_keys: bool
    undefined_fill: bool
    checksum_codecs: bool
    fitted_codecs: bool
    ordered_types: bool
    shards: bool
    dimension_attribute: str | None = None
    attributes_apart: bool = False


_FORMATS = {
    2: Format(2, "v2", True, True, False, False, True, False, DIMENSIONS, True),
    3: Format(3, "default", False, False, True, True, False, True),
}


def format_of(number: int) -> Format:
    """Find a version of Zarr by its number.

    Raises
    ------
    MetadataError
        If it is neither 2 nor 3.
    """
    found = _FORMATS.get(number) if type(number) is int else None
    if found is None:
        raise MetadataError("must be 2 or 3", field="zarr_format", value=number)
    return found

"""A group of a store, as xarray's backend for Zarr sees one.

What a variable is in Zarr (names of dimensions, fill values, which chunks may be written by whom)
is xarray's to say, and is inherited; the arrays and groups are zarrpy's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xarray import conventions
from xarray.backends import ZarrStore
from xarray.backends.zarr import (
    _validate_and_transpose_existing_dims,
    _validate_datatypes_for_zarr_append,
)
from xarray.coding.strings import check_vlen_dtype

from zarrpy.api import consolidate_metadata
from zarrpy.array import Array
from zarrpy.metadata.formats import DIMENSIONS
from zarrpy.xarray.variable import dimension_names, variable_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xarray import Variable

# Parameters of an encoding that tune other libraries.
_NOT_OURS = ("cache_metadata", "fill_value", "order")


class GroupStore(ZarrStore):
    """Variables and attributes of one group."""

    __slots__ = ()

    zarr_group: Any

    def array_keys(self) -> tuple[str, ...]:
        """Name the arrays of the group."""
        return tuple(name for name, _ in self.arrays())

    def arrays(self) -> tuple[tuple[str, Any], ...]:
        """Give the arrays of the group by name."""
        return tuple(each for each in self.members.items() if isinstance(each[1], Array))

    def get_dimensions(self) -> dict[str, int]:
        """Give the length of each dimension.

        Raises
        ------
        ValueError
            When arrays have different lengths along one dimension.
        """
        lengths: dict[str, int] = {}
        for name, array in self.arrays():
            for dimension, length in zip(dimension_names(array), array.shape, strict=True):
                if lengths.setdefault(dimension, length) != length:
                    raise ValueError(
                        f"dimension {dimension!r} has length {length} in {name!r}, and "
                        f"{lengths[dimension]} in an array before it"
                    )
        return lengths

    def open_store_variable(self, name: str) -> Variable:
        """Make a variable of an array; nothing is read."""
        return variable_of(self.members[name], masks=self._use_zarr_fill_value_as_mask)

    def store(
        self,
        variables: Mapping[Any, Variable],
        attributes: Mapping[Any, Any],
        check_encoding_set: Any = frozenset(),
        writer: Any = None,
        unlimited_dims: Any = None,
    ) -> None:
        """Store variables and attributes.

        Those that are there already keep their encoding: they are appended to, or parts of them
        are written, as the mode says.
        """
        there = () if self._mode == "w" else self.array_keys()
        old = {name: each for name, each in variables.items() if name in there}
        new = {name: each for name, each in variables.items() if name not in there}
        self._check(new, there)
        encoded, attributes = self.encode(new, attributes)
        encoded.update(self._encoded_as_stored(old))
        if self._mode != "r+":
            self.set_attributes(attributes)
        if self._mode == "a-" and self._append_dim is not None:
            encoded = {
                name: each
                for name, each in encoded.items()
                if name in new or self._append_dim in each.dims
            }
        self.set_variables(encoded, check_encoding_set, writer, unlimited_dims=unlimited_dims)
        if self._consolidate_on_close:
            consolidate_metadata(self.zarr_group.store)

    def _check(self, new: Mapping[Any, Variable], there: tuple[str, ...]) -> None:
        """Refuse what the mode does not allow, before anything is written."""
        if self._mode == "r+" and new:
            raise ValueError(
                f"variables {list(new)} are not in {self.zarr_group}, and mode='r+' creates none "
                "-> mode='a' does"
            )
        dimension = self._append_dim
        if dimension is None or dimension in there:
            return
        lengths = self.get_dimensions()
        if dimension not in lengths:
            raise ValueError(
                f"append_dim={dimension!r} is no dimension of {self.zarr_group}; it has "
                f"{list(lengths)}"
            )

    def _encoded_as_stored(self, variables: Mapping[Any, Variable]) -> dict[Any, Variable]:
        """Encode variables exactly as the arrays that they go to."""
        stored: Any = {name: self.open_store_variable(name) for name in variables}
        decoded, _, _ = conventions.decode_cf_variables(stored, {})
        given = {}
        for name, variable in variables.items():
            _validate_datatypes_for_zarr_append(name, decoded[name], variable)
            given[name] = variable.copy(deep=False)
            given[name].encoding = decoded[name].encoding
        encoded, _ = self.encode(given, {})
        return {
            name: _validate_and_transpose_existing_dims(
                name, each, decoded[name], self._write_region, self._append_dim
            )
            for name, each in encoded.items()
        }

    def _open_existing_array(self, *, name: str) -> Any:
        array = self.zarr_group[name]
        if self._write_empty is None:
            return array
        return array.with_config({"write_empty_chunks": self._write_empty})

    def _create_new_array(
        self,
        *,
        name: str,
        shape: tuple[int, ...],
        dtype: Any,
        fill_value: Any,
        encoding: dict[str, Any],
        attrs: dict[str, Any],
    ) -> Any:
        """Create an array with its attributes, in one request."""
        keywords = {key: value for key, value in encoding.items() if key not in _NOT_OURS}
        empty = keywords.pop("write_empty_chunks", self._write_empty)
        if self._write_empty not in (None, empty):
            raise ValueError(
                f"write_empty_chunks is {empty} in the encoding of {name!r}, and "
                f"{self._write_empty} as a parameter"
            )
        config = {} if empty is None else {"write_empty_chunks": empty}
        names = attrs.pop(DIMENSIONS, None)
        if names is not None:
            keywords["dimension_names"] = names
        if check_vlen_dtype(dtype) is str:
            dtype = str
        return self.zarr_group.create_array(
            name,
            shape=shape,
            dtype=dtype,
            fill_value=fill_value,
            attributes=attrs,
            config=config,
            **keywords,
        )

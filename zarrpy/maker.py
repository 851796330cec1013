"""A group as others are made in it: arrays and groups by name, path or whole hierarchies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np

from zarrpy.array import Array
from zarrpy.container import Container, as_array, as_group
from zarrpy.creation import DEFAULT, check_as_described, created
from zarrpy.engine.lifecycle import create_node
from zarrpy.engine.nodes import key_of, read_node
from zarrpy.engine.operation import operation
from zarrpy.errors import MetadataError, NodeExistsError
from zarrpy.hierarchy import create_all
from zarrpy.keywords import auto_keyword
from zarrpy.likeness import like
from zarrpy.metadata.attributes import normalise
from zarrpy.metadata.dtypes import from_numpy
from zarrpy.metadata.model import GroupMetadata
from zarrpy.metadata.names import check_path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrpy.container import Named
    from zarrpy.engine.requests import Steps
    from zarrpy.group import Group


class Maker(Container):
    """A group in which arrays and groups can be created."""

    @operation
    def create_array(self, /, name: str, **keywords: Any) -> Steps[Array]:
        """Create an array below this group; keywords as of `zarrpy.create_array`."""
        self._check_writable("create an array in")
        path = self._new(name)
        keywords = auto_keyword(keywords)
        overwrite = keywords.pop("overwrite", False)
        write_data = keywords.pop("write_data", True)
        keywords.setdefault("zarr_format", self.metadata.zarr_format)
        known = self._known(keywords["zarr_format"])
        made = created(
            self.store, path, keywords, overwrite=overwrite, write_data=write_data, known=known
        )
        return (yield from made)

    @operation
    def create(self, /, name: str, **keywords: Any) -> Steps[Array]:
        """Create an array, as `create_array` does."""
        return (yield from self.create_array.steps(name, **keywords))

    @operation
    def create_group(
        self, name: str, *, overwrite: bool = False, attributes: Mapping[str, Any] | None = None
    ) -> Steps[Group]:
        """Create a group below this one, and the groups on the way to it.

        Raises
        ------
        NodeExistsError
            When there is a node already and `overwrite` is false.
        """
        self._check_writable("create a group in")
        path = self._new(name)
        metadata = GroupMetadata(normalise(attributes or {}, path=path), self.metadata.zarr_format)
        known = self._known(metadata.zarr_format)
        yield from create_node(path, metadata, overwrite=overwrite, known=known)
        return self._group(path, metadata)

    @operation
    def create_hierarchy(
        self, nodes: Mapping[str, Any], *, overwrite: bool = False
    ) -> Steps[Named]:
        """Create many nodes below this group at once: all of them, or none.

        Parameters
        ----------
        nodes : mapping of str to object
            What to create, by paths relative to this group; see `zarrpy.create_hierarchy`.
        overwrite : bool
            Replace nodes that are there.

        Returns
        -------
        tuple of (str, Array or Group)
            The new nodes and the groups on the way to them, by paths relative to this group.

        Raises
        ------
        NodeExistsError
            When one of the nodes is there already and `overwrite` is false, and for this group.
        """
        self._check_writable("create nodes in")
        for name in nodes if isinstance(nodes, dict) else ():
            if not name.strip("/"):
                raise NodeExistsError(
                    "the root of the nodes to create is this group, which is there",
                    path=self.path,
                    hint="zarrpy.create_hierarchy(store, nodes) creates a root",
                )
        made = yield from create_all(
            self.store, self.path, nodes, zarr_format=self.metadata.zarr_format, overwrite=overwrite
        )
        start = len(self.path) + 1 if self.path else 0
        return tuple((path[start:], self._node(path, node)) for path, node in made.items())

    # -------------------------------------------------------------------------- open or create

    @operation
    def require_group(self, name: str) -> Steps[Group]:
        """Open a group below this one; create it when it is missing; "/" is this one."""
        if name and not name.strip("/"):
            yield from self._require_this()
            return cast("Group", self)
        node = yield from self._look(name)
        if node is None:
            return (yield from self.create_group.steps(name))
        return as_group(node)

    def _require_this(self) -> Steps[None]:
        """Create this group anew where somebody has deleted it, as by clearing its store."""
        if self.read_only or (yield from read_node(self.path, None)) is not None:
            return
        metadata = GroupMetadata({}, self.metadata.zarr_format)
        yield from create_node(self.path, metadata)
        self.metadata = metadata

    @operation
    def require_groups(self, *names: str) -> Steps[tuple[Group, ...]]:
        """Open several groups below this one; create those that are missing."""
        found = []
        for name in names:
            found.append((yield from self.require_group.steps(name)))
        return tuple(found)

    @operation
    def require_array(
        self,
        /,
        name: str,
        *,
        shape: tuple[int, ...] | int,
        dtype: Any = None,
        exact: bool = False,
        **keywords: Any,
    ) -> Steps[Array]:
        """Open an array below this group; create it when it is missing.

        Raises
        ------
        ShapeMismatchError
            When the array there has another shape.
        NodeKindError
            A TypeError, when its data type is another, or with `exact` false, cannot hold `dtype`.
        """
        node = yield from self.get.steps(name)
        if node is None:
            made = self.create_array.steps(name, shape=shape, dtype=dtype, **keywords)
            return (yield from made)
        array = as_array(node)
        fits = dtype is None or (not exact and np.can_cast(array.dtype, from_numpy(dtype)[0].numpy))
        check_as_described(array, {"shape": shape, "dtype": None if fits else dtype})
        config = keywords.get("config")
        return array if config is None else array.with_config(config)

    # ------------------------------------------------------------------------ arrays of one value

    @operation
    def full(self, /, name: str, shape: Any, fill_value: Any, **keywords: Any) -> Steps[Array]:
        """Create an array whose fill value is `fill_value`; nothing else is stored."""
        keywords.setdefault("dtype", "float64")
        made = self.create_array.steps(name, shape=shape, fill_value=fill_value, **keywords)
        return (yield from made)

    @operation
    def zeros(self, /, name: str, shape: Any, **keywords: Any) -> Steps[Array]:
        """Create an array of zeros."""
        return (yield from self.full.steps(name, shape, 0, **keywords))

    @operation
    def ones(self, /, name: str, shape: Any, **keywords: Any) -> Steps[Array]:
        """Create an array of ones."""
        return (yield from self.full.steps(name, shape, 1, **keywords))

    @operation
    def empty(self, /, name: str, shape: Any, **keywords: Any) -> Steps[Array]:
        """Create an array; elements never written read as the fill value."""
        return (yield from self.full.steps(name, shape, DEFAULT, **keywords))

    @operation
    def full_like(
        self, /, name: str, data: Any, fill_value: Any = None, **keywords: Any
    ) -> Steps[Array]:
        """Create an array of one value of another one's shape, data type and chunks."""
        if fill_value is None:
            fill_value = getattr(data, "fill_value", 0)
        return (yield from self.full.steps(name, fill_value=fill_value, **like(data, keywords)))

    @operation
    def zeros_like(self, /, name: str, data: Any, **keywords: Any) -> Steps[Array]:
        """Create an array of zeros of another one's shape, data type and chunks."""
        return (yield from self.full_like.steps(name, data, 0, **keywords))

    @operation
    def ones_like(self, /, name: str, data: Any, **keywords: Any) -> Steps[Array]:
        """Create an array of ones of another one's shape, data type and chunks."""
        return (yield from self.full_like.steps(name, data, 1, **keywords))

    @operation
    def empty_like(self, /, name: str, data: Any, **keywords: Any) -> Steps[Array]:
        """Create an array of another one's shape, data type, chunks and fill value."""
        fill_value = keywords.pop("fill_value", getattr(data, "fill_value", DEFAULT))
        return (yield from self.full_like.steps(name, data, fill_value, **keywords))

    def _known(self, zarr_format: Any) -> str | None:
        """Say that there is this group, as far as a node of some format may lie in it."""
        return self.path if zarr_format == self.metadata.zarr_format else None

    def _new(self, name: str) -> str:
        """Give the path of a member to be created."""
        relative = check_path(name)
        if not relative:
            raise MetadataError("a member of a group needs a name", path=self.path or "/")
        return key_of(self.path, relative)

"""A hierarchy is a dictionary of paths, whatever is done to it, by whichever handle."""

from __future__ import annotations

import shutil
import tempfile
from typing import Any

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import zarrpy
from zarrpy.errors import MetadataError, NodeExistsError, NodeKindError, NodeNotFoundError
from zarrpy.stores import LocalStore, MemoryStore

NAMES = st.sampled_from(["a", "b", "c"])
PATHS = st.lists(NAMES, min_size=1, max_size=3).map("/".join)
VALUES = st.lists(st.integers(-9, 9), min_size=1, max_size=5)
ATTRIBUTES = st.dictionaries(st.sampled_from(["n", "m"]), st.integers(0, 9))


def above(path: str) -> list[str]:
    """Paths of the groups that a node lies in, without the root."""
    parts = path.split("/")
    return ["/".join(parts[:i]) for i in range(1, len(parts))]


class Hierarchy(RuleBasedStateMachine):
    """The model: values of arrays, and attributes of all nodes, by path."""

    local = False
    zarr_format = 3

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.mkdtemp() if self.local else None
        self.store = LocalStore(self.folder) if self.folder else MemoryStore()
        self.arrays: dict[str, list[int]] = {}
        self.attributes: dict[str, dict[str, int]] = {"": {}}
        self.consolidated: set[str] = set()

    def teardown(self) -> None:
        """Leave nothing behind."""
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    @initialize()
    def begin(self) -> None:
        """Two handles of one group."""
        zarrpy.create_group(self.store, zarr_format=self.zarr_format)
        self.handles = [zarrpy.open_group(self.store), zarrpy.open_group(self.store)]

    # ------------------------------------------------------------------------------- the model

    def fits(self, path: str) -> bool:
        """Whether a node could be created there, as far as the way to it goes."""
        return not any(each in self.arrays for each in above(path))

    def entered(self, path: str, attributes: dict[str, int], values: list[int] | None) -> None:
        """Say in the model that a node was created."""
        for each in above(path):
            self.attributes.setdefault(each, {})
        self.attributes[path] = dict(attributes)
        if values is not None:
            self.arrays[path] = list(values)

    def left(self, path: str) -> None:
        """Say in the model that a node is gone."""
        for each in [p for p in self.attributes if p == path or p.startswith(path + "/")]:
            del self.attributes[each]
            self.arrays.pop(each, None)
            self.consolidated.discard(each)

    def copied(self, source: str, target: str) -> None:
        """Say in the model that a node is somewhere else as well."""
        for each in [p for p in self.attributes if p == source or p.startswith(source + "/")]:
            new = target + each[len(source) :]
            self.entered(new, self.attributes[each], self.arrays.get(each))
            if each in self.consolidated:
                self.consolidated.add(new)

    # ------------------------------------------------------------------------------- the rules

    @rule(path=PATHS, values=VALUES, attributes=ATTRIBUTES, which=st.integers(0, 1))
    def create_array(self, path: str, values: Any, attributes: Any, which: int) -> None:
        """Where nothing is."""
        act = self.handles[which].create_array
        if path in self.attributes or not self.fits(path):
            with pytest.raises((NodeExistsError, NodeKindError)):
                act(path, data=values, attributes=attributes)
            return
        act(path, data=values, chunks=2, attributes=attributes)
        self.entered(path, attributes, values)

    @rule(path=PATHS, values=VALUES, which=st.integers(0, 1))
    def overwrite(self, path: str, values: Any, which: int) -> None:
        """Whatever is there, unless it lies below an array."""
        if not self.fits(path):
            with pytest.raises(NodeKindError):
                self.handles[which][path] = values
            return
        self.handles[which][path] = values
        self.left(path)
        self.entered(path, {}, values)

    @rule(path=PATHS, attributes=ATTRIBUTES, which=st.integers(0, 1))
    def create_group(self, path: str, attributes: Any, which: int) -> None:
        """Where nothing is."""
        act = self.handles[which].create_group
        if path in self.attributes or not self.fits(path):
            with pytest.raises((NodeExistsError, NodeKindError)):
                act(path, attributes=attributes)
            return
        act(path, attributes=attributes)
        self.entered(path, attributes, None)

    @rule(paths=st.lists(PATHS, min_size=1, max_size=3, unique=True), which=st.integers(0, 1))
    def create_hierarchy(self, paths: Any, which: int) -> None:
        """All of it, or nothing."""
        nodes = dict.fromkeys(paths)
        act = self.handles[which].create_hierarchy
        if any(path in self.attributes or not self.fits(path) for path in paths):
            with pytest.raises((NodeExistsError, NodeKindError)):
                act(nodes)
            return
        act(nodes)
        for path in paths:
            self.entered(path, self.attributes.get(path, {}), None)

    @rule(path=PATHS, which=st.integers(0, 1))
    def delete(self, path: str, which: int) -> None:
        """With all below it."""
        if path not in self.attributes:
            with pytest.raises(NodeNotFoundError):
                del self.handles[which][path]
            return
        del self.handles[which][path]
        self.left(path)

    @rule(source=PATHS, goal=PATHS, which=st.integers(0, 1), keep=st.booleans())
    def move_or_copy(self, source: str, goal: str, which: int, keep: bool) -> None:
        """To where nothing is, and not into itself."""
        act = self.handles[which].copy if keep else self.handles[which].move
        within = f"{goal}/".startswith(f"{source}/") or f"{source}/".startswith(f"{goal}/")
        refused = source not in self.attributes or goal in self.attributes or within
        if refused or not self.fits(goal):
            with pytest.raises((NodeNotFoundError, NodeExistsError, NodeKindError, MetadataError)):
                act(source, goal)
            return
        act(source, goal)
        self.copied(source, goal)
        if not keep:
            self.left(source)

    @rule(path=st.one_of(st.just(""), PATHS), attributes=ATTRIBUTES, which=st.integers(0, 1))
    def change_attributes(self, path: str, attributes: Any, which: int) -> None:
        """Of what is there."""
        if path not in self.attributes:
            return
        node = self.handles[which][path] if path else self.handles[which]
        node.attrs.update(attributes)
        self.attributes[path].update(attributes)

    @rule(path=st.one_of(st.just(""), PATHS))
    def consolidate(self, path: str) -> None:
        """A group at any place."""
        if path in self.attributes and path not in self.arrays:
            zarrpy.consolidate_metadata(self.store, path)
            self.consolidated.add(path)

    @precondition(lambda self: self.consolidated)
    @rule(data=st.data())
    def remove_consolidated(self, data: Any) -> None:
        """From one of the groups that have it."""
        path = data.draw(st.sampled_from(sorted(self.consolidated)))
        zarrpy.remove_consolidated(self.store, path)
        self.consolidated.discard(path)

    @rule(which=st.integers(0, 1))
    def open_again(self, which: int) -> None:
        """One of the handles."""
        self.handles[which] = zarrpy.open_group(self.store)

    # -------------------------------------------------------------------------- what must be so

    @invariant()
    def every_handle_sees_what_the_model_says(self) -> None:
        """Paths, kinds, values, attributes; whether or not it goes by consolidated metadata."""
        expected = sorted(path for path in self.attributes if path)
        for handle in getattr(self, "handles", ()):
            found = dict(handle.members(None))
            assert sorted(found) == expected
            for path, node in found.items():
                assert dict(node.attrs) == self.attributes[path], path
                assert isinstance(node, zarrpy.Array) == (path in self.arrays), path
                if path in self.arrays:
                    assert np.array_equal(node[...], self.arrays[path]), path

    @invariant()
    def what_is_consolidated_is_true(self) -> None:
        """In every group that has it."""
        for path in self.consolidated:
            assert zarrpy.verify_consolidated(self.store, path) == (), path

    @invariant()
    def nothing_else_is_stored(self) -> None:
        """No leftovers of replacements."""
        assert [key for key in self.store.list() if ".__zp" in key] == []


def _run(local: bool, zarr_format: int, **keywords: Any) -> None:
    kind = type("Machine", (Hierarchy,), {"local": local, "zarr_format": zarr_format})
    run_state_machine_as_test(kind, settings=settings(**keywords))


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("local", [False, True])
def test_a_hierarchy_is_a_dictionary_of_paths(local, zarr_format):
    """Created, replaced, moved, copied, deleted, consolidated, by two handles."""
    _run(local, zarr_format, max_examples=8 if local else 15, stateful_step_count=12)


@pytest.mark.long
@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("local", [False, True])
def test_a_hierarchy_stays_a_dictionary_of_paths(local, zarr_format):
    """Through many more steps."""
    _run(local, zarr_format, max_examples=300, stateful_step_count=40)

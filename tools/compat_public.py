"""Which tests of zarr-python are of its public interface: a rule, not a choice.

A test is of the public interface when neither it nor anything that it uses (helpers, fixtures,
inherited methods) says a name that zarr-python keeps to itself: one below `zarr.core`, whose guide
calls it private, or one with an underscore. Names that a documented module exports as well are
public wherever they are imported from.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
import textwrap
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from zarrpy.compat.tree import MODULES, served

if TYPE_CHECKING:
    from collections.abc import Iterator

#: The modules of zarr-python that its reference documents.
DOCUMENTED = (
    *("zarr", "zarr.abc.buffer", "zarr.abc.codec", "zarr.abc.metadata", "zarr.abc.numcodec"),
    *("zarr.abc.store", "zarr.api.asynchronous", "zarr.api.synchronous", "zarr.buffer"),
    *("zarr.buffer.cpu", "zarr.codecs", "zarr.codecs.numcodecs", "zarr.dtype", "zarr.errors"),
    *("zarr.experimental.cache_store", "zarr.metadata.migrate_v3", "zarr.registry"),
    *("zarr.storage", "zarr.testing.stateful", "zarr.testing.store", "zarr.testing.strategies"),
    "zarr.types",
)


#: A name with an underscore, as some tests take them for parameters.
_PRIVATE = re.compile(r"_[a-z][a-z_]+")


class Rule:
    """Says of tests why they are not of the public interface.

    Parameters
    ----------
    source : Path
        Where the package `zarr` is, whose modules say what they export.
    """

    def __init__(self, source: Path) -> None:
        self._exported = {name for module in DOCUMENTED for name in _exports(source, module)}
        self._exported |= {name for module in MODULES for name in dir(served(module))}
        self._known: dict[Any, str | None] = {}

    def why_private(self, item: Any) -> str | None:
        """Name what a test uses that is not public; None for one of the public interface."""
        owner = getattr(item, "cls", None)
        found = self._of(item.function, owner)
        return found or next(filter(None, self._of_fixtures(item)), None)

    def _of_fixtures(self, item: Any) -> Iterator[str | None]:
        for definitions in item._fixtureinfo.name2fixturedefs.values():
            for each in definitions[-1:]:
                if each.argname not in _OF_ALL:
                    yield self._of(each.func, getattr(item, "cls", None))
        parameters = item.callspec.params if hasattr(item, "callspec") else {}
        for value in parameters.values():
            if inspect.isfunction(value):
                yield self._of(value)
            elif isinstance(value, str) and _PRIVATE.fullmatch(value):
                yield f"the name {value}, which a test is given"

    def _of(self, made: Any, owner: type[Any] | None = None) -> str | None:
        """Look through a function or a class of the tests, and through what it uses of them.

        Methods are looked through as those of `owner`, the class of the test.
        """
        made = inspect.unwrap(getattr(made, "__func__", made))
        if hasattr(made, "hypothesis"):
            made = made.hypothesis.inner_test
        if not (inspect.isfunction(made) or inspect.isclass(made)):
            return None
        if (made, owner) not in self._known:
            self._known[made, owner] = None  # while it is looked through, and what uses itself
            self._known[made, owner] = self._found(made, owner)
        return self._known[made, owner]

    def _found(self, made: Any, owner: type[Any] | None) -> str | None:
        module = sys.modules.get(made.__module__)
        if module is None or not _is_of_tests(module):
            return None
        imports = _imports(module)
        for name, kind in _names(_tree(made)):
            if kind == "text":
                place, _, last = name.rpartition(".")
                if place.startswith("zarr") and (why := self._of_import(place, last)):
                    return why
            elif kind == "own":
                if why := self._of(getattr(owner, name, None), owner):
                    return why
            elif kind == "attribute":
                if name.startswith("_") and not name.endswith("__"):
                    return f".{name}"
            elif name in imports:
                if why := self._of_import(*imports[name]):
                    return why
            else:
                for each in _parts(vars(module).get(name)):
                    if why := self._of(each):
                        return why
        return None

    def _of_import(self, module: str, name: str) -> str | None:
        found = sys.modules.get(module)
        if found is not None and _is_of_tests(found):
            return self._of(getattr(found, name, None))
        parts = [*module.split("."), *name.split(".")]
        if parts[0] != "zarr":
            return None
        hidden = parts[1:2] == ["core"] or any(part.startswith("_") for part in parts[1:])
        if not hidden or (name in self._exported and not name.startswith("_")):
            return None
        return f"{module}.{name}"


#: Fixtures that all tests have.
_OF_ALL = ("reset_config", "request", "tmp_path", "monkeypatch")


def _exports(source: Path, module: str) -> list[str]:
    """Read which names a module exports."""
    place = source.joinpath(*module.split(".")[1:])
    path = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        match node:
            case ast.Assign(
                targets=[ast.Name("__all__")], value=ast.List(names) | ast.Tuple(names)
            ):
                return [each.value for each in names if isinstance(each, ast.Constant)]
    return []


def _parts(value: Any) -> Iterator[Any]:
    """Give what a name of a module of tests stands for: one function, or several in a table."""
    if isinstance(value, dict):
        value = tuple(value.values())
    if isinstance(value, tuple | list):
        for each in value:
            if inspect.isfunction(each):
                yield each
    else:
        yield value


def _is_of_tests(module: ModuleType) -> bool:
    place = Path(getattr(module, "__file__", None) or "")
    return "tests" in place.parts or module.__name__.startswith("zarr.testing")


@cache
def _imports(module: ModuleType) -> dict[str, tuple[str, str]]:
    """Where the names of a module are imported from, also for type checkers only."""
    found = {}
    for node in ast.walk(ast.parse(inspect.getsource(module))):
        if isinstance(node, ast.ImportFrom) and node.module:
            for each in node.names:
                found[each.asname or each.name] = (node.module, each.name)
    return found


@cache
def _tree(made: Any) -> ast.AST:
    if getattr(made, "__name__", "") == "<lambda>":  # what is on its line is no statement
        whole = ast.parse(inspect.getsource(sys.modules[made.__module__]))
        line = made.__code__.co_firstlineno
        found = [
            node for node in ast.walk(whole) if isinstance(node, ast.Lambda) and node.lineno == line
        ]
        return ast.Tuple(elts=list(found))
    return ast.parse(textwrap.dedent(inspect.getsource(made)))


def _names(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Give the names, attributes and texts of code, but not of annotations."""
    for node in _walk(tree):
        match node:
            case ast.Name(id=name):
                yield name, "name"
            case ast.Attribute(attr=name, value=owner):
                own = isinstance(owner, ast.Name) and owner.id in ("self", "cls")
                yield name, "own" if own else "attribute"
                if dotted := _dotted(node):
                    yield dotted, "text"
            case ast.Constant(value=str(text)):
                yield text, "text"
            case ast.ImportFrom(module=str(module)):
                for each in node.names:
                    yield f"{module}.{each.name}", "text"


def _walk(tree: ast.AST) -> Iterator[ast.AST]:
    for field, value in ast.iter_fields(tree):
        if field in ("annotation", "returns", "type_params"):
            continue
        for node in value if isinstance(value, list) else [value]:
            if isinstance(node, ast.AST):
                if _is_cast(node):
                    yield from _walk(node.args[1])  # type: ignore[attr-defined]
                    continue
                yield node
                yield from _walk(node)


def _is_cast(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "cast"


def _dotted(node: ast.AST) -> str:
    """Write out `zarr.core.x` as it is said; nothing for what does not start with `zarr`."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id != "zarr":
        return ""
    return ".".join(["zarr", *reversed(parts)])

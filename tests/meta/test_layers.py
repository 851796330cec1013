"""The house rules that a program can check: layers, names, sizes, who may know what."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

# A module's layer is that of its longest prefix here.
LAYERS = {
    "zarrpy": 8,  # the public names, for what is built on all of them
    "zarrpy.cli": 8, "zarrpy.serve": 8, "zarrpy.integrations": 8, "zarrpy.testing": 8,
    "zarrpy.xarray": 8, "zarrpy.dask": 8, "zarrpy.compat": 8, "zarrpy.storage": 8,
    "zarrpy.pipeline": 8,
    "zarrpy.__main__": 8,
    "zarrpy.ops": 7,
    "zarrpy.api": 6, "zarrpy.array": 6, "zarrpy.views": 6, "zarrpy.group": 6,
    "zarrpy.node": 6, "zarrpy.attributes": 6, "zarrpy.info": 6, "zarrpy.creation": 6,
    "zarrpy.container": 6, "zarrpy.likeness": 6, "zarrpy.maker": 6, "zarrpy.hierarchy": 6,
    "zarrpy.layout": 6, "zarrpy.assignment": 6, "zarrpy.indexing": 6,
    "zarrpy.chunk_map": 6, "zarrpy.conventions": 6, "zarrpy.occupancy": 6, "zarrpy.settings": 6,
    "zarrpy.chunks": 6, "zarrpy.streaming": 6, "zarrpy.mapping": 6,
    "zarrpy.partition": 6, "zarrpy.gridded": 6, "zarrpy.folding": 6, "zarrpy.reductions": 6,
    "zarrpy.resizing": 6,
    "zarrpy.explanation": 6, "zarrpy.small_reads": 6, "zarrpy.reopening": 6,
    "zarrpy.asynchronous": 6, "zarrpy.buffering": 6, "zarrpy.keywords": 6, "zarrpy.prefetching": 6,
    "zarrpy.transactions": 6,
    "zarrpy.engine": 5,
    "zarrpy.codecs": 4, "zarrpy.selection": 4, "zarrpy.stores": 4,
    "zarrpy.metadata": 3,
    "zarrpy._native": 2,
    "zarrpy.errors": 1, "zarrpy.config": 1, "zarrpy.registry": 1, "zarrpy.data": 1,
    "zarrpy.display": 1, "zarrpy.notice": 1, "zarrpy.recall": 1,
}  # fmt: skip
# Rooms of one layer that do not know each other.
APART = ({"zarrpy.codecs", "zarrpy.selection", "zarrpy.stores"},)
LEAVES = {"zarrpy.errors"}

KNOW_FORMATS = {
    "zarrpy/metadata/v2.py",
    "zarrpy/metadata/v3.py",
    "zarrpy/engine/nodes.py",
    "zarrpy/engine/consolidate.py",  # keeps their documents, in their words
    "zarrpy/cli/demo/witness.py",  # tells other libraries, in their words
}
MAY_LOOP = {"zarrpy/stores/bridge.py", "zarrpy/engine/drive.py"}
FORBIDDEN_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
MAX_LINES = 550
CIMPORT = re.compile(r"^\s*(?:from\s+(zarrpy[\w.]*)\s+c?import|c?import\s+(zarrpy[\w.]*))", re.M)


def room(module: str) -> str:
    """The entry of LAYERS that a module belongs to."""
    prefixes = [name for name in LAYERS if module == name or module.startswith(f"{name}.")]
    longest = max(prefixes, key=len)
    return longest if longest != "zarrpy" or module == "zarrpy" else f"unknown: {module}"


def module_name(path: Path, root: Path) -> str:
    """The dotted name of a file below `root`."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


def imported(path: Path, root: Path) -> Iterator[str]:
    """Every module of ours that a file imports, inside functions and for types as well."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".py":
        for first, second in CIMPORT.findall(text):
            yield first or second
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("zarrpy"))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: imports are absolute"
            if (node.module or "").partition(".")[0] == "zarrpy":
                yield from (submodule(root, node.module or "", alias.name) for alias in node.names)


def submodule(root: Path, package: str, name: str) -> str:
    """The module that ``from package import name`` loads."""
    folder = root.joinpath(*package.split("."))
    found = any((folder / f"{name}{end}").exists() for end in (".py", ".pyx", "/__init__.py"))
    return f"{package}.{name}" if found else package


def upward_imports(root: Path) -> list[str]:
    """Imports below `root` that go up, sideways between rooms kept apart, or out of a leaf."""
    bad = []
    for path in sources(root, ".py", ".pyx", ".pxd"):
        here = room(module_name(path, root))
        for target in imported(path, root):
            there = room(target)
            if there == here:
                continue
            apart = any({here, there} <= rooms for rooms in APART)
            if here not in LAYERS or there not in LAYERS or apart or here in LEAVES:
                bad.append(f"{path.relative_to(root)} imports {target}")
            elif LAYERS[there] > LAYERS[here]:
                bad.append(f"{path.relative_to(root)} imports {target}, which is above it")
    return bad


def looks_at_format(tree: ast.AST) -> list[int]:
    """Lines that decide by the value of something called ``zarr_format``."""
    lines = []
    for node in ast.walk(tree):
        match node:
            case ast.Compare(left=left, comparators=others):
                decides = compares_with_constant([left, *others])
            case ast.Match(subject=subject):
                decides = is_format(subject)
            case ast.Subscript(slice=key):
                decides = is_format(key)
            case _:
                decides = False
        if decides:
            lines.append(node.lineno)
    return lines


def compares_with_constant(sides: list[ast.expr]) -> bool:
    """Whether one side is a format and another a constant; None only asks if one was given."""
    constants = [side for side in sides if isinstance(side, ast.Constant | ast.Tuple | ast.Set)]
    absent = [side for side in constants if getattr(side, "value", 0) is None]
    return any(map(is_format, sides)) and bool(constants) and not absent


def is_format(node: ast.AST) -> bool:
    """Whether an expression is a name or an attribute called ``zarr_format``."""
    return getattr(node, "id", None) == "zarr_format" or getattr(node, "attr", "") == "zarr_format"


def sources(root: Path, *suffixes: str) -> list[Path]:
    """The files of the package below `root`."""
    return sorted(path for path in (root / "zarrpy").rglob("*") if path.suffix in suffixes)


def test_imports_go_down_the_layers_only(repository):
    """A module imports from its own room or from below."""
    assert upward_imports(repository) == []


def test_the_picture_of_the_layers_names_every_room(repository):
    """What is drawn in docs/explanation/architecture.md is what is checked here."""
    page = (repository / "docs" / "explanation" / "architecture.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| (.+) \|$", page.partition("## Layers")[2], re.M)
    drawn = {name: int(layer) for layer, names in rows for name in re.findall(r"`(\w+)`", names)}
    rooms = {path.stem for path in (repository / "zarrpy").iterdir() if path.suffix in ("", ".py")}

    for name in rooms - {"__init__", "__main__", "__pycache__", "py"}:
        assert drawn.get(name) == LAYERS[f"zarrpy.{name}"], name


@pytest.mark.parametrize(
    ("file", "statement"),
    [
        ("metadata/model.py", "from zarrpy.codecs import base"),
        ("stores/memory.py", "import zarrpy.codecs.base"),
        ("errors.py", "from zarrpy.config import config"),
        ("engine/read.py", "from zarrpy import array"),
        ("engine/read.py", "def f():\n    from zarrpy.api import open"),
        ("_native/plan.pyx", "from zarrpy.metadata cimport model"),
        ("attic/old.py", "import zarrpy.errors"),
    ],
)
def test_an_import_that_goes_up_or_sideways_is_found(tmp_path, file, statement):
    """The check of the layers sees every form of import."""
    path = tmp_path / "zarrpy" / file
    path.parent.mkdir(parents=True)
    path.write_text(statement)
    (tmp_path / "zarrpy" / "array.py").touch()

    assert len(upward_imports(tmp_path)) == 1


def test_only_the_doors_look_at_the_format(repository):
    """Behaviour by Zarr format lives in the two parsers and in the probing of nodes."""
    found = {
        f"{path.relative_to(repository)}:{line}"
        for path in sources(repository, ".py")
        if path.relative_to(repository).as_posix() not in KNOW_FORMATS
        for line in looks_at_format(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert found == set()


@pytest.mark.parametrize(
    ("code", "looks"),
    [
        ("if meta.zarr_format == 3: pass", True),
        ("x = 1 if zarr_format in (2, 3) else 0", True),
        ("match self.zarr_format:\n    case 2: pass", True),
        ("KEYS[array.zarr_format]", True),
        ("if zarr_format is None: pass", False),
        ("a.zarr_format == b.zarr_format", False),
        ("f(zarr_format=3)", False),
    ],
)
def test_a_decision_by_format_is_told_from_a_mention(code, looks):
    """Comparing with a constant, matching and looking up are decisions; handing on is not."""
    assert bool(looks_at_format(ast.parse(code))) == looks


def test_event_loops_stay_in_two_files(repository):
    """Nothing else imports asyncio."""
    found = {
        path.relative_to(repository).as_posix()
        for path in sources(repository, ".py")
        if re.search(r"^\s*(import|from) asyncio\b", path.read_text(encoding="utf-8"), re.M)
    }
    assert found <= MAY_LOOP


def test_every_file_has_a_noun(repository):
    """No file or folder is called after its being useful."""
    named = [path for path in code(repository) if FORBIDDEN_NAMES & set(path.with_suffix("").parts)]
    assert named == []


def test_no_file_grows_without_end(repository):
    """Past about 500 lines a file has two nouns."""
    long = {
        str(path): lines
        for path in code(repository)
        if (lines := len((repository / path).read_text(encoding="utf-8").splitlines())) > MAX_LINES
    }
    assert long == {}


def test_the_engine_is_ours_and_knows_no_python(repository):
    """Sources in csrc include system headers and those beside them, never Python's."""
    for path in sorted((repository / "csrc").rglob("*.[ch]")):
        text = path.read_text(encoding="utf-8")
        assert "Python.h" not in text, path.name
        for name in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
            assert (path.parent / name).exists(), f"{path.name} includes {name}"


def test_no_source_of_others_is_kept(repository):
    """The folder vendor holds pins and glue: Python and text."""
    kinds = {path.suffix for path in (repository / "vendor").iterdir() if path.is_file()}
    assert kinds <= {".py", ".txt", ".md"}


def code(repository: Path) -> list[Path]:
    """Every source file of the project, relative to its root."""
    folders = ("zarrpy", "csrc", "tools", "vendor", "tests", "bench", "examples")
    suffixes = {".py", ".pyx", ".pxd", ".c", ".h"}
    paths = (path for folder in folders for path in (repository / folder).rglob("*"))
    return sorted(
        path.relative_to(repository)
        for path in paths
        if path.suffix in suffixes
        and not (path.suffix == ".c" and path.with_suffix(".pyx").exists())  # made by Cython
    )

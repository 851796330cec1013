"""Every sentence of the specifications that concerns us has a test; the table is spec.toml."""

import ast
import tomllib
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
TABLE = tomllib.loads((TESTS / "meta" / "spec.toml").read_text("utf-8"))
ROWS = [(section, row) for section, rows in TABLE.items() for row in rows]

# The parts of the specifications that exist here; one without a row would go unnoticed.
SECTIONS = {
    "v3-names",
    "v3-document",
    "v3-array",
    "v3-group",
    "v3-extension",
    "v3-data-types",
    "v3-fill-value",
    "v3-chunk-grid",
    "v3-chunk-keys",
    "v3-codecs",
    "v3-store",
    "v2-array",
    "v2-fill-value",
    "v2-attributes",
}


def sentence(row):
    """Give the one sentence of a row."""
    (text,) = [row[strength] for strength in ("must", "should") if strength in row]
    return text


@cache
def functions(file: str) -> frozenset[str]:
    """Name the test functions of a file, those in classes as ``Class::function``."""
    tree = ast.parse((TESTS / file).read_text("utf-8"))
    found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            inner = (each for each in node.body if isinstance(each, ast.FunctionDef))
            found |= {f"{node.name}::{each.name}" for each in inner}
    return frozenset(name for name in found if name.rpartition("::")[2].startswith("test_"))


def missing(tests: list[str]) -> list[str]:
    """List the tests that do not exist."""
    split = [test.partition("::") for test in tests]
    return [
        file + colons + name
        for file, colons, name in split
        if not (TESTS / file).is_file() or name not in functions(file)
    ]


def test_every_section_has_rows():
    """No part of a specification is left out of the table, none is made up."""
    assert set(TABLE) == SECTIONS


@pytest.mark.parametrize(("section", "row"), ROWS, ids=[sentence(row) for _, row in ROWS])
def test_a_sentence_has_tests_that_exist(section, row):
    """A sentence without a test is a promise without proof; a renamed test is found here."""
    assert row["tests"], f"{section}: no test for: {sentence(row)}"
    assert missing(row["tests"]) == []


def test_no_sentence_is_there_twice():
    """Two rows of one sentence would hide that one of them lost its tests."""
    sentences = [sentence(row) for _, row in ROWS]

    assert len(sentences) == len(set(sentences))


@pytest.mark.parametrize(
    "test",
    [
        "meta/test_spec_coverage.py::test_that_nobody_wrote",
        "meta/no_such_file.py::test_every_section_has_rows",
        "meta/test_spec_coverage.py::missing",
        "meta/test_spec_coverage.py",
    ],
)
def test_a_test_that_does_not_exist_is_found(test):
    """The check above can fail."""
    assert missing([test]) == [test]

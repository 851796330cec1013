"""What the README promises is proved by tests that exist, and the list says the same."""

import ast
import sys

import pytest


@pytest.fixture
def guarantees(repository, monkeypatch):
    """The program that writes the table."""
    monkeypatch.syspath_prepend(str(repository / "tools"))
    import guarantees

    yield guarantees
    sys.modules.pop("guarantees")


def test_every_guarantee_names_a_test_that_exists(repository, guarantees):
    """By file and name; a test that was renamed is found out."""
    missing = []
    for each in guarantees.guarantees():
        path, _, name = each["test"].partition("::")
        tree = ast.parse((repository / "tests" / path).read_text(encoding="utf-8"))
        functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        if name not in functions:
            missing.append(each["test"])

    assert missing == []
    assert len(guarantees.guarantees()) > 10


def test_the_table_of_the_readme_is_fresh(repository, guarantees):
    """`python tools/guarantees.py` writes it."""
    page = (repository / "README.md").read_text(encoding="utf-8")

    assert guarantees.with_table(page) == page
    assert all(each["promise"] in page for each in guarantees.guarantees())


def test_a_promise_whose_test_did_not_pass_is_shown_as_untested(guarantees, monkeypatch):
    """And only that one."""
    first, *others = guarantees.guarantees()
    monkeypatch.setattr(guarantees, "passed", lambda: {each["test"] for each in others})

    rows = [row for row in guarantees.table().splitlines() if "**untested**" in row]

    assert all(first["test"].partition("::")[0] in row for row in rows)
    assert any(first["promise"] in row for row in rows)

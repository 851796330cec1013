"""The site of the documentation: links lead somewhere, and every public name is told of."""

import importlib
import shutil
import sys

import pytest

import zarrpy


@pytest.fixture
def docs_site(repository, monkeypatch, tmp_path):
    """The program, with a place of its own to write to."""
    monkeypatch.syspath_prepend(str(repository / "tools"))
    module = importlib.import_module("docs_site")
    monkeypatch.setattr(module, "SOURCE", tmp_path / "source")
    monkeypatch.setattr(module, "SITE", tmp_path / "site")
    yield module
    sys.modules.pop("docs_site")


def test_a_link_that_leads_nowhere_is_an_error(docs_site, repository, tmp_path):
    """It is named, with its page."""
    page = tmp_path / "docs" / "how-to" / "x.md"
    page.parent.mkdir(parents=True)
    page.write_text("see [sharding](sharding.md) and [nothing](no-such-page.md)\n")
    with pytest.raises(SystemExit, match=r"x\.md: links lead nowhere: no-such-page\.md"):
        docs_site._linked(page, tmp_path)

    page.write_text("see [sharding](sharding.md#limits), [home](../../README.md)\n")
    found = docs_site._linked(page, tmp_path)
    assert found == "see [sharding](../../docs/how-to/sharding.md#limits), [home](../../index.md)\n"

    page.write_text("what is not in the site: [data](../../zarrpy/data/README.md)\n")
    assert "](# '../../zarrpy/data/README.md')" in docs_site._linked(page, tmp_path)


def test_every_public_name_has_its_place_in_the_reference(docs_site, tmp_path):
    """Functions, classes with their methods, errors."""
    docs_site.write_reference(tmp_path / "api")

    told = "".join(page.read_text(encoding="utf-8") for page in (tmp_path / "api").iterdir())
    skipped = {"__version__", "codecs", "config", "errors", "metadata", "stores"}
    assert {name for name in zarrpy.__all__ if f"## {name}\n" not in told} == skipped
    assert "### Array.resize" in told


def test_the_site_is_built_without_a_warning(docs_site, tmp_path):
    """Of all pages, with the builder that `make docs` installs."""
    assert docs_site.main() == 0
    assert (tmp_path / "site" / "docs" / "how-to" / "tune.html").exists()
    shutil.rmtree(tmp_path / "site")


def test_a_part_of_a_page_that_is_not_there_is_an_error(docs_site, tmp_path, capfd):
    """As every warning of the builder is; it is shown."""
    pages = tmp_path / "source/docs"
    pages.mkdir(parents=True)
    (pages / "index.md").write_text("# Home\n\n[more](other.md#nowhere)\n")
    (pages / "other.md").write_text("# Other\n")
    settings = docs_site._settings(pages).partition("\nnav:\n")[0]
    (tmp_path / "source/mkdocs.yml").write_text(settings)

    assert docs_site.build(tmp_path / "source", tmp_path / "site") != 0
    assert "does not contain an anchor '#nowhere'" in capfd.readouterr().err

    (pages / "other.md").write_text("# Other\n\n## Nowhere\n")
    assert docs_site.build(tmp_path / "source", tmp_path / "site") == 0

"""Build the site of the documentation: ``make docs``.

Pages are those of docs/ and the README; the reference is made of docstrings. A warning of the
builder, such as a link that leads nowhere, fails.
"""

from __future__ import annotations

import inspect
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import zarrpy

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "build" / "site-source"
SITE = ROOT / "build" / "site"

#: Sections of the site, by folder of docs/.
_SECTIONS = (
    ("Tutorial", "tutorial"),
    ("How to", "how-to"),
    ("Reference", "reference"),
    ("Explanation", "explanation"),
    ("Decisions", "adr"),
)
#: Pages that lie beside docs/; the first is the home page.
_PAGES = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
_LINK = re.compile(r"\]\((?!\w+:|#)([^)\s#]+)(#[^)\s]*)?\)")


def main() -> int:
    """Gather the pages, and build the site of them."""
    shutil.rmtree(SOURCE, ignore_errors=True)
    pages = SOURCE / "docs"
    shutil.copytree(ROOT / "docs", pages / "docs")
    for name in _PAGES:
        shutil.copy(ROOT / name, pages / ("index.md" if name == "README.md" else name))
    write_reference(pages / "docs" / "reference" / "api")
    for page in pages.glob("**/*.md"):
        page.write_text(_linked(page, pages), encoding="utf-8")
    (SOURCE / "mkdocs.yml").write_text(_settings(pages), encoding="utf-8")
    failed = build(SOURCE, SITE)
    if not failed:
        print(f"{sum(1 for _ in SITE.glob('**/*.html'))} pages in {SITE}")
    return failed


def build(source: Path, site: Path) -> int:
    """Build a site; not with --quiet, which would keep warnings from being counted as well."""
    command = [
        *(sys.executable, "-m", "mkdocs", "build", "--strict"),
        *("--config-file", str(source / "mkdocs.yml"), "--site-dir", str(site)),
    ]
    done = subprocess.run(command, check=False, stderr=subprocess.PIPE, text=True)
    told = (line for line in done.stderr.splitlines() if not line.startswith("INFO "))
    print(*told, sep="\n", end="", file=sys.stderr)
    return done.returncode


def write_reference(folder: Path) -> None:
    """Write a page for each group of public names, of their docstrings."""
    folder.mkdir(parents=True)
    groups: dict[str, list[str]] = {"functions": [], "classes": [], "errors": []}
    for name in sorted(zarrpy.__all__, key=str.lower):
        thing = getattr(zarrpy, name)
        if inspect.isclass(thing):
            groups["errors" if issubclass(thing, Exception) else "classes"].append(name)
        elif callable(thing):
            groups["functions"].append(name)
    for group, names in groups.items():
        lines = [f"# {group.capitalize()}", ""]
        for name in names:
            lines += _told(name, getattr(zarrpy, name))
        (folder / f"{group}.md").write_text("\n".join(lines), encoding="utf-8")


def _told(name: str, thing: Any) -> list[str]:
    """Tell of one name, and of the public methods of a class."""
    lines = [f"## {name}", "", *_shown(f"zarrpy.{name}", thing)]
    if not inspect.isclass(thing) or issubclass(thing, Exception):
        return lines
    for method in sorted(each for each in dir(thing) if not each.startswith("_")):
        found = inspect.getattr_static(thing, method)
        found = getattr(found, "__func__", getattr(found, "__wrapped__", found))
        if isinstance(found, property):
            lines += [f"### {name}.{method}", "", *_shown("", found)]
        elif callable(found) and getattr(found, "__doc__", None):
            lines += [f"### {name}.{method}", "", *_shown(method, found)]
    return lines


def _shown(call: str, thing: Any) -> list[str]:
    """Show a call with its parameters, and the docstring as it is written."""
    lines = []
    try:
        signature = str(inspect.signature(thing)) if call else ""
    except (TypeError, ValueError):
        signature = ""
    if call and signature:
        lines += ["```python", f"{call}{signature}", "```", ""]
    text = inspect.getdoc(thing) or ""
    first, _, rest = text.partition("\n\n")
    lines += [first, ""]
    if rest:
        lines += ["```text", rest.replace("```", "'''"), "```", ""]
    return lines


def _linked(page: Path, pages: Path) -> str:
    """Lead links where things are in the site; what is not in it is named without a link."""
    text = page.read_text(encoding="utf-8")
    home = ROOT / page.relative_to(pages).parent

    def lead(match: re.Match[str]) -> str:
        target = (home / match[1]).resolve()
        if not _is_page(target):
            return "]" if not target.exists() else f"](# '{match[1]}')"
        inside = pages / target.relative_to(ROOT)
        if target == ROOT / "README.md":
            inside = pages / "index.md"
        up = "../" * len(page.relative_to(pages).parent.parts)
        return f"]({up}{inside.relative_to(pages)}{match[2] or ''})"

    missing = [
        each[1]
        for each in _LINK.finditer(_without_code(text))
        if not (home / each[1]).exists() and "api/" not in each[1]
    ]
    if missing:
        raise SystemExit(f"{page.relative_to(pages)}: links lead nowhere: {', '.join(missing)}")
    return _LINK.sub(lead, text)


def _is_page(target: Path) -> bool:
    """Whether a file is a page of the site."""
    inside = target.is_relative_to(ROOT / "docs") or target in {ROOT / name for name in _PAGES}
    return target.suffix == ".md" and inside


def _without_code(text: str) -> str:
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def _settings(pages: Path) -> str:
    """Write the settings of the builder, with all pages in their sections."""
    lines = [
        "site_name: zarrpy",
        "docs_dir: docs",
        "theme: {name: readthedocs, highlightjs: false}",
        "use_directory_urls: false",
        "plugins: [search]",
        "validation:",
        "  nav: {omitted_files: warn, not_found: warn, absolute_links: warn}",
        "  links: {not_found: warn, anchors: warn, absolute_links: warn, unrecognized_links: warn}",
        "nav:",
        "  - Home: index.md",
    ]
    named = {"index.md"}
    for title, folder in _SECTIONS:
        lines.append(f"  - {title}:")
        for page in sorted((pages / "docs" / folder).glob("**/*.md")):
            place = page.relative_to(pages).as_posix()
            named.add(place)
            lines.append(f"    - {place}")
    lines.append("  - More:")
    for page in sorted(pages.glob("**/*.md")):
        place = page.relative_to(pages).as_posix()
        if place not in named:
            lines.append(f"    - {place}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())

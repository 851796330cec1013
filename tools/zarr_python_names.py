"""Compare the names of zarr-python with those of `zarrpy.compat`, and write the page about them.

Run as a program it writes docs/reference/zarr-python.md; the tests check that it is as written.
"""

from __future__ import annotations

import inspect
import json
from importlib import import_module
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
NAMES = ROOT / "tests" / "ecosystem" / "names" / "zarr_python.json"
PAGE = ROOT / "docs" / "reference" / "zarr-python.md"

#: What is not as in zarr-python: the name, or name and parameter, with the reason.
DIFFERENCES = {
    "zarr.Array(_async_array)": "takes an `AsyncArray` by position, and is no shell of it",
    "zarr.Group(_async_group)": "as `zarr.Array`",
    "zarr.Array(async_array)": "as `zarr.Array`",
    "zarr.codecs.ShardingCodec(subchunk_write_order)": "`config.array.subchunk_write_order`",
    "zarr.codecs.SubchunkWriteOrder": "an enumeration of the texts that zarr-python takes",
    "zarr.storage.GpuMemoryStore": "there, and refuses: values are kept in the processor's memory",
    "zarr.errors.BaseZarrError": "`zarrpy.errors.ZarrError`, which is not always a `ValueError`",
}

#: Where zarr-python's behaviour harms, zarrpy's is another one.
BEHAVIOUR = (
    (
        "`open`, `open_group` of a path where nothing is",
        "creates a group",
        "an error that names what lies nearest",
        "`from zarrpy.compat import zarr` creates, as zarr-python",
    ),
    (
        '`mode="w"`, `overwrite=True` on a directory',
        "removes the directory, whatever it holds",
        "removes what is Zarr; other files stay",
        "none: nothing else is lost",
    ),
    (
        "a path that ends in `.zip`",
        "a directory of that name",
        "a zip file, unless there is a directory",
        "`LocalStore(path)` is a directory",
    ),
    (
        "a chunk that is missing",
        "fill values",
        "fill values",
        '`config.missing`, `missing="error"`',
    ),
    (
        "`a[0, 0]` of an array",
        "an array of no axes",
        "a scalar, as NumPy gives",
        "`a[0, 0, ...]`",
    ),
    (
        '`create_array(compressors="zstd:5")`',
        "an error",
        "a codec by its name",
        "documents and objects are taken as well",
    ),
)


def compared() -> tuple[dict[str, str], list[str]]:
    """Look for every name; give what was found by name, and what is missing and not explained."""
    names: dict[str, Any] = json.loads(NAMES.read_text(encoding="utf-8"))
    names.pop("version")
    zarr = import_module("zarrpy.compat").zarr
    found, wrong = {}, []
    for owner, members in names.items():
        ours: Any = zarr
        for part in owner.split(".")[1:]:
            ours = getattr(ours, part)
        for name, parameters in members.items():
            full = f"{owner}.{name}"
            state = _state(ours, name, full, parameters)
            found[full] = state
            if state not in ("same", "explained"):
                wrong.append(f"{full}: {state}")
    return found, wrong


def _state(ours: Any, name: str, full: str, parameters: list[str] | None) -> str:
    """Say of one name whether it is there, with all of its parameters."""
    if full in DIFFERENCES:
        return "explained"
    if not hasattr(ours, name) and name not in _instance_names(ours):
        return "missing"
    if parameters is None:
        return "same"
    accepted = _parameters(ours, name)
    if accepted is None:
        return "same"
    lacking = [
        each
        for each in parameters
        if each[0] != "*" and each not in accepted and f"{full}({each})" not in DIFFERENCES
    ]
    anything = any(each.startswith("**") for each in accepted)
    if lacking and not anything:
        return f"does not take {', '.join(lacking)}"
    explained = any(f"{full}({each})" in DIFFERENCES for each in parameters)
    return "explained" if explained else "same"


def _instance_names(cls: Any) -> set[str]:
    """Names of attributes that only instances have."""
    if not inspect.isclass(cls):
        return set()
    source = "".join(
        inspect.getsource(base.__init__)
        for base in cls.__mro__
        if "__init__" in vars(base) and base is not object
    )
    return {word.split(":")[0].split(" ")[0] for word in source.split("self.")[1:]}


def _parameters(owner: Any, name: str) -> set[str] | None:
    """Parameters of a function, a class, a method, or what stands for one."""
    thing = inspect.getattr_static(owner, name, None) if inspect.isclass(owner) else None
    thing = getattr(owner, name) if thing is None else thing
    if type(thing).__name__ == "api_function":
        thing = getattr(owner, name)
    if isinstance(thing, classmethod | staticmethod):
        thing = thing.__func__
    for wrapper in ("__wrapped__", "_steps"):
        thing = getattr(thing, wrapper, thing)
    if type(thing).__name__ in ("_Awaited", "_Same"):
        return None
    try:
        found = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    stars = {inspect.Parameter.VAR_KEYWORD: "**"}
    return {stars.get(each.kind, "") + each.name for each in found}


def page() -> str:
    """Write the page."""
    found, _ = compared()
    names = json.loads(NAMES.read_text(encoding="utf-8"))
    lines = [
        "# Names of zarr-python",
        "",
        f"Names and parameters of zarr-python {names.pop('version')}, each compared by the tests",
        "with what `zarrpy.compat` serves; `python tools/zarr_python_names.py` writes this page.",
        "",
        "## What is done otherwise, and how to have it as there",
        "",
        "| | zarr-python | `zarrpy` | switch |",
        "|---|---|---|---|",
        *(f"| {' | '.join(row)} |" for row in BEHAVIOUR),
        "",
        "## Names that differ",
        "",
        "| name | difference |",
        "|---|---|",
        *(f"| `{name}` | {why} |" for name, why in DIFFERENCES.items()),
        "",
        "## All names",
        "",
        "Beside a name stand the parameters that it takes in zarr-python.",
        "",
    ]
    for owner, members in names.items():
        same = sum(found[f"{owner}.{name}"] == "same" for name in members)
        lines += [
            f"### `{owner}`: {same} of {len(members)} the same",
            "",
            "| name | |",
            "|---|---|",
        ]
        for name, parameters in members.items():
            shown = name if parameters is None else f"{name}({', '.join(parameters)})"
            lines.append(f"| `{shown}` | {found[f'{owner}.{name}']} |")
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

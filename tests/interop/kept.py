"""What the pinned versions of the peers did in the exchange, as it is kept beside this file.

``python tools/interoperability.py`` writes it.  What a peer refuses stands there in its own words;
the tests compare every later exchange with it, and what begins to work must be taken off as well
as what begins to fail must be explained.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from interop.cases import all_cases
from interop.exchange import Outcome

FOLDER = Path(__file__).with_name("kept")
#: ``reads``: the peer reads what zarrpy wrote; ``writes``: the peer writes; ``written``: zarrpy
#: reads what the peer wrote.
DIRECTIONS = ("reads", "writes", "written")
WORDS = 240
WHOLE = "all"


@dataclass
class Kept:
    """What one peer did.

    Parameters
    ----------
    versions : dict
        Of what took part.
    failures : dict
        Direction -> case -> the error in the peer's words.
    formats : tuple of int
        The format versions that the peer knows.
    """

    versions: dict[str, str]
    failures: dict[str, Outcome] = field(default_factory=dict)
    formats: tuple[int, ...] = (2, 3)

    def names(self) -> list[str]:
        """Return the names of the cases that the peer took part in."""
        return [case.name for case in all_cases() if case.document["zarr_format"] in self.formats]

    def passed(self, direction: str, name: str) -> bool | None:
        """Whether a case went well; None where there was nothing to read."""
        if direction == "written" and name in self.failures["writes"]:
            return None
        return name not in self.failures[direction]


def words(error: str) -> str:
    """Return the part of an error that is the same in every run: no paths, no counts."""
    if error.startswith("Crash: "):
        return ":".join(error.split(":")[:2])
    error = error.partition(" [tensorstore_spec=")[0]
    error = re.sub(r"\S*/\S*(exchange|interop)\S*", "PATH", error)
    error = re.sub(r"\d[\d_]{5,}", "N", error)
    error = re.sub(r"\d+ of \d+ elements differ, the first at \d+", "elements differ", error)
    return error[:WORDS]


def path_of(peer: str) -> Path:
    """Return the file of a peer."""
    return FOLDER / f"{peer.lower().replace(' ', '-')}.json"


def load(peer: str) -> Kept:
    """Read what a peer did."""
    content = json.loads(path_of(peer).read_text(encoding="utf-8"))
    names = groups([case.name for case in all_cases()])
    failures = {
        direction: {
            f"{group}/{detail}": error
            for error, found in content[direction].items()
            for group, details in found.items()
            for detail in (names.get(group, []) if details == WHOLE else details.split())
        }
        for direction in DIRECTIONS
    }
    return Kept(content["versions"], failures, tuple(content["formats"]))


def store(peer: str, kept: Kept) -> None:
    """Write what a peer did, failures by error and group of cases."""
    names = groups(kept.names())
    content: dict[str, object] = {"versions": kept.versions, "formats": kept.formats}
    for direction in DIRECTIONS:
        errors: dict[str, list[str]] = defaultdict(list)
        for name, error in kept.failures[direction].items():
            errors[words(error)].append(name)
        content[direction] = {
            error: {
                group: WHOLE if details == names[group] else " ".join(details)
                for group, details in sorted(groups(found).items())
            }
            for error, found in sorted(errors.items())
        }
    FOLDER.mkdir(exist_ok=True)
    text = json.dumps(content, indent=1, ensure_ascii=False)
    path_of(peer).write_text(text + "\n", encoding="utf-8")


def groups(names: list[str]) -> dict[str, list[str]]:
    """Gather the last parts of names by what stands before them."""
    found: dict[str, list[str]] = defaultdict(list)
    for name in names:
        group, _, detail = name.rpartition("/")
        found[group].append(detail)
    return found

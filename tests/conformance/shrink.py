"""Take out of not_yet.py what zarrpy reads by now: ``python tests/conformance/shrink.py``.

It only takes out.  A new case of the corpus for a feature that is not there yet is written into
the list by hand, under the name of its feature.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from conformance import not_yet
from conformance.corpus import all_cases
from conformance.judge import complaint, outcome


def main() -> None:
    cases = all_cases()
    before = sum(map(len, not_yet.NOT_YET.values()))
    kept = {
        feature: left
        for feature, names in not_yet.NOT_YET.items()
        if (left := [n for n in names if n in cases and complaint(cases[n], outcome(cases[n]))])
    }
    path = Path(not_yet.__file__)
    text = path.read_text("utf-8")
    path.write_text(text[: text.index("NOT_YET")] + listed(kept), "utf-8")
    after = sum(map(len, kept.values()))
    print(f"{before - after} of {before} cases taken out, {after} left: " + ", ".join(kept))


def listed(kept: dict[str, list[str]]) -> str:
    """Write the list as ruff would format it."""
    lines = ["NOT_YET: dict[str, tuple[str, ...]] = {"]
    for feature, names in kept.items():
        entries = [f"        {json.dumps(name, ensure_ascii=False)}," for name in names]
        lines += [f"    {json.dumps(feature)}: (", *entries, "    ),"]
    return "\n".join([*lines, "}", ""]) if kept else lines[0] + "}\n"


if __name__ == "__main__":
    main()

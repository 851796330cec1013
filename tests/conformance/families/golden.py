"""Arrays that other implementations wrote; see make_golden.py, whose results name the versions."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np

from conformance.corpus import Case, written

FOLDER = Path(__file__).resolve().parent.parent / "golden"


def cases_of(file: Path) -> list[Case]:
    """Make the cases of one implementation."""
    kept = json.loads(file.read_text("utf-8"))
    return [_case(f"{file.stem} {name}", each) for name, each in kept["written"].items()]


def _case(name: str, kept: dict[str, Any]) -> Case:
    stored = {
        key: base64.b64decode(value) if isinstance(value, str) else written(value)
        for key, value in kept["stored"].items()
    }
    # An array in a file of netCDF has a name.
    path = "v" if "v/.zarray" in stored else ""
    rule = "What another implementation wrote has the elements that it reads itself."
    return Case(name, rule, stored, _elements(kept), path)


def _elements(kept: dict[str, Any]) -> np.ndarray:
    if "values" in kept:
        binary = kept["dtype"] == "bytes"
        made = np.empty(len(kept["values"]), object)
        made[:] = [base64.b64decode(each) if binary else each for each in kept["values"]]
        return made.reshape(kept["shape"])
    data = np.frombuffer(base64.b64decode(kept["elements"]), kept["dtype"])
    return data.astype(data.dtype.newbyteorder("=")).reshape(kept["shape"])


CASES = [case for file in sorted(FOLDER.glob("*.json")) for case in cases_of(file)]

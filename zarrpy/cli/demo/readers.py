"""Which readers can be asked, and how: each runs in a process of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

TIMEOUT_SECONDS = 60.0

# the module that shows that a reader is installed, by the reader's name in `witness`
PEERS = {"zarr": "zarr-python", "zarrs": "zarrs-python", "tensorstore": "tensorstore"}


@dataclass(frozen=True, slots=True)
class Testimony:
    """What one reader answered."""

    name: str
    version: str = ""
    unusable: str = ""
    arrays: dict[str, dict[str, Any]] = field(default_factory=dict)

    def faults(self, expected: str) -> list[str]:
        """Name what it could not read, or read otherwise than it was written."""
        faults = [self.unusable] if self.unusable else []
        for path, answer in self.arrays.items():
            place = "/".join(Path(path).parts[-2:])
            if "error" in answer:
                faults.append(f"{place}: {answer['error']}")
            elif answer["digest"] != expected:
                faults.append(f"{place}: other values than were written")
        return faults


def installed_peers() -> list[str]:
    """Give the names of the other implementations that can be imported here."""
    return [name for name in PEERS if find_spec(name) is not None]


def ask(name: str, values: Path, arrays: list[dict[str, Any]]) -> Testimony:
    """Let a reader testify in a new process; a crash or silence is told as a fault."""
    task = {"reader": name, "values": str(values), "arrays": arrays}
    command = [sys.executable, "-P", "-m", "zarrpy.cli.demo.witness"]
    try:
        process = subprocess.run(
            command,
            input=json.dumps(task),
            capture_output=True,
            text=True,
            encoding="utf-8",
            env=_environment(),
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Testimony(name, unusable=f"no answer within {TIMEOUT_SECONDS:.0f} s")
    lines = process.stdout.splitlines()
    if process.returncode != 0 or not lines:
        last = (process.stderr.strip().splitlines() or [""])[-1]
        return Testimony(name, unusable=f"the process ended with {process.returncode}: {last}")
    answer = json.loads(lines[-1])
    if "unusable" in answer:
        return Testimony(name, unusable=answer["unusable"])
    by_path = {array.pop("path"): array for array in answer["arrays"]}
    return Testimony(name, version=answer["version"], arrays=by_path)


def _environment() -> dict[str, str]:
    """Let the new process import the zarrpy that is running here, wherever it was found."""
    import zarrpy

    ours = str(Path(zarrpy.__file__).resolve().parent.parent)
    before = os.environ.get("PYTHONPATH")
    return os.environ | {
        "PYTHONPATH": ours + os.pathsep + before if before else ours,
        "PYTHONIOENCODING": "utf-8",
    }

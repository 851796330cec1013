"""Writers that are killed at any instant, in every layout: nothing is torn, nothing is lost."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from report import tell

from faults.layouts import LAYOUTS

PROGRAM = Path(__file__).with_name("layouts.py")


def kill_writers(layout, place, kills, seed):
    """Kill that many; each leaves the old or the new, or the program fails."""
    done = subprocess.run(
        [sys.executable, str(PROGRAM), layout, str(place), str(kills), str(seed)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    counts = json.loads(done.stdout)
    assert counts["kills"] == kills
    assert counts["changes"] > 0
    told = ", ".join(f"{count} {what}" for what, count in counts.items())
    tell("kills", [f"{layout}: {told}; 0 torn, 0 lost (seed {seed})"])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_killed_writer_leaves_the_old_or_the_new(tmp_path, layout):
    """In each value as a whole; what was reported is there."""
    kill_writers(layout, tmp_path / "x", 12, 1)


@pytest.mark.long
@pytest.mark.parametrize("layout", LAYOUTS)
def test_200_killed_writers_leave_the_old_or_the_new(tmp_path, layout):
    """At many different times."""
    kill_writers(layout, tmp_path / "x", 200, 2)

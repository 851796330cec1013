"""What a demonstration found."""

from dataclasses import dataclass, field
from pathlib import Path

from zarrpy.cli.demo.field import Field
from zarrpy.cli.demo.readers import Testimony
from zarrpy.cli.demo.stored import StoredArray


@dataclass(slots=True)
class Findings:
    """Everything found so far; each step of the demonstration adds to it.

    Parameters
    ----------
    shown : Field
        The values that are stored.
    folder : Path
        The directory of the two groups.
    """

    shown: Field
    folder: Path
    arrays: list[StoredArray] = field(default_factory=list)
    witnesses: list[Testimony] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    seconds: float = 0.0

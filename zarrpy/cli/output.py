"""What commands print for programs."""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # `typing` takes longer to import than `zarrpy --help` may
if TYPE_CHECKING:
    from typing import Any


def print_json(document: Any) -> None:
    """Print one JSON document to standard output."""
    import json

    json.dump(document, sys.stdout, indent=2, ensure_ascii=False)
    print()

"""Cases of the corpus that zarrpy does not read yet, by the feature that they need.

A case listed here has to be refused, by an error that says why, and must never give values.
As soon as one is read as its case says, the tests fail until its line is taken out: the list
only gets shorter, and ``python tests/conformance/shrink.py`` is what shortens it.
"""

from __future__ import annotations

NOT_YET: dict[str, tuple[str, ...]] = {}

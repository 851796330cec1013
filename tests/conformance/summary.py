"""The lines that are printed when the tests of this folder are done."""

LINES: list[str] = []

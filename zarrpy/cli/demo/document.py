"""The findings as one JSON document."""

import json
from typing import Any, TextIO

from zarrpy.cli.demo.findings import Findings
from zarrpy.cli.demo.stored import StoredArray


class Document:
    """Says nothing until the end, and everything then."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def began(self, findings: Findings) -> None:
        """Wait."""

    def stored(self, findings: Findings) -> None:
        """Wait."""

    def asking(self, name: str) -> None:
        """Wait."""

    def ended(self, findings: Findings) -> None:
        """Print one document with every figure."""
        values = findings.shown.values
        document = {
            "verified": not findings.faults,
            "faults": findings.faults,
            "field": {
                "title": findings.shown.title,
                "data_type": str(values.dtype),
                "shape": list(values.shape),
                "nbytes": values.nbytes,
            },
            "arrays": [_array(findings, array) for array in findings.arrays],
            "readers": {
                witness.name: witness.version or {"unusable": witness.unusable}
                for witness in findings.witnesses
            },
            "seconds": findings.seconds,
        }
        json.dump(document, self._stream, indent=2)
        print(file=self._stream)


def _array(findings: Findings, array: StoredArray) -> dict[str, Any]:
    answers = {w.name: w.arrays.get(str(array.path), {}) for w in findings.witnesses}
    return {
        "path": array.label,
        "zarr_format": array.chain.zarr_format,
        "codecs": array.codecs,
        "stored_nbytes": array.stored_nbytes,
        "seconds": {
            name: {"read": answer["read_seconds"], "write": answer["write_seconds"]}
            for name, answer in answers.items()
            if "read_seconds" in answer
        },
    }

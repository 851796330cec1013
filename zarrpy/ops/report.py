"""What is wrong with what a store holds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

#: Kinds of findings, in the order of a report, and whether data are in danger.
KINDS = {
    "metadata": True,  # a document that cannot be understood, or that has no node above it
    "corrupt": True,  # a chunk, or the index of a shard, that cannot be decoded
    "unreadable": True,  # the store gives an error in place of a value
    "stale": True,  # consolidated metadata that do not tell what is there
    "missing": True,  # a chunk that was never written, where all were asked for
    "stray": False,  # a key that belongs to nothing
    "leftover": False,  # of a writer that was killed
    "quarantined": False,  # a damaged value that was set aside
}


class Finding(NamedTuple):
    """One thing that is wrong.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    path : str
        Of the node, within the store; "" is the root.
    key : str or None
        Within the store.
    chunk : tuple of int or None
        Where in the grid of chunks; inside a shard, in the grid of its chunks.
    offset : int or None
        First byte of what is wrong within the value, where it is not all of it.
    message : str
    """

    kind: str
    path: str
    key: str | None
    chunk: tuple[int, ...] | None
    offset: int | None
    message: str

    def __str__(self) -> str:
        place = f"/{self.path}" if self.key is None else self.key
        where = "" if self.chunk is None else f" chunk {self.chunk}"
        where += "" if self.offset is None else f" byte {self.offset}"
        return f"{self.kind:10} {place}{where}: {self.message}"

    def as_dict(self) -> dict[str, Any]:
        """Give the finding for JSON."""
        chunk = None if self.chunk is None else [int(i) for i in self.chunk]
        return {**self._asdict(), "chunk": chunk}


@dataclass
class Report:
    """What `verify` found.

    Attributes
    ----------
    findings : list of Finding
    ngroups, narrays : int
        Nodes that were looked at.
    nchunks : int
        Values of chunks, or of shards, that were looked at.
    ndecoded : int
        Chunks that were decoded.
    nbytes : int
        Bytes of all values.
    """

    findings: list[Finding] = field(default_factory=list)
    ngroups: int = 0
    narrays: int = 0
    nchunks: int = 0
    ndecoded: int = 0
    nbytes: int = 0

    @property
    def ok(self) -> bool:
        """Whether all data are safe; strays and leftovers harm none."""
        return not any(KINDS[finding.kind] for finding in self.findings)

    def of(self, *kinds: str) -> list[Finding]:
        """Give the findings of some kinds."""
        return [finding for finding in self.findings if finding.kind in kinds]

    @property
    def corrupt(self) -> list[Finding]:
        """What cannot be read."""
        return self.of("metadata", "corrupt", "unreadable")

    @property
    def missing(self) -> list[Finding]:
        """Chunks that were never written, where `verify` was to look for them."""
        return self.of("missing")

    @property
    def orphans(self) -> list[Finding]:
        """Keys that belong to nothing, and what killed writers left."""
        return self.of("stray", "leftover")

    def as_dict(self) -> dict[str, Any]:
        """Give the report for JSON."""
        numbers = {name: value for name, value in vars(self).items() if name != "findings"}
        found = [finding.as_dict() for finding in self.findings]
        return {"ok": self.ok, **numbers, "findings": found}

    def __str__(self) -> str:
        order = list(KINDS)
        lines = map(str, sorted(self.findings, key=lambda finding: order.index(finding.kind)))
        return "\n".join([*lines, self.summary])

    @property
    def summary(self) -> str:
        """The report in one line."""
        looked = (
            f"{self.narrays} arrays, {self.ngroups} groups, {self.nchunks} values of chunks"
            f" ({self.ndecoded} decoded), {self.nbytes} bytes"
        )
        counts = {kind: len(self.of(kind)) for kind in KINDS}
        wrong = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
        return f"{'ok' if self.ok else 'not ok'}: {looked}; {wrong or 'nothing found'}"

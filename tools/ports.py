"""Cross-compile csrc for the platforms that are not at hand, with ziglang's clang.

This proves that the sources compile without a warning there, not that they work.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TARGETS = (
    "x86_64-windows-gnu",
    "aarch64-windows-gnu",
    "x86_64-macos",
    "aarch64-macos",
    "x86_64-linux-musl",
    "aarch64-linux-musl",
    "aarch64-linux-gnu",
    "s390x-linux-gnu",
)
WARNINGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror")
ARCHIVE = ("BLOSC2_ARCHIVE", "ZLIBNG", "ZFP", "BLOSCLZ", "LIBDEFLATE")


def compiles(source: Path, target: str, build: Path) -> bool:
    """Whether one file compiles for one target; clang's own words are printed if not."""
    macros = [f"-DZP_HAVE_{name}=1" for name in ARCHIVE]
    output = build / f"{source.stem}.o"
    command = [sys.executable, "-m", "ziglang", "cc", "-target", target, *WARNINGS, *macros]
    command += ["-c", str(source), "-o", str(output)]
    return subprocess.run(command, cwd=ROOT).returncode == 0


def main() -> int:
    """Compile every file for every target and tell the result of each."""
    sources = sorted(ROOT.glob("csrc/*.c"))
    failures = 0
    for target in TARGETS:
        build = ROOT / "build" / "ports" / target
        build.mkdir(parents=True, exist_ok=True)
        bad = [path.name for path in sources if not compiles(path, target, build)]
        failures += len(bad)
        print(f"{target:22} {'failed: ' + ', '.join(bad) if bad else f'{len(sources)} files'}")
    return 1 if failures or not sources else 0


if __name__ == "__main__":
    sys.exit(main())

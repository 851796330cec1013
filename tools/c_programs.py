"""Build the programs in C of a folder, linked with the engine, and run them.

    python tools/c_programs.py build tests/c
    python tools/c_programs.py run bench/c [ARGUMENTS...]

Each file that has a ``main`` is a program; the other files of its folder are linked to each.
``ZARRPY_SANITIZE`` and ``ZARRPY_NATIVE`` work as for the Python modules.  With ``ZARRPY_TRACE``
the engine and its libraries tell each block of code that they go through (``tests/c/trace.c``).
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
import sysconfig
from pathlib import Path

MAIN = re.compile(r"^(int )?main\(", re.MULTILINE)


def flavour() -> str:
    """Name the way that everything is built."""
    sanitizer = os.environ.get("ZARRPY_SANITIZE", "").replace(",", "-")
    name = sanitizer or ("coverage" if os.environ.get("ZARRPY_COVERAGE") else "plain")
    return f"{name}-traced" if os.environ.get("ZARRPY_TRACE") else name


def build(folder: Path, tree: Path) -> list[Path]:
    """Return the programs of a folder of `tree`, built in its ``build/programs``."""
    subprocess.run([sys.executable, "setup.py", "--quiet", "build_engine"], cwd=tree, check=True)
    sanitizer = os.environ.get("ZARRPY_SANITIZE", "")
    link = (tree / "build" / "native" / f"{flavour()}.link").read_text().split()
    flags = ["-O1", "-g", f"-fsanitize={sanitizer}"] if sanitizer else ["-O3"]
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    target = tree / "build" / "programs" / flavour()
    target.mkdir(parents=True, exist_ok=True)
    files = sorted((tree / folder).glob("*.c"))
    shared = [str(path) for path in files if not MAIN.search(path.read_text())]
    programs = []
    for path in files:
        if str(path) in shared:
            continue
        program = target / path.stem
        command = [*compiler, "-std=gnu11", *flags, "-Icsrc", f"-I{folder}", str(path), *shared]
        subprocess.run([*command, "-o", str(program), *link], cwd=tree, check=True)
        programs.append(program)
    return programs


def main(arguments: list[str]) -> int:
    """Build every program and print its path, or run it; the first that fails ends it."""
    if arguments[:1] not in (["build"], ["run"]) or len(arguments) < 2:
        print(__doc__)
        return 2
    tree = Path(__file__).resolve().parents[1]
    folder = Path(arguments[1])
    programs = build(folder, tree)
    if not programs:
        print(f"{folder} holds no program: a .c file with a main()")
        return 1
    for program in programs:
        if arguments[0] == "build":
            print(program)
            continue
        code = subprocess.run([str(program), *arguments[2:]], cwd=tree).returncode
        if code != 0:
            print(f"{program.name} failed with exit code {code}")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""Run the whole suite, and the programs of tests/c, under gcc's sanitizers.

Everything in C is compiled from source, the libraries too (``ZARRPY_NATIVE=sdist``), with the
address and undefined-behaviour sanitizers under the tests, and with the thread sanitizer under
those programs of tests/c that run batches from many threads.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import c_programs
import suite
import tree

MEMORY = "address,undefined"
C_TESTS = Path("tests/c")


def runtime(name: str) -> str:
    """Return the path of one of gcc's own libraries."""
    command = [os.environ.get("CC", "gcc"), f"-print-file-name={name}"]
    path = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    if not Path(path).is_absolute():
        raise SystemExit(f"{name} is missing: the sanitizers need gcc with its libraries")
    return path


def environment_of(copy: Path) -> dict[str, str]:
    """Return what a Python needs around it that runs what is built in a copy of the tree."""
    # The C++ library too: extensions that throw would meet an interceptor that does not know it.
    preload = " ".join(map(runtime, ("libasan.so", "libubsan.so", "libstdc++.so")))
    return {
        "LD_PRELOAD": preload,
        "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
        "ZARRPY_TESTED": str(copy),
    }


def under_memory_sanitizers() -> bool:
    """Run the suite against modules built with ASan and UBSan; the number of tests must agree."""
    copy = tree.mirror("sanitize")
    build = {"ZARRPY_NATIVE": "sdist", "ZARRPY_SANITIZE": MEMORY}
    command = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
    subprocess.run(command, cwd=copy, env={**os.environ, **build}, check=True)
    environment = {**build, **environment_of(copy), "PYTHONPATH": str(copy)}
    expected = suite.collected(tree.ROOT)
    result = suite.run(copy, environment=environment)
    print(f"ASan, UBSan: {result.tests} tests, {result.skipped} skipped; make test has {expected}")
    return result.exit_code == 0 and result.tests == expected > 0


def under_thread_sanitizer() -> bool:
    """Run the programs with threads under TSan, which wants addresses that do not change."""
    os.environ.update(ZARRPY_NATIVE="sdist", ZARRPY_SANITIZE="thread")
    copy = tree.mirror("sanitize")
    programs = [
        program
        for program in c_programs.build(C_TESTS, copy)
        if "pthread.h" in (copy / C_TESTS / f"{program.name}.c").read_text()
    ]
    environment = {**os.environ, "TSAN_OPTIONS": f"suppressions={copy / C_TESTS / 'threads.supp'}"}
    fixed = [shutil.which("setarch") or "setarch", "-R"]
    codes = {
        program.name: subprocess.run([*fixed, str(program)], cwd=copy, env=environment).returncode
        for program in programs
    }
    print(f"TSan: {codes or f'no program with threads in {C_TESTS}'}")
    return bool(codes) and not any(codes.values())


def main() -> int:
    """Run both, whatever the first says."""
    good = [under_memory_sanitizers(), under_thread_sanitizer()]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())

"""Give damaged chunks to every decoder, and damaged documents to the whole library.

    python tools/fuzz.py [--executions N] [--seed FIRST] [--inputs N] [--plain]
    python tools/fuzz.py --planted

Everything is built with the address and undefined-behaviour sanitizers, the libraries too, unless
``--plain`` is given; then the engine also tells the ways that it goes, and what leads it on a new
one is damaged further.  Decoders get N executions, in runs of 2,000,000 with seeds from 1 or from
FIRST, where earlier runs ended; they go on from the corpus in ``tests/c/fuzz_decode.corpus``, which
each of them leaves behind.  The library gets inputs of ``hostile.fuzz``, or none.
What ends a run is kept in ``build/fuzz``.  ``--planted`` takes a check out of a decoder, and
fails unless the fuzzer notices.
"""

from __future__ import annotations

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import c_programs
import sanitize
import tree

C_TESTS = Path("tests/c")
CORPUS = C_TESTS / "fuzz_decode.corpus"
A_RUN = 2_000_000
#: A file of the engine, and a check in it without which it writes where it should not.
PLANTED = (
    "snappy.c",
    "if (offset == 0 || offset > (size_t)(out - (uint8_t *)dst))",
    "if (offset == 0)",
)


def decoders(root: Path, executions: int, first: int, kept: Path) -> int:
    """Run the fuzzer of decoders; how many executions it made, or -1 when it found something."""
    (program,) = (each for each in c_programs.build(C_TESTS, root) if each.stem == "fuzz_decode")
    corpus = kept / CORPUS.name
    shutil.copy(tree.ROOT / CORPUS, corpus)
    environment = {**os.environ, "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
    done = 0
    for seed in range(first, first - (-executions // A_RUN)):
        n = min(A_RUN, executions - done)
        command = [str(program), str(n), str(seed), str(corpus)]
        print(f"fuzz: decoders with seed {seed}", flush=True)
        if subprocess.run(command, cwd=root, env=environment).returncode != 0:
            print(f"seed {seed} found something; the input is {corpus}.crash")
            return -1
        done += n
        shutil.copy(corpus, tree.ROOT / CORPUS)
    return done


def library(root: Path, inputs: int, kept: Path, *, plain: bool) -> bool:
    """Give damaged documents, chunks and archives to the library; whether all went well."""
    environment = {"PYTHONPATH": str(root)}
    if not plain:
        build = [sys.executable, "setup.py", "--quiet", "build_ext", "--inplace"]
        subprocess.run(build, cwd=root, check=True)
        environment |= sanitize.environment_of(root)
    command = [sys.executable, "-m", "hostile.fuzz", str(inputs), "1", str(kept)]
    folder = root / "tests"
    return subprocess.run(command, cwd=folder, env={**os.environ, **environment}).returncode == 0


def planted(root: Path, folder: Path) -> bool:
    """Whether the fuzzer notices that a check is missing; its input is kept in the folder."""
    c_programs.build(C_TESTS, root)
    name, check, without = PLANTED
    source = (root / "csrc" / name).read_text()
    assert source.count(check) == 1, f"{name} has no such check any more"
    changed = folder / name
    changed.write_text(source.replace(check, without))
    link = (root / "build" / "native" / f"{c_programs.flavour()}.link").read_text().split()
    compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
    files = [str(C_TESTS / each) for each in ("fuzz_decode.c", "cases.c", "check.c", "trace.c")]
    command = [*compiler, "-std=gnu11", "-O1", "-g", "-Icsrc", f"-I{C_TESTS}", *files, str(changed)]
    program = folder / "planted"
    subprocess.run([*command, "-o", str(program), *link], cwd=root, check=True)
    for seed in range(1, 6):
        run = [str(program), "400000", str(seed), str(folder / "corpus")]
        if subprocess.run(run, cwd=root, stderr=subprocess.DEVNULL).returncode != 0:
            crash = folder / "corpus.crash"
            print(f"planted: found with seed {seed}; {crash.stat().st_size - 12} bytes do it")
            return True
    print("planted: not found")
    return False


def main() -> int:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--executions", type=int, default=2 * A_RUN)
    parser.add_argument("--seed", type=int, default=1, help="of the first run of decoders")
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--plain", action="store_true", help="without sanitizers")
    parser.add_argument("--planted", action="store_true", help="only look for the planted bug")
    options = parser.parse_args()
    if not options.plain:
        os.environ.update(ZARRPY_NATIVE="sdist", ZARRPY_SANITIZE=sanitize.MEMORY, ZARRPY_TRACE="1")
    root = tree.ROOT if options.plain else tree.mirror("sanitize")
    kept = tree.ROOT / "build" / "fuzz"
    kept.mkdir(parents=True, exist_ok=True)
    if not planted(root, kept):
        return 1
    if options.planted:
        return 0
    done = decoders(root, options.executions, options.seed, kept)
    os.environ.pop("ZARRPY_TRACE", None)  # modules of Python have nobody to tell
    good = not options.inputs or library(root, options.inputs, kept, plain=options.plain)
    print(f"fuzz: {done} executions of decoders, {options.inputs} inputs of the library")
    return 0 if good and done >= 0 else 1


if __name__ == "__main__":
    sys.exit(main())

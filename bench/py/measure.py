"""One measurement in a process of its own, run by the interpreter of the measured library.

Reads a request, ``{"library", "row", "folder", "repeats", "quick"}``, from standard input and
prints ``{"wall": [...], "cpu": [...], "peak": ..., "versions": {...}}``: seconds of each run after
a first one that is checked but not counted, and the memory that the first run needed at its
highest, as a multiple of its result.  A scenario's ``finish`` may add members.
"""

import json
import os
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(os.path.dirname(HERE)), "tests")]

#: Seconds after which work is not done once more: long work has a small spread.
PATIENCE = 1.0


def main() -> None:
    """Measure what the request names."""
    request = json.loads(sys.stdin.read())
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints must not come into the answer
    measured = import_time if request["scenario"] == "import_time" else workload
    result = measured(request)
    answers.write(json.dumps(result))
    answers.close()
    os._exit(0)  # the time that libraries take to end their threads is nobody's


def import_time(request: dict) -> dict:
    """Time the first import of a library's module, or that and the first use of it."""
    import numpy  # noqa: F401  (its time is not counted)

    code = compile(request["code"], "<code>", "exec")
    begin, begin_cpu = time.perf_counter(), time.process_time()
    exec(code, {})
    wall, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    return {"wall": [wall], "cpu": [cpu], "peak": None}


def workload(request: dict) -> dict:
    """Run a scenario's row so many times."""
    import warnings
    from pathlib import Path

    import scenarios
    from peers import adapters

    warnings.simplefilter("ignore")
    scenario = scenarios.load(request["scenario"])
    (row,) = (row for row in scenario.rows(request["quick"]) if row.key == request["row"])
    library = adapters.load(request["library"])
    state = scenario.prepare(library, row, Path(request["folder"]))
    before = memory("VmRSS")
    result = scenario.run(state)
    peak = (memory("VmHWM") - before) / row.nbytes if before else None
    scenario.settle(state, result)
    wall, cpu = [], []
    end = time.perf_counter() + PATIENCE
    for _ in range(request["repeats"]):
        if wall and time.perf_counter() > end:
            break
        del result
        begin, begin_cpu = time.perf_counter(), time.process_time()
        result = scenario.run(state)
        wall.append((time.perf_counter() - begin) / row.operations)
        cpu.append((time.process_time() - begin_cpu) / row.operations)
        if not row.reading:
            scenario.settle(state, result)
    notes = scenario.finish(state) if hasattr(scenario, "finish") else None
    found = {"wall": wall, "cpu": cpu, "peak": peak, "versions": library.versions()}
    return {**found, **(notes or {})}


def memory(name: str) -> int:
    """Return a figure of this process's memory in bytes, 0 where there is none."""
    try:
        with open("/proc/self/status") as status:
            lines = dict(line.split(":", 1) for line in status)
    except OSError:
        return 0
    return int(lines[name].split()[0]) * 1024


if __name__ == "__main__":
    main()

"""Count the requests that operations on a bucket take, beside zarr-python and tensorstore.

python bench/py/stores_requests.py           bench/results/stores_requests.json; the page of
                                             bench/py/stores.py has a table of it
python bench/py/stores_requests.py --show    which requests, one a line; nothing is kept

A server that stands before moto's counts them, so it does not matter what else the machine does.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from peers import environments  # noqa: E402
from services import servers  # noqa: E402
from services.proxy import Proxy, Seen, proxy_to  # noqa: E402

RESULTS = ROOT / "bench" / "results" / "stores_requests.json"
HOMES = {"zarrpy": None, "tensorstore": "tensorstore", "zarr-python": environments.FOREIGN}


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--show", action="store_true", help="print the requests")
    parser.add_argument("--only", choices=HOMES, help="one library")
    given = parser.parse_args()
    libraries = [given.only] if given.only else list(HOMES)
    with tempfile.TemporaryDirectory() as folder, servers.moto(Path(folder)) as endpoint:
        found = {library: counted(library, endpoint) for library in libraries}
    if given.show:
        for library, operations in found.items():
            for name, seen in operations.items():
                print(f"{library}: {name}: {len(seen)}")
                for each in seen:
                    print("   ", each.method, each.path, each.byte_range or "")
        return 0
    counts = {
        library: {name: len(seen) for name, seen in operations.items()}
        for library, operations in found.items()
    }
    RESULTS.write_text(json.dumps(counts, indent=1) + "\n")
    print("\n".join(section()))
    return 0


def counted(library: str, endpoint: str) -> dict[str, list[Seen]]:
    """Let a library do all operations, each when the one before is over."""
    home = HOMES[library]
    python = sys.executable if home is None else environments.ensure(home)
    with proxy_to(endpoint) as proxy:
        command = [str(python), str(HERE / "stores_requests_worker.py"), library, proxy.url]
        env = {**environments.variables(), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
        with subprocess.Popen(
            command, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as worker:
            found = dict(_conversed(worker, proxy))
        if worker.returncode:
            raise SystemExit(f"{library} ended with {worker.returncode}")
    return found


def _conversed(worker: subprocess.Popen[str], proxy: Proxy) -> Any:
    """Say when to go on; each operation with the requests that were seen meanwhile."""
    assert worker.stdin is not None
    assert worker.stdout is not None
    for line in worker.stdout:
        proxy.forget()
        worker.stdin.write("go\n")
        worker.stdin.flush()
        if not worker.stdout.readline():
            return
        yield line.strip(), list(proxy.seen)
        worker.stdin.write("go on\n")
        worker.stdin.flush()


def section() -> list[str]:
    """Write the counts that were kept, a line for each operation."""
    counts: dict[str, dict[str, int]] = json.loads(RESULTS.read_text())
    lines = ["", "## Requests", ""]
    lines += ["| operation | " + " | ".join(counts) + " |", "|---|" + "--:|" * len(counts)]
    for name in counts[next(iter(counts))]:
        cells = [str(each.get(name, "–")) for each in counts.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return [
        *lines,
        "",
        "Counted by a server that stands before moto's, by `python bench/py/stores_requests.py`;",
        "zarr-python by obstore. What tensorstore has no such thing as is left empty: groups, and",
        "the attributes of Zarr v2, which have a document of their own it never reads, and zarrpy",
        "when somebody asks for them. What is created through a group takes a look at the group,",
        "which may be an array by then, or consolidated; by the array's own address, where all",
        "three look at the array alone, it does not. What is replaced is deleted by one request",
        "for each 1000 chunks; a record tells who comes after a killed process what is left to",
        "do, so that there is the old array or the new one.",
    ]


if __name__ == "__main__":
    sys.exit(main())

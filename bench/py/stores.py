"""Measure stores behind a network beside those of zarr-python and tensorstore, on one server.

python bench/py/stores.py           bench/results/stores.json and docs/performance-of-stores.md
python bench/py/stores.py --table   the page from the kept results

Reads are from nginx, which counts the requests in its log; writes go to Ceph's gateway.
`make test-services` installs both.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(HERE)]

import numpy as np  # noqa: E402
import stores_requests  # noqa: E402
from peers import environments  # noqa: E402

import zarrpy  # noqa: E402
from tests.services.objects.servers import KEYS, SERVERS  # noqa: E402

RESULTS = ROOT / "bench" / "results" / "stores.json"
PAGE = ROOT / "docs" / "performance-of-stores.md"
SHAPE = [2048, 2048]
TIMES = 4
#: Interpreters of the libraries.
HOMES = {
    "zarrpy": None,
    "zarrpy, http": None,
    "zarr-python, obstore": environments.FOREIGN,
    "zarr-python, fsspec": environments.FOREIGN,
    "tensorstore, http": "tensorstore",
    "tensorstore, s3": "tensorstore",
}
#: Key, title, work, chunks, shards, chunks that are read or written.
READS = (
    ("whole", "read 256 chunks of 64 KiB", "whole", (128, 128), None, 256),
    ("windows", "read 40 windows of 100 × 100", "windows", (128, 128), None, None),
    ("shards", "read 40 windows out of 16 shards", "windows", (64, 64), (512, 512), None),
)
WRITES = (("write", "write 256 chunks of 64 KiB", "write", (128, 128), None, 256),)


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--table", action="store_true", help="render the kept results only")
    if not parser.parse_args().table:
        RESULTS.write_text(json.dumps(measured(), indent=1) + "\n")
    PAGE.write_text(page(json.loads(RESULTS.read_text())))
    return 0


def measured() -> dict[str, Any]:
    """Measure every row with every library."""
    rows: dict[str, Any] = {}
    load = os.getloadavg()[0]
    corners = np.random.default_rng(1).integers(0, SHAPE[0] - 100, (40, 2)).tolist()
    with SERVERS["nginx"].address() as given:
        endpoint, folder = given.split()
        log = Path(folder, "access.log")
        field = np.random.default_rng(0).normal(size=SHAPE).astype("f4")
        for key, title, work, chunks, shards, nchunks in READS:
            site = Path(folder, "site", "bucket", key)
            zarrpy.create_array(site, data=field, chunks=chunks, shards=shards)
            place = {"endpoint": endpoint, "path": key, "corners": corners, "times": TIMES}
            able = [name for name in HOMES if name != "tensorstore, s3"]
            rows[key] = row(title, work, nchunks, place, able, log)
    with SERVERS["radosgw"].address() as endpoint:
        for key, title, work, chunks, _, nchunks in WRITES:
            place = {"endpoint": endpoint, "path": key, "times": TIMES, "keys": KEYS}
            place |= {"shape": SHAPE, "chunks": chunks}
            able = [name for name in HOMES if "http" not in name]
            rows[key] = row(title, work, nchunks, place, able, log_of(endpoint))
    machine = {"date": time.strftime("%Y-%m-%d"), "cores": os.cpu_count(), "load": round(load, 1)}
    return {**machine, "rows": rows}


def row(
    title: str,
    work: str,
    nchunks: int | None,
    place: dict[str, Any],
    libraries: list[str],
    log: Path,
) -> dict[str, Any]:
    """Measure several libraries; all have to find the same numbers."""
    found: dict[str, Any] = {}
    for library in libraries:
        before = lines_of(log)
        found[library] = run(library, work, place)
        found[library]["requests"] = (lines_of(log) - before) / place["times"]
        print(title, library, found[library], flush=True)
    totals = [each.pop("total") for each in found.values()]
    if not np.allclose(totals, totals[0]):
        raise SystemExit(f"{title}: the libraries disagree: {totals}")
    return {"title": title, "chunks": nchunks, "libraries": found}


def log_of(endpoint: str) -> Path:
    """Find the log of the gateway that serves there."""
    port = endpoint.rpartition(":")[2]
    for conf in Path(tempfile.gettempdir()).glob("zarrpy-ceph-*/ceph.conf"):
        if f":{port} tcp_nodelay" in conf.read_text():
            return conf.parent / "client.rgw.log"
    raise SystemExit(f"no gateway of ours serves at {endpoint}")


def lines_of(log: Path) -> int:
    """Count the requests so far: nginx logs nothing else, Ceph's gateway does."""
    time.sleep(0.3)
    lines = log.read_text(errors="replace").splitlines()
    return sum(" beast: " in line or "rgw" not in log.name for line in lines)


def run(library: str, work: str, place: dict[str, Any]) -> dict[str, Any]:
    """Let a library work in a process of its own."""
    home = HOMES[library]
    python = sys.executable if home is None else environments.ensure(home)
    command = [str(python), str(HERE / "stores_worker.py"), library, work, json.dumps(place)]
    env = {**environments.variables(), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    with tempfile.TemporaryFile() as log:
        done = subprocess.run(command, env=env, stdout=subprocess.PIPE, stderr=log, timeout=600)
        log.seek(0)
        if done.returncode:
            raise SystemExit(f"{library}: {log.read().decode()[-2000:]}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def page(results: dict[str, Any]) -> str:
    """Write the page."""
    lines = [
        "# Stores behind a network, measured",
        "",
        "The best of several times, opening included, each library in a process of its own with",
        "the same server, data and number of requests under way (16). CPU is that of the client.",
        f"By `python bench/py/stores.py`, {results['cores']} cores, {results['date']}; other",
        f"programs of the machine wanted {results['load']:.0f} cores meanwhile, which times suffer",
        "from more than CPU does.",
    ]
    for each in results["rows"].values():
        lines += ["", "## " + each["title"][0].upper() + each["title"][1:], ""]
        lines += ["| library | time | CPU | requests | times as long as zarrpy | times its CPU |"]
        lines += ["|---|--:|--:|--:|--:|--:|"]
        ours = each["libraries"]["zarrpy"]
        for name, found in each["libraries"].items():
            lines.append(
                f"| {name} | {found['seconds'] * 1e3:.0f} ms | {found['cpu'] * 1e3:.0f} ms | "
                f"{found['requests']:.0f} | "
                f"{found['seconds'] / ours['seconds']:.2f} | {found['cpu'] / ours['cpu']:.2f} |"
            )
    lines += [
        "",
        "Reads are from nginx, as a bucket without signatures; tensorstore reads the same files by",
        "its client for web servers. Writes go to Ceph's gateway for S3, signed. The servers' logs",
        "count the requests. A write is one for each chunk, and those that create the array.",
    ]
    lines += stores_requests.section()
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())

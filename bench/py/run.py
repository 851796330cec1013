"""Measure zarrpy beside its peers and write the README's table.

python bench/py/run.py              every row, five rounds; bench/results/measured.json, README,
                                        docs/performance.md;
                                        nothing is kept when a library failed
python bench/py/run.py --quick      smaller arrays, one round; prints, writes nothing
python bench/py/run.py --only cube  rows whose key contains a word; prints, writes nothing
python bench/py/run.py --resume     go on with a run that was stopped
python bench/py/run.py --place P    keep arrays in that directory, perhaps of another file system
python bench/py/run.py --table      the README's table from the kept results
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE), str(ROOT / "tests")]

import table  # noqa: E402
import targets  # noqa: E402
from peers import adapters, environments  # noqa: E402
from rounds import Rounds  # noqa: E402
from scenarios import in_order  # noqa: E402

RESULTS = ROOT / "bench" / "results"
#: Where a folder for the arrays is made.
PLACE = ROOT / "build"


def main() -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="smaller arrays, one round")
    parser.add_argument("--only", default="", metavar="WORD", help="rows whose key contains it")
    parser.add_argument("--rounds", type=int, metavar="N", help="instead of five")
    parser.add_argument("--place", type=Path, default=PLACE, help="where arrays are kept")
    parser.add_argument("--resume", action="store_true", help="go on with a stopped run")
    parser.add_argument("--table", action="store_true", help="render the kept results only")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the results there too")
    options = parser.parse_args()
    folder = options.place / "zarrpy-bench"
    kept = RESULTS / "measured.json"
    if not options.table:
        failed = make_environments()
        if failed:
            print("\n".join(failed), file=sys.stderr)
            return 1
        done = None if options.quick or options.only else folder / "done.json"
        if done is not None and not options.resume:
            done.unlink(missing_ok=True)
        results = Rounds(folder, options.quick, options.only, options.rounds).run(done)
        shutil.rmtree(folder, ignore_errors=True)
        text = json.dumps(results, indent=1) + "\n"
        if options.json:
            options.json.write_text(text)
        failed = table.failures(results)
        if options.quick or options.only or failed:
            print("\n".join([table.render(results), *failed]))
            return int(bool(failed))
        RESULTS.mkdir(parents=True, exist_ok=True)
        kept.write_text(text)
    results = json.loads(kept.read_text())
    results["rows"] = in_order(results["rows"])
    kept.write_text(json.dumps(results, indent=1) + "\n")
    table.insert(ROOT / "README.md", "bench", table.render(results))
    page = ROOT / "docs" / "performance.md"
    table.insert(page, "targets", targets.render(results))
    table.insert(page, "how", targets.how(results))
    print(targets.render(results))
    return 0


def make_environments() -> list[str]:
    """Make the environments of all peers; return what failed."""
    names = tuple(dict.fromkeys(adapters.ENVIRONMENT_OF.values()))
    made = environments.ensure_all(names)
    return [str(result) for result in made.values() if isinstance(result, Exception)]


if __name__ == "__main__":
    sys.exit(main())

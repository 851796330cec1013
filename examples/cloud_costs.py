"""What an archive in a bucket costs: requests, bytes and money, with and without shards.

    python examples/cloud_costs.py                       # a bucket in memory, which is free
    python examples/cloud_costs.py s3://bucket/path --region eu-central-1
    python examples/cloud_costs.py --per-million-writes 5 --per-gb-out 0.09

Prices are given: those that stand here are nobody's offer. What lies at the path is replaced.
"""

import argparse
from dataclasses import dataclass

import numpy as np

import zarrpy
from zarrpy.data import OCEAN_TEMPERATURE

LAYOUTS = {
    "chunks": {"chunks": (1, 30, 40)},
    "in shards": {"chunks": (1, 30, 40), "shards": (4, 180, 360)},
}
QUERIES = {
    "one region": np.s_[0, 60:100, 100:140],
    "one place, all depths": np.s_[:, 44, 150],
    "everything": np.s_[...],
}


@dataclass(frozen=True)
class Prices:
    """What a provider asks for."""

    per_million_writes: float
    per_million_reads: float
    per_gb_month: float
    per_gb_out: float

    def of(self, costs):
        """Price of what was done: requests, and bytes that left the cloud."""
        total = costs.total
        return (
            total.sets * self.per_million_writes / 1e6
            + total.gets * self.per_million_reads / 1e6
            + total.bytes_read * self.per_gb_out / 1e9
        )


def main():
    """Write the ocean in two layouts, and ask for parts of it."""
    url, options, prices = arguments()
    field = np.load(OCEAN_TEMPERATURE)
    root = zarrpy.create_group(url, storage_options=options, overwrite=True)
    print(f"{'':24}{'requests':>10}{'KiB':>10}{'price of 10^6':>15}")
    for name, layout in LAYOUTS.items():
        with zarrpy.profile() as costs:
            array = root.create_array(name, data=field, **layout)
        tell(f"{name}: write", costs.total.sets, costs.total.bytes_written, prices.of(costs))
        for query, selection in QUERIES.items():
            again = zarrpy.open_array(root.store, path=name, mode="r", zarr_format=3)
            with zarrpy.profile() as costs:
                part = again[selection]
            assert np.array_equal(part, field[selection], equal_nan=True)
            tell(f"  {query}", costs.total.gets, costs.total.bytes_read, prices.of(costs))
        kept = array.nbytes_stored() * prices.per_gb_month / 1e9
        print(f"{'  kept for a month':24}{'':20}{kept * 1e6:>15.2f}")


def tell(what, requests, nbytes, price):
    """Print a line."""
    print(f"{what:24}{requests:>10}{nbytes / 1024:>10.1f}{price * 1e6:>15.2f}")


def arguments():
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url", nargs="?", help="s3://, gs:// or az:// and a path to write below")
    parser.add_argument("--endpoint", help="address of a service that speaks like Amazon's")
    parser.add_argument("--region")
    parser.add_argument("--per-million-writes", type=float, default=5.0)
    parser.add_argument("--per-million-reads", type=float, default=0.4)
    parser.add_argument("--per-gb-month", type=float, default=0.02)
    parser.add_argument("--per-gb-out", type=float, default=0.09)
    given = vars(parser.parse_args())
    url, endpoint, region = (given.pop(name) for name in ("url", "endpoint", "region"))
    if url is None:
        from obstore.store import MemoryStore  # pip install 'zarrpy[cloud]'

        return MemoryStore(), None, Prices(**given)
    options = {"endpoint": endpoint, "region": region}
    return url, options, Prices(**given)


if __name__ == "__main__":
    main()

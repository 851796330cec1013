"""Write an array to a bucket, read parts of it, and see what that takes.

Run it with the address of a bucket, and credentials in the environment or as options::

    AWS_ACCESS_KEY_ID=... AWS_SECRET_ACCESS_KEY=... python examples/s3.py s3://bucket/path
    python examples/s3.py s3://bucket/path --endpoint http://127.0.0.1:9000 --region us-east-1
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np

import zarrpy


def main() -> None:
    """Run the example."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("url", help="s3://, gs:// or az:// and a path that may be overwritten")
    parser.add_argument("--endpoint", help="address of a service that speaks like Amazon's")
    parser.add_argument("--region")
    given = parser.parse_args()

    # Authentication. Whatever is left out comes from the environment (AWS_..., AZURE_...,
    # GOOGLE_...). Public data want anonymous=True.
    options: dict[str, Any] = {"endpoint": given.endpoint, "region": given.region}
    # Tuning. An object store answers many requests as fast as one: let many be under way. A shard
    # holds many chunks in one object: few objects to write, few to delete, and any chunk is read
    # by a range.
    options |= {"requests": 32, "timeout": 60, "retries": 5}

    days, lat, lon = 16, 256, 256
    field = np.random.default_rng(0).normal(15, 8, (days, lat, lon)).astype("float32")
    began = time.perf_counter()
    root = zarrpy.create_group(given.url, storage_options=options, overwrite=True)
    array = root.create_array(
        "temperature",
        data=field,
        shards=(days, 128, 128),
        chunks=(1, 32, 32),
        dimension_names=("time", "lat", "lon"),
    )
    array.attrs["unit"] = "degrees Celsius"
    zarrpy.consolidate_metadata(root.store)  # one request opens all there is
    print(f"written in {time.perf_counter() - began:.2f} s: {array.info_complete()}")

    again = zarrpy.open_group(given.url, mode="r", storage_options=options)["temperature"]
    for name, selection in {
        "one map": np.s_[3],
        "one time series": np.s_[:, 100, 100],
        "a window": np.s_[2:5, 50:90, 120:200],
    }.items():
        with zarrpy.profile() as costs:
            part = again[selection]
        assert (part == field[selection]).all()
        print(f"{name}: {costs}")


if __name__ == "__main__":
    main()

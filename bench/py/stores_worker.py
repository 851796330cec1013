"""One library at one piece of work with a store behind a network; prints seconds, CPU and a sum.

Runs in the library's own environment: ``python stores_worker.py LIBRARY WORK JSON``.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

#: The address of the bucket for each library: how it is opened.
Open = Callable[[dict[str, Any], str], Any]


def zarrpy_s3(place: dict[str, Any], mode: str) -> Any:
    """Ours by obstore."""
    import zarrpy

    url, options = f"s3://bucket/{place['path']}", s3_options(place)
    if mode == "w":
        return zarrpy.create_array(url, storage_options=options, overwrite=False, **layout(place))
    return zarrpy.open_array(url, mode="r", zarr_format=3, storage_options=options)


def zarrpy_http(place: dict[str, Any], mode: str) -> Any:
    """Ours by the standard library."""
    import zarrpy

    url = f"{place['endpoint']}/bucket/{place['path']}"
    return zarrpy.open_array(url, mode="r", zarr_format=3)


def s3_options(place: dict[str, Any]) -> dict[str, Any]:
    """Options as obstore has them."""
    keys = place.get("keys")
    options = {"endpoint": place["endpoint"], "region": "us-east-1"}
    return {**options, **keys} if keys else {**options, "skip_signature": True}


def layout(place: dict[str, Any]) -> dict[str, Any]:
    """Say what is written."""
    return {"shape": tuple(place["shape"]), "chunks": tuple(place["chunks"]), "dtype": "float32"}


def zarr_obstore(place: dict[str, Any], mode: str) -> Any:
    """zarr-python by obstore."""
    import zarr
    from obstore.store import S3Store

    store = S3Store(
        "bucket",
        prefix=place["path"],
        client_options={"allow_http": True},
        **s3_options(place),
    )
    return by_zarr(zarr.storage.ObjectStore(store, read_only=mode == "r"), place, mode)


def zarr_fsspec(place: dict[str, Any], mode: str) -> Any:
    """zarr-python by s3fs."""
    import zarr

    keys = place.get("keys")
    options: dict[str, Any] = {"endpoint_url": place["endpoint"]}
    if keys:
        options |= {"key": keys["access_key_id"], "secret": keys["secret_access_key"]}
    else:
        options["anon"] = True
    url = f"s3://bucket/{place['path']}"
    store = zarr.storage.FsspecStore.from_url(url, storage_options=options, read_only=mode == "r")
    return by_zarr(store, place, mode)


def by_zarr(store: Any, place: dict[str, Any], mode: str) -> Any:
    """Open or create with zarr-python, with as many requests under way as ours."""
    import zarr

    zarr.config.set({"async.concurrency": 16})
    if mode == "w":
        return zarr.create_array(store, **layout(place))
    return zarr.open_array(store, mode="r", zarr_format=3)


def tensorstore_http(place: dict[str, Any], mode: str) -> Any:
    """Tensorstore by its own client for web servers."""
    import tensorstore

    kvstore = {"driver": "http", "base_url": place["endpoint"], "path": f"/bucket/{place['path']}/"}
    spec = {"driver": "zarr3", "kvstore": kvstore}
    return Tensor(tensorstore.open(spec, read=True, open=True).result())


def tensorstore_s3(place: dict[str, Any], mode: str) -> Any:
    """Tensorstore by its own client for buckets."""
    import tensorstore

    keys = place["keys"]
    os.environ["AWS_ACCESS_KEY_ID"] = keys["access_key_id"]
    os.environ["AWS_SECRET_ACCESS_KEY"] = keys["secret_access_key"]
    kvstore = {"driver": "s3", "bucket": "bucket", "path": f"{place['path']}/"}
    kvstore |= {"endpoint": place["endpoint"], "aws_region": "us-east-1"}
    grid = {"name": "regular", "configuration": {"chunk_shape": place["chunks"]}}
    blosc = {"cname": "zstd", "clevel": 1, "shuffle": "shuffle", "typesize": 4, "blocksize": 0}
    metadata = {"shape": place["shape"], "data_type": "float32", "chunk_grid": grid}
    codecs = [{"name": "bytes", "configuration": {"endian": "little"}}]
    metadata["codecs"] = [*codecs, {"name": "blosc", "configuration": blosc}]
    spec = {"driver": "zarr3", "kvstore": kvstore, "metadata": metadata}
    context = tensorstore.Context({"s3_request_concurrency": {"limit": 16}})
    return Tensor(tensorstore.open(spec, create=True, context=context).result())


class Tensor:
    """An array of tensorstore that is indexed as those of the others."""

    def __init__(self, array: Any) -> None:
        self.array = array

    def __getitem__(self, selection: Any) -> Any:
        return self.array[selection].read().result()

    def __setitem__(self, selection: Any, values: Any) -> None:
        self.array[selection].write(values).result()


LIBRARIES: dict[str, Open] = {
    "zarrpy": zarrpy_s3,
    "zarrpy, http": zarrpy_http,
    "zarr-python, obstore": zarr_obstore,
    "zarr-python, fsspec": zarr_fsspec,
    "tensorstore, http": tensorstore_http,
    "tensorstore, s3": tensorstore_s3,
}


def whole(place: dict[str, Any], opened: Open, _: Any) -> Any:
    """Read all of it."""
    return opened(place, "r")[...]


def windows(place: dict[str, Any], opened: Open, _: Any) -> Any:
    """Read parts of it that lie anywhere."""
    array = opened(place, "r")
    return [array[row : row + 100, col : col + 100] for row, col in place["corners"]]


def write(place: dict[str, Any], opened: Open, values: Any) -> Any:
    """Write all of it, under a name of its own each time."""
    place = {**place, "path": f"{place['path']}-{time.monotonic_ns()}"}
    opened(place, "w")[...] = values
    return values


WORK = {"whole": whole, "windows": windows, "write": write}


def main() -> None:
    """Do it as often as is asked, and print what the best time took."""
    library, work, text = sys.argv[1:]
    place = json.loads(text)
    found = []
    values = None
    if work == "write":
        values = np.random.default_rng(0).normal(size=place["shape"]).astype("f4")
    for _ in range(place["times"]):
        before = resource.getrusage(resource.RUSAGE_SELF)
        began = time.perf_counter()
        done = WORK[work](place, LIBRARIES[library], values)
        seconds = time.perf_counter() - began
        after = resource.getrusage(resource.RUSAGE_SELF)
        total = float(np.sum(done, dtype="f8"))
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found.append({"seconds": seconds, "cpu": cpu, "total": total})
    # the first has imports in it
    print(json.dumps(min(found[1:] or found, key=lambda each: each["seconds"])))


if __name__ == "__main__":
    main()

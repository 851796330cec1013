"""One library at one operation after the other on a bucket, for who counts its requests.

Runs in the library's own environment: ``python stores_requests_worker.py LIBRARY ENDPOINT``.
Before each operation it prints its name and waits for a line, after it another one.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import numpy as np
from stores_worker import Tensor

FIELD = np.arange(64 * 64, dtype="float32").reshape(64, 64)
GIVEN: dict[str, Any] = {"shape": (64, 64), "chunks": (16, 16), "dtype": "float32"}
KEYS = {"access_key_id": "key", "secret_access_key": "secret"}
#: Names of operations, and what does each.
Operations = Iterator[tuple[str, Callable[[], Any]]]


def ours(endpoint: str, base: str) -> Operations:
    """Give what zarrpy does."""
    import zarrpy

    options = {"endpoint": endpoint, "region": "us-east-1", **KEYS}

    def at(name: str) -> str:
        return f"s3://bucket/{base}/{name}"

    def create(name: str, **more: Any) -> Any:
        return zarrpy.create_array(at(name), storage_options=options, **{**GIVEN, **more})

    def opened(name: str, **more: Any) -> Any:
        return zarrpy.open_array(at(name), storage_options=options, **more)

    yield from created_and_worked(
        create, opened, lambda: zarrpy.create_group(at("g"), storage_options=options),
        lambda: zarrpy.open_group(at("g"), mode="r+", storage_options=options),
    )  # fmt: skip


def created_and_worked(
    create: Callable[..., Any],
    opened: Callable[..., Any],
    create_group: Callable[[], Any],
    open_group: Callable[[], Any],
) -> Operations:
    """Give what zarrpy and zarr-python do alike, by names of arrays and the group "g"."""
    yield "create an array", lambda: create("a")
    yield "create an array of Zarr v2", lambda: create("b", zarr_format=2)
    yield "create where there is one", lambda: create("a")
    yield "create or replace, nothing there", lambda: create("c", overwrite=True)
    create("d")[...] = FIELD
    yield "replace an array of 16 chunks", lambda: create("d", overwrite=True)
    yield "create a group", create_group
    root = open_group()
    yield "create an array in a group", lambda: root.create_array("x", **GIVEN)
    yield "create an array by its own address, in a group", lambda: create("g/z")
    yield "create a group in a group", lambda: root.create_group("y")
    yield "open or create, nothing there", lambda: opened("e", mode="a", zarr_format=3, **GIVEN)
    yield "open or create, there is one", lambda: opened("a", mode="a", zarr_format=3, **GIVEN)
    create("f")[...] = FIELD
    yield "open, the format is known", lambda: opened("f", mode="r", zarr_format=3)
    yield "open, the format is not known", lambda: opened("f", mode="r")
    yield "open a member of a group", lambda: root["x"]
    yield "open Zarr v2", lambda: opened("b", mode="r", zarr_format=2)
    yield (
        "open Zarr v2 and read its attributes",
        lambda: dict(opened("b", mode="r", zarr_format=2).attrs),
    )
    array = opened("f", mode="r+", zarr_format=3)
    yield from worked(array, lambda: array.append(FIELD[:16]))
    create("s", chunks=(8, 8), shards=(64, 64))[...] = FIELD
    yield from read_shards(opened("s", mode="r", zarr_format=3))
    shards = opened("s", mode="r+", zarr_format=3)
    yield "write one chunk of a shard", lambda: shards.__setitem__(np.s_[:8, :8], 2)


def worked(array: Any, append: Callable[[], Any]) -> Operations:
    """Give what is read and written of 16 chunks."""
    yield "read a window in four chunks", lambda: array[10:20, 10:20]
    yield "read all 16 chunks", lambda: array[...]
    yield "write 4 whole chunks", lambda: array.__setitem__(np.s_[:32, :32], 1)
    array[:8, :8] = 0  # what the service compares is found out once
    yield "write a part of a chunk", lambda: array.__setitem__(np.s_[:8, :8], 2)
    yield "write parts of 4 chunks", lambda: array.__setitem__(np.s_[10:20, 10:20], 2)
    yield "append 4 chunks", append


def read_shards(array: Any) -> Operations:
    """Give what is read of an array of one shard."""
    yield "read one chunk of a shard", lambda: array[:8, :8]
    yield "read another one", lambda: array[24:32, :8]
    yield "read 4 chunks of a shard", lambda: array[16:32, 40:56]
    yield "read a whole shard", lambda: array[...]


def of_zarr_python(endpoint: str, base: str) -> Operations:
    """Give what zarr-python does, by obstore."""
    import zarr
    from obstore.store import S3Store

    def store(name: str) -> Any:
        return zarr.storage.ObjectStore(
            S3Store(
                "bucket",
                prefix=f"{base}/{name}",
                endpoint=endpoint,
                region="us-east-1",
                client_options={"allow_http": True},
                **KEYS,
            )
        )

    def create(name: str, **more: Any) -> Any:
        return zarr.create_array(store(name), **{**GIVEN, **more})

    def opened(name: str, **more: Any) -> Any:
        return zarr.open_array(store(name), **more)

    yield from created_and_worked(
        create, opened, lambda: zarr.create_group(store("g")),
        lambda: zarr.open_group(store("g"), mode="r+"),
    )  # fmt: skip


class GrowingTensor(Tensor):
    """One that is appended to as well."""

    def append(self, values: Any) -> None:
        """Grow the first axis by some values."""
        rows = self.array.shape[0]
        self.array = self.array.resize(exclusive_max=[rows + len(values), None]).result()
        self[rows:] = values


def of_tensorstore(endpoint: str, base: str) -> Operations:
    """Give what tensorstore does; it has no groups, and looks at nothing above an array."""
    import tensorstore

    os.environ["AWS_ACCESS_KEY_ID"] = KEYS["access_key_id"]
    os.environ["AWS_SECRET_ACCESS_KEY"] = KEYS["secret_access_key"]

    def spec(name: str, driver: str, metadata: Any = None) -> Any:
        kvstore = {"driver": "s3", "bucket": "bucket", "path": f"{base}/{name}/"}
        kvstore |= {"endpoint": endpoint, "aws_region": "us-east-1"}
        more = {} if metadata is None else {"metadata": metadata}
        return {"driver": driver, "kvstore": kvstore, **more}

    def v3(chunks: Any = (16, 16), codecs: Any = None) -> Any:
        grid = {"name": "regular", "configuration": {"chunk_shape": list(chunks)}}
        found = {"shape": [64, 64], "data_type": "float32", "chunk_grid": grid}
        return found | ({} if codecs is None else {"codecs": codecs})

    v2 = {"shape": [64, 64], "chunks": [16, 16], "dtype": "<f4", "compressor": None}

    def create(name: str, metadata: Any = None, driver: str = "zarr3", **more: Any) -> Any:
        made = spec(name, driver, v3() if metadata is None else metadata)
        return GrowingTensor(tensorstore.open(made, create=True, **more).result())

    def opened(name: str, driver: str = "zarr3", **more: Any) -> Any:
        found = tensorstore.open(spec(name, driver), open=True, **more).result()
        return GrowingTensor(found)

    yield "create an array", lambda: create("a")
    yield "create an array of Zarr v2", lambda: create("b", v2, "zarr")
    yield "create where there is one", lambda: create("a")
    yield "create or replace, nothing there", lambda: create("c", delete_existing=True)
    create("d")[...] = FIELD
    yield "replace an array of 16 chunks", lambda: create("d", delete_existing=True)
    yield "create an array by its own address, in a group", lambda: create("g/z")
    yield "open or create, nothing there", lambda: create("e", open=True)
    yield "open or create, there is one", lambda: create("a", open=True)
    create("f")[...] = FIELD
    yield "open, the format is known", lambda: opened("f")
    yield "open, the format is not known", lambda: opened("f", "auto")
    yield "open a member of a group", lambda: opened("g/z")
    yield "open Zarr v2", lambda: opened("b", "zarr")
    array = opened("f")
    yield from worked(array, lambda: array.append(FIELD[:16]))
    inner = [{"name": "bytes", "configuration": {"endian": "little"}}]
    shard = {"name": "sharding_indexed", "configuration": {"chunk_shape": [8, 8], "codecs": inner}}
    create("s", v3((64, 64), [shard]))[...] = FIELD
    yield from read_shards(opened("s"))
    shards = opened("s")
    yield "write one chunk of a shard", lambda: shards.__setitem__(np.s_[:8, :8], 2)


LIBRARIES = {"zarrpy": ours, "zarr-python": of_zarr_python, "tensorstore": of_tensorstore}


def main() -> None:
    """Do one operation after the other, as the one who counts says."""
    library, endpoint = sys.argv[1:]
    for name, operation in LIBRARIES[library](endpoint, library):
        print(name, flush=True)
        sys.stdin.readline()
        with suppress(Exception if name == "create where there is one" else ()):
            operation()
        print("done", flush=True)
        sys.stdin.readline()


if __name__ == "__main__":
    main()

"""Store an array in other chunks, within a bound of memory."""

from __future__ import annotations

import os
import tempfile
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from zarrpy.api.like import in_layout_of
from zarrpy.api.open import open_array
from zarrpy.api.recode import Boxes
from zarrpy.array import Array
from zarrpy.config import config, parse_size
from zarrpy.creation import array_metadata
from zarrpy.display.progress import Progress
from zarrpy.engine.elsewhere import elsewhere
from zarrpy.engine.existing import OVERWRITE, exists
from zarrpy.engine.journal import WorkJournal
from zarrpy.engine.lifecycle import create_node
from zarrpy.engine.nodes import documents_of, key_of, read_node
from zarrpy.engine.operation import function
from zarrpy.engine.requests import Elsewhere, Foretell, Settle
from zarrpy.engine.resuming import stored_again
from zarrpy.engine.scattered import refuse_self
from zarrpy.engine.scheduler import check_reach, is_local, share_of_memory
from zarrpy.engine.units import Unit, carried_out
from zarrpy.errors import MetadataError, NodeExistsError, StoreError
from zarrpy.group import Group
from zarrpy.metadata.names import OURS, check_path
from zarrpy.ops.rechunk_plan import WORK, RechunkPlan, make_plan
from zarrpy.stores import LocalStore, as_store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.model import ArrayMetadata
    from zarrpy.ops.rechunk_plan import Lengths
    from zarrpy.stores.base import Store

__all__ = ["rechunk"]

#: Bytes that are used at most, unless somebody says otherwise.
MAX_MEMORY = 1 << 30
#: What one element takes in memory whose length differs, as far as anybody knows.
_VARIABLE_NBYTES = 64


@function
def rechunk(
    source: Any,
    target: Any,
    name: str | None = None,
    *,
    chunks: Any = None,
    shards: Any = None,
    max_memory: int | str | None = None,
    if_exists: str = "raise",
    dry_run: bool = False,
    progress: Any = None,
    journal: str | os.PathLike[str] | None = None,
    scheduler: Any = None,
    **keywords: Any,
) -> Steps[Array | RechunkPlan]:
    """Store an array in other chunks, shards or codecs, within a bound of memory.

    Boxes of the array are read and written one after the other. Where chunks lie so that each
    would be decoded many times, a temporary array is written in between, and each is decoded once.
    The target is there when all of it is, and not before.

    Parameters
    ----------
    source : Array, str, path-like, mutable mapping or Store
    target : Group, str, path-like, mutable mapping or Store
        Where it goes; the place of the source itself may be replaced.
    name : str, optional
        Path in the target; in a group by default the name of the source.
    chunks : int, tuple, dict or str, optional
        As of `create_array`; a dictionary names dimensions, others keep their chunks.
    shards : tuple or "auto", optional
        By default none.
    max_memory : int or str, optional
        Bytes to use at most, such as ``"2GiB"``; by default 1 GiB, or what `config.max_memory`
        says. Of texts and objects it is an estimate.
    if_exists : {"raise", "replace"}
        What to do when there is a node at the target.
    dry_run : bool
        Only say what would be done.
    progress : bool, callable or object with ``update(n)``, optional
        Who hears of each box.
    journal : str or path-like, optional
        A folder that says what is done, for work that goes on after it was killed: call again
        with the same arguments. It is removed when all is done. Until then what is at the target
        is not complete; there may be nothing before the first call.
    scheduler : {"threads", "processes"}, str or distributed.Client, optional
        Who reads and writes the boxes: this process, processes of this machine, or the workers of a
        cluster of Dask, named by a client or by the address of its scheduler. Stores must be in
        reach of them. The bound of memory holds for all processes of a machine together, or for
        each worker of a cluster.
    **keywords
        As of `create_array`; what is not said is as in the source, but for storage transformers,
        which are those that are named.

    Returns
    -------
    Array or RechunkPlan
        The new array; with `dry_run` how it would be made.

    Raises
    ------
    NodeExistsError
        When there is a node at the target.
    ConflictError
        When the journal is about other work, or the metadata of the source are others by now. That
        its elements are the same is for the caller to see to.
    LimitError
        When not even one chunk of the target goes into the memory.

    Examples
    --------
    >>> import zarrpy
    >>> array = zarrpy.create_array({}, data=[[1, 2, 3]] * 4, chunks=(1, 3))
    >>> made = rechunk(array, {}, chunks=(4, 1))
    >>> made.chunks, made[:, 2].tolist()
    ((4, 1), [3, 3, 3, 3])
    """
    if if_exists not in ("raise", "replace"):
        raise ValueError(f"if_exists must be 'raise' or 'replace', not {if_exists!r}")
    array = yield from _array(source)
    store, path = _place(array, target, name)
    if chunks is not None:
        keywords["chunks"] = _by_name(array, chunks)
    if shards is not None:
        keywords["shards"] = shards
    metadata, _ = array_metadata(**in_layout_of(array, keywords))
    refuse_self((array.store, array.path), (store, path), metadata)
    limit = parse_size(config.max_memory or MAX_MEMORY if max_memory is None else max_memory)
    check_reach(scheduler, (array.store,), (store,))
    plan, work = _planned(array, metadata, share_of_memory(scheduler, limit))
    if dry_run:
        return plan

    doing = _Doing(plan, work, progress, scheduler)
    if journal is not None:
        if if_exists == "replace":
            raise ValueError("with a journal the target is new: if_exists='raise'")
        made = Array(store, path, metadata)
        yield from doing.resumed(array, made, Path(journal))
        return made

    def content(where: str) -> Steps[None]:
        yield Foretell(where)
        yield from doing.written(array, Array(store, where, metadata))

    created = create_node(
        path, metadata, overwrite=if_exists == "replace", content=content, beside=store.of_files
    )
    try:
        yield from elsewhere(store, created)
    except NodeExistsError as error:
        if error.hint == OVERWRITE:
            error.hint = "if_exists='replace' replaces it with all that is below it"
        raise
    return Array(store, path, metadata)


def _array(source: Any) -> Steps[Array]:
    if isinstance(source, Array):
        return source
    store = as_store(source)
    return (yield from elsewhere(store, open_array.steps(store, mode="r")))


def _place(array: Array, target: Any, name: str | None) -> tuple[Store, str]:
    if not isinstance(target, Group):
        return as_store(target), check_path(name) if name else ""
    target._check_writable("store into")
    last = check_path(name) if name else array.basename
    if not last:
        raise MetadataError("the root of a store needs a name in a group: name='...'")
    return target.store, key_of(target.path, last)


def _by_name(array: Array, chunks: Any) -> Any:
    """Put chunks that are named by dimension in their order."""
    if not isinstance(chunks, dict):
        return chunks
    names = array.dimension_names or ()
    unknown = [name for name in chunks if name not in names]
    if unknown:
        raise MetadataError(
            f"chunks name {unknown[0]!r}, which is no dimension of {array.name!r}; "
            f"it has {list(names)}",
            field="chunks",
        )
    return tuple(chunks.get(name, old) for name, old in zip(names, array.chunks, strict=True))


def _planned(array: Array, metadata: ArrayMetadata, limit: int) -> tuple[RechunkPlan, int]:
    """Make the plan, and say how much memory is left for chunks in work."""
    itemsize = _VARIABLE_NBYTES if metadata.data_type.variable else array.itemsize
    grids = array.read_chunk_sizes, metadata.chunk_grid.sizes(metadata.shape)
    largest = max(prod(max(axis, default=1) for axis in lengths) for lengths in grids)
    # shards are counted whole, though only chunks of them are decoded
    work = WORK * max(largest * itemsize, array.codecs.spec.nbytes)
    reserve = max(limit // 4, min(work, limit // 4 * 3))
    plan = make_plan(array.shape, itemsize, *grids, limit, reserve)
    return plan, reserve


class _Doing:
    """A plan that is carried out, or what is left of it.

    Parameters
    ----------
    plan : RechunkPlan
    work : int
        Bytes for chunks in work.
    progress, scheduler
        As the user gave them.
    """

    def __init__(self, plan: RechunkPlan, work: int, progress: Any, scheduler: Any) -> None:
        self._plan = plan
        self._work = work
        self._told = Progress(progress, sum(each.count for each in plan.passes), "boxes")
        self._scheduler = scheduler

    def written(self, source: Array, target: Array) -> Steps[None]:
        """Do all of it; these steps are taken in the store of the target."""
        try:
            if self._plan.between is None:
                yield from self._passed(0, source, target)
                return
            beside = _beside(target.store, self._scheduler)
            with tempfile.TemporaryDirectory(prefix=f"{OURS}rechunk-", dir=beside) as folder:
                between = yield from _between(self._plan.between, source, folder)
                yield from self._passed(0, source, between)
                yield from self._passed(1, between, target)
        finally:
            self._told.close()

    def resumed(self, source: Array, target: Array, folder: Path) -> Steps[None]:
        """Do what is not done yet, as the journal says."""
        about: list[Any] = [
            [source.store.place_of(source.path), list(map(str, documents_of("", source.metadata)))],
            [target.store.place_of(target.path), list(map(str, documents_of("", target.metadata)))],
            [[list(each.shape), each.count] for each in self._plan.passes],
        ]
        journal = WorkJournal(folder, about)
        if journal.is_finished:
            journal.finish()
            return
        goes_on = journal.goes_on
        if not goes_on:
            found = yield from elsewhere(target.store, read_node(target.path))
            if found is not None:
                raise exists(target.path, found)
        journal.begin(f"rechunk {about[0][0]} to {about[1][0]}")
        try:
            yield from _required(target.store, target.path, target.metadata)
            if self._plan.between is None:
                yield from self._passed(0, source, target, journal)
            else:
                room = str(journal.room)
                between = yield from _between(self._plan.between, source, room)
                yield from self._passed(0, source, between, journal)
                yield from self._passed(1, between, target, journal)
            if goes_on:
                again = stored_again(target.path, target.metadata)
                yield from elsewhere(target.store, again)
            yield Elsewhere(target.store, Settle())
        finally:
            self._told.close()
            journal.close()
        journal.finish()

    def _passed(
        self, number: int, source: Array, target: Array, journal: WorkJournal | None = None
    ) -> Steps[None]:
        regions = enumerate(self._plan.passes[number].regions())
        steps = carried_out(
            Boxes(source, target, self._work),
            (Unit(f"{number} {i}", 1, region) for i, region in regions),
            self._told,
            scheduler=self._scheduler,
            journal=journal,
        )
        yield from elsewhere(target.store, steps)


def _beside(store: Store, scheduler: Any) -> str | None:
    """Choose where the array between goes: workers may be on other machines."""
    if is_local(scheduler) or scheduler == "processes":
        return None
    if isinstance(store, LocalStore):
        return os.path.dirname(store.root)
    raise StoreError(
        "workers of a cluster share no folder for the array between both passes",
        operation="rechunk into",
        store=store.label,
        hint="name one that they share: journal='/shared/folder'; or allow more max_memory",
    )


def _required(store: Store, path: str, metadata: ArrayMetadata) -> Steps[None]:
    """Create an array, unless work that was killed has done so."""
    found = yield from elsewhere(store, read_node(path))
    if found is None:
        yield from elsewhere(store, create_node(path, metadata, overwrite=False))
    elif documents_of(path, found) != documents_of(path, metadata):
        raise exists(path, found)


def _between(lengths: Lengths, source: Array, folder: str) -> Steps[Array]:
    """Make the array between, whose chunks end where boxes do."""
    keywords: Mapping[str, Any] = {
        "shape": source.shape,
        "dtype": source.metadata.data_type,
        "chunks": [list(axis) for axis in lengths],
        "compressors": "zstd:1" if source.metadata.data_type.variable else "blosc:lz4:1",
        "fill_value": source.metadata.fill_value,
        "zarr_format": 3,
    }
    store = LocalStore(folder)
    metadata, _ = array_metadata(**keywords)
    yield from _required(store, "", metadata)
    return Array(store, "", metadata)

"""Values that lie in other files: references as kerchunk makes them, to read what is not Zarr."""

from __future__ import annotations

import os
from threading import Lock
from typing import TYPE_CHECKING, Any

from zarrpy.config import config
from zarrpy.errors import LimitError, StoreError
from zarrpy.metadata.names import check_key
from zarrpy.stores.base import ByteRange
from zarrpy.stores.local import LocalStore
from zarrpy.stores.prefix import PrefixStore
from zarrpy.stores.reader import ReaderStore
from zarrpy.stores.reference_files import Files
from zarrpy.stores.reference_set import JsonReferences, Piece, parsed
from zarrpy.stores.remote import remote_store

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Mapping, Sequence
    from typing import Self

    from zarrpy.stores.base import Bytes, Names, Store, Values
    from zarrpy.stores.reference_set import ReferenceSet


class ReferenceStore(ReaderStore):
    """Read arrays out of files of other formats, by references that tell where each chunk is.

    Parameters
    ----------
    place : str, path-like or mapping
        A file of JSON, a folder of Parquet files, a URL of one of them, or references themselves.
    target_options : dict, optional
        Parameters of the store that has the references, when it is behind a URL.
    remote_protocol : str, optional
        Of references that name files without one: ``"s3"``, ``"https"``, ...
    remote_options : dict, optional
        Parameters of the stores that have the files; those of one protocol may be below its name.
        By default `target_options`, when the references lie behind a URL of the same protocol.
    requests : int, optional
        Requests under way at the same time; by default as `config.requests` says.
    read_only : bool
        True, as nothing can be written.

    Examples
    --------
    >>> store = ReferenceStore({"a/.zattrs": "{}", "a/0": ["s3://bucket/a.nc", 1000, 500]})
    >>> store.size("a/0")
    500
    """

    what = "a set of references"

    def __init__(
        self,
        place: Any,
        *,
        target_options: dict[str, Any] | None = None,
        remote_protocol: str | None = None,
        remote_options: dict[str, Any] | None = None,
        requests: int | None = None,
        read_only: bool = True,
    ) -> None:
        if requests is not None and requests < 1:
            raise ValueError(f"requests must be at least 1, not {requests}")
        self.place: str | Mapping[str, Any] = (
            os.fspath(place) if isinstance(place, str | os.PathLike) else place
        )
        self.read_only = True
        self._target = dict(target_options or {})
        self._protocol = remote_protocol
        self._remote = remote_options
        self._limit = requests
        self._begin()

    def _begin(self) -> None:
        self._lock = Lock()
        self._made: ReferenceSet | None = None
        base = self.place.rpartition("/")[0] if isinstance(self.place, str) else ""
        self._files = Files(base, self._protocol, self._options())

    def _options(self) -> dict[str, Any]:
        """Give the options of the files."""
        if self._remote is not None:
            return self._remote
        scheme = self.place.partition("://")[0] if isinstance(self.place, str) else ""
        return {scheme: self._target} if self._target else {}

    @classmethod
    def from_url(cls, url: str, *, read_only: bool = False, **options: Any) -> Self:
        """Make a store of a URL, or of the option ``fo`` with which fsspec names the references."""
        place = url.partition("://")[2] if url.startswith("reference:") else url
        place = place or options.pop("fo", "")
        if not place:
            raise StoreError(
                "'reference://' names no references -> 'reference://refs.json', or the option fo="
            )
        known = ("target_options", "remote_protocol", "remote_options", "requests")
        ours = {name: options.pop(name) for name in known if name in options}
        options.pop("target_protocol", None)
        if options:
            ours["target_options"] = {**options, **(ours.get("target_options") or {})}
        return cls(place, **ours)

    @property
    def requests(self) -> int:
        """Requests under way at the same time."""
        return self._limit or config.requests

    @property
    def _references(self) -> ReferenceSet:
        """The references, read when they are first needed."""
        if self._made is None:
            with self._lock:
                if self._made is None:
                    self._made = self._loaded()
        return self._made

    def _loaded(self) -> ReferenceSet:
        if not isinstance(self.place, str):
            return JsonReferences(self.place)
        try:
            folder = self.place.rstrip("/")
            if folder.lower().endswith((".parq", ".parquet")) or os.path.isdir(folder):
                from zarrpy.stores.reference_parquet import ParquetReferences

                return ParquetReferences(self._beside(folder))
            above, _, name = self.place.replace(os.sep, "/").rpartition("/")
            data = self._beside(above or ("/" if self.place.startswith("/") else ".")).get(name)
            if data is None:
                raise StoreError("there is no such file")
            return JsonReferences(parsed(data))
        except StoreError as error:
            error.fill(store=self.place, operation="open")
            raise
        except LimitError as error:
            error.fill(path=self.place)
            raise

    def _beside(self, folder: str) -> Store:
        """Give a folder as it is, whatever its name stands for."""
        if "://" not in folder:
            return LocalStore(folder, read_only=True)
        above, _, name = folder.rpartition("/")
        if above.endswith(("/", ":")):
            return remote_store(folder, True, self._target)
        return PrefixStore(remote_store(above, True, self._target), name)

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        found = self._references.find(check_key(key))
        if isinstance(found, Piece):
            try:
                return self._files.read(found, byte_range)
            except StoreError as error:
                error.fill(key=key, store=repr(self))
                raise
        return found if found is None or byte_range is None else byte_range.of(found)

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values; pieces that lie close together come with one request."""
        found: list[Any] = [self._references.find(check_key(key)) for key in keys]
        where = [i for i, each in enumerate(found) if isinstance(each, Piece)]
        if len(where) == 1:
            found[where[0]] = self.get(keys[where[0]])
        elif where:
            try:
                values = self._files.read_many([found[i] for i in where], self.requests)
            except StoreError as error:
                error.fill(key=f"{keys[where[0]]} and others", store=repr(self))
                raise
            for i, value in zip(where, values, strict=True):
                found[i] = value
        return found

    def exists(self, key: str) -> bool:
        """Whether there is a reference."""
        return self._references.find(check_key(key)) is not None

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        found = self._references.find(check_key(key))
        if isinstance(found, Piece):
            return self._files.size(found)
        return None if found is None else len(found)

    # --------------------------------------------------------------------------------- listing

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        return self._references.keys(prefix)

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix, without what lies below them."""
        return sorted(self._references.names(prefix) | {*self.list_folders(prefix)})

    def list_folders(self, prefix: str = "") -> Names:
        """List the names directly below a prefix that keys lie below."""
        below = (each for each in self._references.folders if each.startswith(prefix))
        names = (each[len(prefix) :] for each in below)
        return sorted(name for name in names if name and "/" not in name)

    # ------------------------------------------------------------------------------- describing

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by the place of the references and its path there."""
        return (
            (("reference", self.label), path) if isinstance(self.place, str) else (id(self), path)
        )

    def place_of(self, path: str) -> str:
        """Name a node as the place of the references, and what it is called there."""
        return f"{self.label}/{path}".rstrip("/")

    @property
    def label(self) -> str:
        """The place of the references."""
        return self.place if isinstance(self.place, str) else type(self).__name__

    def __getstate__(self) -> dict[str, Any]:
        """Give the place and the options; the references are read again where it comes to."""
        state = vars(self).copy()
        for name in ("_lock", "_made", "_files", "_identity"):
            state.pop(name, None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()

    def __repr__(self) -> str:
        shown = self.place if isinstance(self.place, str) else f"{len(self.place)} entries"
        return f"ReferenceStore({shown!r})"

"""Values as objects of a bucket: Amazon S3, Google Cloud Storage, Azure, and what is like them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zarrpy.config import config
from zarrpy.errors import ConflictError, StoreError
from zarrpy.metadata.names import check_key
from zarrpy.notice import warn
from zarrpy.stores.base import Store
from zarrpy.stores.in_flight import in_flight
from zarrpy.stores.object_place import connected, required, url_of
from zarrpy.stores.swap import swap

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence
    from typing import Self

    from zarrpy.stores.base import ByteRange, Bytes, Names, Signs, Values

#: Values above this are sent in parts of so many bytes.
PART_NBYTES = 8 << 20


class UnguardedUpdateWarning(UserWarning):
    """A service replaces values whatever they are, so that changes of other processes may go."""


class ObjectStore(Store):
    """Keep every value as an object of a bucket.

    Credentials and the like are options, or come from the environment by the names that the
    service's own tools have for them (``AWS_...``, ``AZURE_...``, ``GOOGLE_...``).

    Parameters
    ----------
    place : str or store of obstore
        A URL ``s3://bucket/path``, ``gs://bucket/path``, ``az://container/path`` or
        ``abfs://container@account.dfs.core.windows.net/path``; or any store that obstore makes.
    read_only : bool
        Refuse every change.
    requests : int, optional
        Requests under way at the same time; by default as `config.requests` says.
    exchanges : bool, optional
        Whether `update` asks the service to replace a value only where nobody else has replaced it
        meanwhile. By default that is done where the service can, which is known or found out with
        an object that is deleted again. True makes it an error where it cannot.
    part_nbytes : int
        Larger values are sent in parts of so many bytes.
    timeout : float, optional
        Seconds that a request may take, with its answer; 30 by default.
    retries : int, optional
        How often a request that failed for a passing reason is made again; 10 by default.
    **options
        Of the service: ``access_key_id``, ``secret_access_key``, ``token``, ``region``,
        ``endpoint``, ``account_name``, ``account_key``, ``sas_key``, ``credentials`` (a file),
        ``anonymous``, ``credential_provider``; of connections: ``allow_http``, ``proxy_url``,
        ``root_certificate``. All others that obstore knows will do, and the names that fsspec's
        file systems have for these.

    Raises
    ------
    MissingDependencyError
        When obstore is not installed.

    Examples
    --------
    >>> from obstore.store import MemoryStore
    >>> store = ObjectStore(MemoryStore())
    >>> store.set("a/b", b"1")
    >>> store.list_dir("a/")
    ['b']
    """

    def __init__(
        self,
        place: Any,
        *,
        read_only: bool = False,
        requests: int | None = None,
        exchanges: bool | None = None,
        part_nbytes: int = PART_NBYTES,
        timeout: float | None = None,
        retries: int | None = None,
        **options: Any,
    ) -> None:
        required()
        if isinstance(place, str):
            place = connected(place, options, timeout=timeout, retries=retries)
        elif options or timeout is not None or retries is not None:
            named = sorted(options) or ["timeout", "retries"]
            raise StoreError(
                f"the options {named} apply to URLs only -> give them to the store of obstore"
            )
        if requests is not None and requests < 1:
            raise ValueError(f"requests must be at least 1, not {requests}")
        self.client = place
        self.read_only = read_only
        self.part_nbytes = part_nbytes
        self._limit = requests
        self._wanted = exchanges
        self._begin()

    @classmethod
    def from_url(cls, url: str, *, read_only: bool = False, **options: Any) -> Self:
        """Make a store of a URL."""
        return cls(url, read_only=read_only, **options)

    def _begin(self) -> None:
        from zarrpy.stores.object_client import Bucket

        self._bucket = Bucket(self.client, self.part_nbytes)
        self._start = str(getattr(self.client, "prefix", None) or "").strip("/")

    @property
    def requests(self) -> int:
        """Requests under way at the same time."""
        return self._limit or config.requests

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        return self._bucket.read(check_key(key), byte_range)[0]

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values at the same time."""
        return in_flight(self.get, keys, self.requests)

    def get_versioned(
        self, key: str, byte_range: ByteRange | None = None, version: Hashable | None = None
    ) -> tuple[Bytes | None, Hashable | None]:
        """Read a value or a part of it, and tell which version that is of."""
        value, found = self._bucket.read(check_key(key), byte_range)
        if version is not None and found != version:
            raise ConflictError("it was replaced meanwhile", key=key, operation="get")
        return value, found

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return self._bucket.head(check_key(key)) is not None

    def present(self, keys: Sequence[str]) -> Signs:
        """Tell which of several keys have values: by one listing, where they lie together."""
        return self._bucket.present([check_key(key) for key in keys], self.requests)

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        found = self._bucket.head(check_key(key))
        return None if found is None else found["size"]

    def list(self, prefix: str = "") -> Iterator[str]:
        """Yield the keys that start with `prefix`."""
        return (key for key, _ in self._bucket.keys(prefix))

    def list_sizes(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """Yield the keys that start with `prefix`, each with the bytes of its value."""
        return self._bucket.keys(prefix)

    def list_dir(self, prefix: str = "") -> Names:
        """List the names directly below a prefix, without what lies below them."""
        folders, keys = self._bucket.level(prefix)
        return sorted(folders | keys)

    def list_folders(self, prefix: str = "") -> Names:
        """List those names of `list_dir` that keys lie below."""
        return sorted(self._bucket.level(prefix)[0])

    # --------------------------------------------------------------------------------- writing

    def set(self, key: str, value: Bytes) -> None:
        """Replace a value."""
        self.check_writable("set", key)
        self._bucket.write(check_key(key), value)

    def set_new(self, key: str, value: Bytes) -> bool:
        """Store a value where there is none: the service looks, where it does such a thing."""
        self.check_writable("set", key)
        if self._wanted is False:
            return super().set_new(key, value)
        return self._bucket.create(check_key(key), value)

    def set_many(self, keys: Sequence[str], values: Sequence[Bytes | None]) -> None:
        """Replace several values at the same time; None deletes the key."""
        if keys:
            self.check_writable("set", keys[0])
        pairs = list(zip(map(check_key, keys), values, strict=True))
        kept = [(key, value) for key, value in pairs if value is not None]
        in_flight(lambda pair: self._bucket.write(*pair), kept, self.requests, finish=True)
        self._bucket.delete([key for key, value in pairs if value is None], self.requests)

    def update(self, key: str, change: Callable[[Bytes | None], Bytes | None]) -> None:
        """Replace a value by what `change` makes of it, whoever else does so at the same time.

        `change` may be called several times.
        """
        self.check_writable("update", key)
        check_key(key)
        if self._exchanges():
            swap(
                key,
                lambda: self._bucket.read(key),
                lambda value, version: self._bucket.exchange(key, value, version),
                change,
            )
        else:
            self.set_many([key], [change(self._bucket.read(key)[0])])

    @property
    def guards(self) -> bool:
        """Whether the service compares a value before it replaces it, as far as that is wanted."""
        return not self.read_only and self._exchanges()

    @property
    def guards_deletions(self) -> bool:
        """False: obstore deletes without a condition."""
        return False

    def _exchanges(self) -> bool:
        if self._wanted is False:
            return False
        found_out = self._bucket.place.exchanges is None
        able = self._bucket.exchanges
        if not able and self._wanted:
            raise StoreError(
                "the service does not compare a value before it replaces it",
                store=repr(self),
                operation="update",
                hint="exchanges=False goes without",
            )
        if not able and found_out:
            warn(
                f"{self!r} replaces values without comparing them first: what several processes "
                "change in one document at the same time may be lost -> let one of them change "
                "documents; exchanges=False says that you know",
                UnguardedUpdateWarning,
            )
        return able

    def delete(self, key: str) -> None:
        """Delete an object."""
        self.check_writable("delete", key)
        self._bucket.delete([check_key(key)], 1)

    def delete_prefix(self, prefix: str) -> None:
        """Delete all objects whose keys start with `prefix`, many with each request."""
        self.check_writable("delete", prefix)
        self._bucket.delete(list(self.list(prefix)), self.requests)

    def rename(self, key: str, new: str, *, replace: bool = True) -> bool:
        """Give a value another key, by a copy that the service makes."""
        self.check_writable("rename", key)
        check_key(new)
        if (not replace and self.exists(new)) or not self._bucket.copy(check_key(key), new):
            return False
        self._bucket.delete([key], 1)
        return True

    # ------------------------------------------------------------------------------- describing

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by its bucket and its path there."""
        (name,) = self.lock_names([path])
        return self._bucket.place.name, name

    def identity(self, key: str) -> Hashable:
        """Tell where a value is and which version of it that is."""
        version = self._bucket.version(check_key(key))
        return super().identity(key) if version is None else (*self.locus(key), version)

    @property
    def lock_scope(self) -> int:
        """All stores of one bucket share their locks."""
        return id(self._bucket.place)

    @property
    def other_processes(self) -> str:
        """Everything, but for what is in memory."""
        return "none" if type(self.client).__name__ == "MemoryStore" else "write"

    def lock_names(self, keys: Sequence[str]) -> Sequence[str]:
        """Name keys as they are in the bucket."""
        start = self._start
        return [f"{start}/{key}".strip("/") for key in keys] if start else keys

    def place_of(self, path: str) -> str:
        """Name a node as a URL."""
        return f"{self.label}/{path}".rstrip("/")

    @property
    def label(self) -> str:
        """The URL, without credentials."""
        return url_of(self.client)

    def __getstate__(self) -> dict[str, Any]:
        """Give the client, which goes as its configuration, and the options."""
        state = vars(self).copy()
        for name in ("_bucket", "_start", "_identity"):
            state.pop(name, None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._begin()

    def __repr__(self) -> str:
        return f"ObjectStore({self.label!r})"


def of_obstore(place: Any, read_only: bool = False) -> Store:
    """Make a store of one of obstore; a directory needs no service to stand before it."""
    if type(place).__name__ == "LocalStore":
        from zarrpy.stores.local import LocalStore

        return LocalStore(place.prefix or "/", read_only=read_only)
    return ObjectStore(place, read_only=read_only)

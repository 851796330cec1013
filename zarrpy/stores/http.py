"""Values behind a web server: read-only, in ranges, by connections that are used again."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit, urlunsplit

from zarrpy.config import config
from zarrpy.errors import ConflictError, StoreError
from zarrpy.metadata.names import check_key
from zarrpy.stores.base import ByteRange
from zarrpy.stores.in_flight import in_flight
from zarrpy.stores.reader import ReaderStore

if TYPE_CHECKING:
    import ssl
    from collections.abc import Hashable, Iterator, Mapping, Sequence
    from typing import Self

    from zarrpy.stores.base import Bytes, Names, Values
    from zarrpy.stores.http_client import Client
    from zarrpy.stores.http_exchange import Answer


class HTTPStore(ReaderStore):
    """Read values from any web server: each key is a path below a URL.

    A web server lists nothing, so that arrays are opened by their paths, and groups know their
    members by consolidated metadata.

    Parameters
    ----------
    url : str
        ``https://host/path``; user and password in it are sent as such, and what comes after a
        question mark is added to each request.
    headers : mapping of str to str, optional
        Sent with each request.
    requests : int, optional
        Requests under way at the same time; by default as `config.requests` says.
    timeout : float
        Seconds to wait for a server that sends nothing.
    retries : int
        How often a request that failed for a passing reason is made again: the connection broke, or
        the server said 408, 425, 429, 500, 502, 503 or 504.
    missing_status : sequence of int
        What the server answers for a key that does not exist; everything else is an error.
    context : ssl.SSLContext, optional
        Certificates to believe.
    read_only : bool
        True, as nothing can be written.

    Examples
    --------
    >>> HTTPStore("https://example.org/data.zarr", retries=5)
    HTTPStore('https://example.org/data.zarr')
    """

    what = "a web server"

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        requests: int | None = None,
        timeout: float = 30,
        retries: int = 3,
        missing_status: Sequence[int] = (404, 410),
        context: ssl.SSLContext | None = None,
        read_only: bool = True,
    ) -> None:
        parts = urlsplit(url)
        if parts.scheme.lower() not in ("http", "https") or not parts.hostname:
            raise StoreError(f"{url!r} is no URL of a web server -> https://host/path")
        if requests is not None and requests < 1:
            raise ValueError(f"requests must be at least 1, not {requests}")
        netloc = parts.netloc.rpartition("@")[2]
        path = parts.path.rstrip("/")
        self.url = urlunsplit((parts.scheme.lower(), netloc, path, "", ""))
        self.read_only = True
        self._query = f"?{parts.query}" if parts.query else ""
        self._given = url
        self._headers = dict(headers or {})
        self._limit = requests
        self._timeout = timeout
        self._retries = retries
        self._missing = tuple(missing_status)
        self._context = context
        self._made: Client | None = None

    @classmethod
    def from_url(cls, url: str, *, read_only: bool = False, **options: Any) -> Self:
        """Make a store of a URL, which is never written to."""
        return cls(url, **options)

    @property
    def _client(self) -> Client:
        """What makes the requests, loaded with the first."""
        if self._made is None:
            from zarrpy.stores.http_client import Client

            self._made = Client(
                self._given,
                self._headers,
                timeout=self._timeout,
                retries=self._retries,
                most=self.requests,
                context=self._context,
            )
        return self._made

    @property
    def requests(self) -> int:
        """Requests under way at the same time."""
        return self._limit or config.requests

    # --------------------------------------------------------------------------------- reading

    def get(self, key: str, byte_range: ByteRange | None = None) -> Bytes | None:
        """Read a value or a part of it."""
        return self._read(check_key(key), byte_range)[0]

    def get_many(self, keys: Sequence[str]) -> Values:
        """Read several whole values at the same time."""
        return in_flight(self.get, keys, self.requests)

    def get_versioned(
        self, key: str, byte_range: ByteRange | None = None, version: Hashable | None = None
    ) -> tuple[Bytes | None, Hashable | None]:
        """Read a value or a part of it, with its version where the server tells one."""
        value, found = self._read(check_key(key), byte_range)
        if version is not None and found != version:
            raise ConflictError("it was replaced meanwhile", key=key, operation="get")
        return value, found

    def _read(self, key: str, byte_range: ByteRange | None) -> tuple[Bytes | None, str | None]:
        if byte_range is not None and byte_range.length == 0:
            size, version = self._head(key)
            return (None if size is None else b""), version
        headers = {} if byte_range is None else {"Range": _asked(byte_range)}
        answer = self._answer("GET", key, headers)
        if answer is None:
            return None, None
        version = _version(answer)
        body = memoryview(answer.body)
        if answer.status == 416 and byte_range is not None:
            size = _size_in(answer.headers.get("content-range"))
            if size is None:
                size = self._head(key)[0]
            start, stop = byte_range.within(size or 0)
            if start == stop:
                return (None if size is None else b""), version
        if byte_range is None or answer.status == 200:  # the whole value, asked for or not
            if answer.status == 200:
                return (body if byte_range is None else byte_range.of(body)), version
        elif answer.status == 206:
            self._check_part(key, byte_range, answer)
            at_end = byte_range.offset < 0 <= byte_range.length
            return (byte_range.of(body) if at_end else body), version
        raise self._refused("get", key, answer)

    def _check_part(self, key: str, byte_range: ByteRange, answer: Answer) -> None:
        """Compare what a server says that it sent with what was asked and what came."""
        told = answer.headers.get("content-range", "")
        size = _size_in(told)
        first, _, last = told.removeprefix("bytes ").partition("/")[0].partition("-")
        if not (first.isdecimal() and last.isdecimal()):
            raise self._wrong(key, f"the server sent a part, but does not say which ({told!r})")
        start, stop = int(first), int(last) + 1
        if byte_range.offset >= 0:
            wanted = byte_range.within(size if size is not None else stop)
        else:
            wanted = ByteRange(byte_range.offset).within(size if size is not None else stop)
        if (start, stop) != wanted and not (size is None and byte_range.offset < 0):
            raise self._wrong(key, f"asked for {_asked(byte_range)}, the server sent {told!r}")
        if len(answer.body) != stop - start:
            short = f"the answer ends after {len(answer.body)} of {stop - start} bytes"
            raise self._wrong(key, short)

    def _head(self, key: str) -> tuple[int | None, str | None]:
        """Ask for the size and version of a value; None and None when the key does not exist."""
        answer = self._answer("HEAD", key, {})
        if answer is None:
            return None, None
        length = answer.headers.get("content-length")
        if answer.status == 200 and length is not None:
            return int(length), _version(answer)
        answer = self._answer("GET", key, {})  # some servers know nothing of HEAD
        if answer is None:
            return None, None
        if answer.status != 200:
            raise self._refused("look for", key, answer)
        return len(answer.body), _version(answer)

    def exists(self, key: str) -> bool:
        """Whether a key has a value."""
        return self._head(check_key(key))[0] is not None

    def size(self, key: str) -> int | None:
        """Tell the bytes of a value."""
        return self._head(check_key(key))[0]

    def version(self, key: str) -> Hashable | None:
        """None: it would take a request of its own for each chunk."""
        return None

    def _answer(self, method: str, key: str, headers: dict[str, str]) -> Answer | None:
        """Make a request; None when there is no such key."""
        url = f"{self.url}/{quote(key)}{self._query}"
        try:
            answer = self._client.answer(method, url, headers)
        except StoreError as error:
            error.fill(store=repr(self), key=key, operation="get")
            raise
        if answer.status in self._missing:
            return None
        if answer.headers.get("content-encoding", "identity") != "identity":
            raise self._wrong(key, "the server compresses values though asked not to")
        return answer

    def _wrong(self, key: str, words: str, **fields: Any) -> StoreError:
        return StoreError(words, store=repr(self), key=key, operation="get", **fields)

    def _refused(self, operation: str, key: str, answer: Answer) -> StoreError:
        denied = answer.status in (401, 403)
        return StoreError(
            f"the server answers {answer.status} {answer.reason}".rstrip(),
            store=repr(self),
            key=key,
            operation=operation,
            errno=errno.EACCES if denied else None,
            hint="give headers=, or missing_status= if it says so of what is absent"
            if denied
            else None,
        )

    # ---------------------------------------------------------------------- what cannot be done

    def list(self, prefix: str = "") -> Iterator[str]:
        """Refuse: a web server lists nothing."""
        raise StoreError(
            "a web server lists nothing",
            store=repr(self),
            key=prefix,
            operation="list",
            errno=errno.ENOTSUP,
            hint="open arrays by their paths, or consolidate the metadata where the store is made",
        )

    def list_dir(self, prefix: str = "") -> Names:
        """Refuse: a web server lists nothing."""
        return [*self.list(prefix)]

    # ------------------------------------------------------------------------------- describing

    @property
    def way_to_write(self) -> str:
        """Copy arrays, whose chunks are known without a listing."""
        return "copy an array with zarrpy.copy to where it can be written, and change the copy"

    def locus(self, path: str) -> tuple[Hashable, str]:
        """Name a node by the URL and its path there."""
        return self.url + self._query, path

    def place_of(self, path: str) -> str:
        """Name a node as a URL."""
        return f"{self.url}/{path}".rstrip("/")

    @property
    def label(self) -> str:
        """The URL, without what may be secret in it."""
        return self.url

    def close(self) -> None:
        """Close the connections; the store can be used again afterwards."""
        if self._made is not None:
            self._made.close()

    def __getstate__(self) -> dict[str, Any]:
        """Give the URL and the options; each process has connections of its own."""
        return {**vars(self), "_made": None}

    def __repr__(self) -> str:
        return f"HTTPStore({self.url!r})"


def _asked(byte_range: ByteRange) -> str:
    offset, length = byte_range
    if offset < 0:
        return f"bytes={offset}"
    return f"bytes={offset}-" if length < 0 else f"bytes={offset}-{offset + length - 1}"


def _size_in(content_range: str | None) -> int | None:
    """Take the size of the whole value out of a header."""
    size = (content_range or "").rpartition("/")[2]
    return int(size) if size.isdecimal() else None


def _version(answer: Answer) -> str | None:
    """Tell a version by its tag; a weak one does not tell bytes apart."""
    tag = answer.headers.get("etag")
    return None if tag is None or tag.startswith("W/") else tag

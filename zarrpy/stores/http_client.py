"""Requests to web servers: made again when that may help, and where the server says."""

from __future__ import annotations

import random
import socket
import time
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from zarrpy.errors import StoreError
from zarrpy.stores.http_connections import Connections, Origin, authorization

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from zarrpy.stores.http_exchange import Answer

#: What a server says that may answer better in a while.
PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))
_REDIRECTS = frozenset((301, 302, 303, 307, 308))
_MOST_REDIRECTS = 5
_FIRST_SECONDS, _LONGEST_SECONDS = 0.1, 10.0


class Client:
    """Makes requests and waits for their answers; many threads may do so at once.

    Parameters
    ----------
    url : str
        Where it begins; user and password in it are sent to that server.
    headers : mapping of str to str
        Sent with each request.
    timeout : float
        Seconds to wait for a server that sends nothing.
    retries : int
        How often a request that failed for a passing reason is made again.
    most : int
        Connections to a server that are kept while nobody uses them.
    context : SSLContext, optional
        Certificates to believe.
    """

    def __init__(
        self,
        url: str,
        headers: Mapping[str, str],
        *,
        timeout: float,
        retries: int,
        most: int,
        context: ssl.SSLContext | None,
    ) -> None:
        self._timeout = timeout
        self._retries = retries
        self._most = most
        self._context = context
        self._known: dict[Origin, Connections] = {}
        #: Headers that other servers than the first are not told.
        self._own = {**authorization(url), **headers}
        self._sent = {
            "Accept-Encoding": "identity",  # ranges are of what is stored
            "User-Agent": "zarrpy",
            **self._own,
        }

    def answer(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        """Make a request, again if it failed for a passing reason.

        Raises
        ------
        StoreError
            When it failed each time; with the number of attempts.
        """
        attempt = 0
        while True:
            attempt += 1
            wanted = None
            try:
                answer = self._followed(method, url, {**self._sent, **headers})
            except (OSError, HTTPException) as error:
                if attempt > self._retries:
                    words = str(error) or type(error).__name__
                    hint = _advice(error, url)
                    raise StoreError(words, attempts=attempt, transient=True, hint=hint) from error
            else:
                if answer.status not in PASSING:
                    return answer
                if attempt > self._retries:
                    words = f"the server answers {answer.status} {answer.reason}".rstrip()
                    raise StoreError(words, attempts=attempt, transient=True)
                wanted = answer.headers.get("retry-after")
            time.sleep(_pause(attempt, wanted))

    def _followed(self, method: str, url: str, headers: Mapping[str, str]) -> Answer:
        """Make a request where the server says that it should be made."""
        for _ in range(_MOST_REDIRECTS + 1):
            connections = self._connections(url)
            parts = urlsplit(url)
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            answer = connections.request(method, target, headers)
            elsewhere = answer.headers.get("location")
            if answer.status not in _REDIRECTS or elsewhere is None:
                return answer
            url = urljoin(url, elsewhere)
            if self._connections(url) is not connections:
                headers = {name: headers[name] for name in headers if name not in self._own}
        raise OSError(f"the server sends us on and on, at last to {url!r}")

    def _connections(self, url: str) -> Connections:
        origin = Origin.of(url)
        if origin.scheme not in ("http", "https"):
            raise OSError(f"the server sends us to {url!r}")
        found = self._known.get(origin)
        if found is None:
            made = Connections(origin, self._timeout, self._most, self._context)
            found = self._known.setdefault(origin, made)
        return found

    def close(self) -> None:
        """Close the connections that nobody uses."""
        for connections in self._known.values():
            connections.close()


def _advice(error: Exception, url: str) -> str | None:
    """Say what helps where no server answers; without what may be secret in the address."""
    if isinstance(error, socket.gaierror):
        return "no host has this name: correct the address, or look whether there is a network"
    if isinstance(error, ConnectionRefusedError):
        parts = urlsplit(url)
        place = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"
        return f"no server answers there: start it, or correct the address; curl -I {place} asks"
    return "timeout= waits longer" if isinstance(error, TimeoutError) else None


def _pause(attempt: int, wanted: str | None) -> float:
    """Seconds until the next attempt: what the server asks for, or more each time."""
    if wanted is not None and wanted.strip().isdecimal():
        return min(float(wanted), _LONGEST_SECONDS)
    return random.uniform(0.5, 1) * min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** (attempt - 1))

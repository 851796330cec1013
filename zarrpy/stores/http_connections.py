"""Connections to web servers that are kept and used again, by one thread at a time."""

from __future__ import annotations

import base64
import http.client
import os
import threading
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote, urlsplit
from weakref import finalize

from zarrpy.stores.http_exchange import exchanged, request_text

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

    from zarrpy.stores.http_exchange import Answer


class Origin(NamedTuple):
    """What of a URL says which server it is of."""

    scheme: str
    host: str
    port: int | None

    @classmethod
    def of(cls, url: str) -> Origin:
        """Cut it out of a URL."""
        parts = urlsplit(url)
        return cls(parts.scheme.lower(), parts.hostname or "", parts.port)

    @property
    def netloc(self) -> str:
        """Host and port as in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        host = host if host.isascii() else host.encode("idna").decode()
        return host if self.port is None else f"{host}:{self.port}"


class Connections:
    """Connections to one server.

    Parameters
    ----------
    origin : Origin
    timeout : float
        Seconds to wait for a server that sends nothing.
    most : int
        Idle connections that are kept.
    context : SSLContext, optional
        Certificates to believe.
    """

    def __init__(
        self, origin: Origin, timeout: float, most: int, context: ssl.SSLContext | None
    ) -> None:
        self.origin = origin
        self._timeout = timeout
        self._most = most
        self._context = context
        self._proxy = _proxy_of(origin)
        self._begin()

    def _begin(self) -> None:
        self._process = os.getpid()
        self._lock = threading.Lock()
        self._idle: list[http.client.HTTPConnection] = []
        finalize(self, _close_all, self._idle)

    def request(self, method: str, target: str, headers: Mapping[str, str]) -> Answer:
        """Send a request and wait for all of its answer.

        A connection that the server has closed while nobody used it is replaced by another one.

        Raises
        ------
        OSError, http.client.HTTPException
        """
        while True:
            connection = self._idle_one()
            known = connection is not None
            connection = connection or self._new()
            try:
                return self._exchanged(connection, method, target, headers)
            except (http.client.RemoteDisconnected, ConnectionError, http.client.BadStatusLine):
                connection.close()
                if not known:
                    raise
            except BaseException:
                connection.close()
                raise

    def _exchanged(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        headers: Mapping[str, str],
    ) -> Answer:
        if self._proxy is not None and self.origin.scheme == "http":
            target = f"http://{self.origin.netloc}{target}"
            headers = {**headers, **authorization(self._proxy, "Proxy-Authorization")}
        request = request_text(method, target, self.origin.netloc, headers)
        if connection.sock is None:
            connection.connect()
        answer = exchanged(connection.sock, method, request)
        if answer.lasts:
            self._keep(connection)
        else:
            connection.close()
        return answer

    def _idle_one(self) -> http.client.HTTPConnection | None:
        if os.getpid() != self._process:  # those of the parent are the parent's
            self._begin()
        with self._lock:
            return self._idle.pop() if self._idle else None

    def _keep(self, connection: http.client.HTTPConnection) -> None:
        with self._lock:
            if len(self._idle) < self._most:
                self._idle.append(connection)
                return
        connection.close()

    def _new(self) -> http.client.HTTPConnection:
        proxy = self._proxy
        via = self.origin if proxy is None else Origin.of(proxy)
        if self.origin.scheme == "https":
            secure = http.client.HTTPSConnection(
                via.host, via.port, timeout=self._timeout, context=self._context
            )
            if proxy is not None:
                headers = authorization(proxy, "Proxy-Authorization")
                secure.set_tunnel(self.origin.host, self.origin.port, headers)
            return secure
        return http.client.HTTPConnection(via.host, via.port, timeout=self._timeout)

    def close(self) -> None:
        """Close what is idle."""
        if os.getpid() != self._process:
            self._begin()
        with self._lock:
            _close_all(self._idle)


def _close_all(idle: list[http.client.HTTPConnection]) -> None:
    while idle:
        idle.pop().close()


def _proxy_of(origin: Origin) -> str | None:
    """Find the proxy that the environment names for a server."""
    if not any(name.lower().endswith("_proxy") for name in os.environ):
        return None
    from urllib.request import (  # type: ignore[attr-defined]
        getproxies_environment,
        proxy_bypass_environment,
    )

    proxy = getproxies_environment().get(origin.scheme)
    return None if proxy is None or proxy_bypass_environment(origin.netloc) else proxy


def authorization(url: str, header: str = "Authorization") -> dict[str, str]:
    """Make a header of the user and password in a URL."""
    parts = urlsplit(url)
    if parts.username is None:
        return {}
    words = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {header: "Basic " + base64.b64encode(words.encode()).decode()}

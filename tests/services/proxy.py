"""A server between a client and another one: it counts, and does wrong on request."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import urlsplit


class Seen(NamedTuple):
    """One request."""

    method: str
    path: str
    byte_range: str | None


#: What moto takes for one, as it compares none.
SIGNATURE = (
    "AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
)

#: Given a request, a status to answer with instead of asking the other server; None: ask it.
Fault = Callable[[Seen], int | None]


class Proxy:
    """What a proxy has seen, and what it is to do wrong.

    Attributes
    ----------
    url : str
    seen : list of Seen
    fault : callable or None
    signs : bool
        Whether requests without a signature get one.
    cut : int
        So many bytes of each body are not sent, though announced.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        self.seen: list[Seen] = []
        self.fault: Fault | None = None
        self.cut = 0
        self.body = b""
        self.signs = False
        self.dropped: frozenset[str] = frozenset()

    @contextmanager
    def dropping(self, *names: str) -> Iterator[None]:
        """Keep some headers from the other server."""
        self.dropped = frozenset(name.lower() for name in names)
        yield
        self.dropped = frozenset()

    def forget(self) -> None:
        """Begin to count anew, and do nothing wrong any more."""
        self.seen.clear()
        self.fault, self.cut, self.body = None, 0, b""

    def of(self, method: str) -> list[Seen]:
        """Requests of one method."""
        return [each for each in self.seen if each.method == method]


@contextmanager
def proxy_to(target: str) -> Iterator[Proxy]:
    """Stand before another server."""
    netloc = urlsplit(target).netloc
    local = threading.local()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(length)
            seen = Seen(self.command, self.path, self.headers.get("Range"))
            proxy.seen.append(seen)
            status = proxy.fault(seen) if proxy.fault is not None else None
            if status is not None:
                self.send_response(status)
                self.send_header("Content-Length", str(len(proxy.body)))
                self.end_headers()
                self.wfile.write(proxy.body)
                return
            self.hand_on(body)

        def hand_on(self, body: bytes) -> None:
            if not hasattr(local, "connection"):
                local.connection = http.client.HTTPConnection(netloc, timeout=60)
            left_out = {"host", *proxy.dropped}
            headers = {k: v for k, v in self.headers.items() if k.lower() not in left_out}
            if proxy.signs and not self.headers.get("Authorization"):
                headers["Authorization"] = SIGNATURE
            local.connection.request(self.command, self.path, body or None, headers)
            answer = local.connection.getresponse()
            data = answer.read()
            self.send_response(answer.status, answer.reason)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "connection", "server", "date"):
                    self.send_header(name, value)
            if answer.getheader("Content-Length") is None:
                self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data[: len(data) - proxy.cut] if proxy.cut else data)
            if proxy.cut:
                self.close_connection = True

        do_GET = do_PUT = do_HEAD = do_POST = do_DELETE = handle_any  # noqa: N815

        def log_message(self, *args: Any) -> None:
            return

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *args: Any) -> None:
            return  # a client that goes away is none of our concern

    server = Server(("127.0.0.1", 0), Handler)
    proxy = Proxy(f"http://127.0.0.1:{server.server_address[1]}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

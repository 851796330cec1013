"""A web server of a directory on this machine, that may be told to behave badly."""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit


class Site:
    """What a server does, and what it was asked.

    Attributes
    ----------
    url : str
    root : Path
        Its files.
    seen : list of (str, str, dict)
        Method, path with query, and headers of each request.
    connections : int
        How many were made.
    ranges, tags, heads : bool
        Whether it gives parts, tells versions, and knows the method HEAD.
    statuses : list of int
        To answer the next requests with, whatever they are.
    answers : dict
        Headers to add to each answer, or to replace.
    short : int
        Bytes of each body that are announced, and not sent.
    drop : int
        Requests to hang up on.
    """

    def __init__(self, url: str, root: Path) -> None:
        self.url = url
        self.root = root
        self.seen: list[tuple[str, str, dict[str, str]]] = []
        self.connections = 0
        self.behave()

    def behave(self) -> None:
        """Do all as it should be."""
        self.ranges = self.tags = self.heads = True
        self.statuses: list[int] = []
        self.answers: dict[str, str] = {}
        self.short = self.drop = 0

    def methods(self) -> list[str]:
        """Methods of the requests, in their order."""
        return [method for method, _, _ in self.seen]


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def setup(self) -> None:
            super().setup()
            site.connections += 1

        def do_GET(self) -> None:
            site.seen.append((self.command, self.path, dict(self.headers.items())))
            if site.drop:
                site.drop -= 1
                self.close_connection = True
                return
            if site.statuses:
                self.answer(site.statuses.pop(0), b"")
                return
            path = site.root / unquote(urlsplit(self.path).path).lstrip("/")
            if not path.is_file():
                self.answer(404, b"no such file")
            elif self.command == "HEAD" and not site.heads:
                self.answer(405, b"")
            else:
                self.send_value(path.read_bytes())

        do_HEAD = do_GET  # noqa: N815

        def send_value(self, value: bytes) -> None:
            tag = hashlib.md5(value).hexdigest()
            headers = {"ETag": f'"{tag}"'} if site.tags else {}
            asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
            if asked is None or not site.ranges or self.command == "HEAD":
                self.answer(200, value, headers)
                return
            first, last = asked.groups()
            start = int(first) if first else max(0, len(value) - int(last))
            stop = min(int(last) + 1, len(value)) if first and last else len(value)
            if start >= len(value):
                self.answer(416, b"", {"Content-Range": f"bytes */{len(value)}"})
                return
            place = f"bytes {start}-{stop - 1}/{len(value)}"
            self.answer(206, value[start:stop], {**headers, "Content-Range": place})

        def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, text in {**(headers or {}), **site.answers}.items():
                self.send_header(name, text)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body[: len(body) - site.short])
                if site.short:
                    self.close_connection = True

        def log_message(self, *args: Any) -> None:
            return

    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, *args: Any) -> None:
        return  # a client that goes away is none of its concern


@contextmanager
def serving(root: Path) -> Iterator[Site]:
    """Serve a directory until the block is left."""
    site = Site("", root)
    server = _Server(("127.0.0.1", 0), _handler(site))
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

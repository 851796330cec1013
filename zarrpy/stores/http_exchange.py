"""One request and its answer over a connection, without the many small objects of `http.client`.

The standard library parses headers as those of mail and reads an answer line by line, which takes
longer than the server needs.  Here the head of an answer comes with one call and its body with
another one, into the memory that becomes the value.  What is no HTTP raises what it does there, so
that attempts are made again for the same reasons.
"""

from __future__ import annotations

import re
from http.client import BadStatusLine, HTTPException, IncompleteRead, RemoteDisconnected
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import socket
    from collections.abc import Mapping

    from zarrpy.stores.base import Bytes

#: Bytes that are asked for with the head of an answer: a small value comes with it.
_FIRST_NBYTES = 80 << 10
_MOST_HEAD_NBYTES = 64 << 10
#: Memory that is taken for a body before any of it has come.
_MOST_AHEAD_NBYTES = 32 << 20
_STATUS = re.compile(rb"HTTP/1\.([01]) ([1-5]\d\d)(?: ([^\r\n]*))?\Z")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_NUMBERS = {10: re.compile(r"[0-9]{1,18}"), 16: re.compile(r"[0-9A-Fa-f]{1,15}")}
_UNFIT_TARGET = re.compile(r"[^!-~]")
_UNFIT_VALUE = re.compile(r"[\0\r\n]")


class Answer(NamedTuple):
    """What a server sent: all of it, or it would be an exception, where it says how long it is.

    Attributes
    ----------
    status : int
    reason : str
    headers : dict
        By names in small letters; of several of one name the first counts.
    body : bytes-like
    lasts : bool
        Whether the connection takes another request.
    """

    status: int
    reason: str
    headers: dict[str, str]
    body: Bytes
    lasts: bool


def request_text(method: str, target: str, host: str, headers: Mapping[str, str]) -> bytes:
    """Write a request that has no body.

    Raises
    ------
    HTTPException
        When a URL or a header has what would end it.
    """
    if _UNFIT_TARGET.search(target):
        raise HTTPException(f"the URL has a character that none may have: {target!r}")
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}"]
    for name, value in headers.items():
        if _UNFIT_VALUE.search(value) or _UNFIT_TARGET.search(name) or ":" in name:
            raise HTTPException(f"{name!r} is no header that can be sent")
        lines.append(f"{name}: {value}")
    try:
        return "\r\n".join([*lines, "\r\n"]).encode("latin-1")
    except UnicodeEncodeError as error:
        raise HTTPException(f"a header has {error.object[error.start]!r} in it") from error


def exchanged(connection: socket.socket, method: str, request: bytes) -> Answer:
    """Send a request and wait for all of its answer.

    Raises
    ------
    OSError, http.client.HTTPException
    """
    connection.sendall(request)
    stream = _Stream(connection)
    status = 100
    while status < 200:  # what begins with 1 only says that an answer will come
        version, status, reason, headers = _parsed(stream.head())
    body, ends = _body(stream, method, status, headers)
    words = headers.get("connection", "").lower()
    lasts = ends and not stream.left and (version == b"1" or "keep-alive" in words)
    return Answer(status, reason, headers, body, lasts and "close" not in words)


def _parsed(head: bytes) -> tuple[bytes, int, str, dict[str, str]]:
    """Read the lines of a head."""
    first, *lines = head.split(b"\n")
    found = _STATUS.match(first.rstrip(b"\r"))
    if found is None:
        raise BadStatusLine(first[:100].decode("latin-1"))
    version, status, reason = found.groups()
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if colon:
            headers.setdefault(name.lower(), value.strip())
    return version, int(status), (reason or b"").decode("latin-1").strip(), headers


def _body(stream: _Stream, method: str, status: int, headers: dict[str, str]) -> tuple[Bytes, bool]:
    """Read a body, and tell whether its end was said otherwise than by closing the connection."""
    if method == "HEAD" or status in (204, 304):
        return b"", True
    if headers.get("transfer-encoding", "identity").lower() != "identity":
        if headers["transfer-encoding"].lower() != "chunked":
            raise HTTPException(f"the transfer encoding {headers['transfer-encoding']!r}")
        return _unchunked(stream), True
    length = headers.get("content-length")
    if length is None:
        return stream.rest(), False
    return stream.take(_number(length, 10)), True


def _number(text: str, base: int) -> int:
    """Read a length; what Python takes for numbers beyond that is none."""
    if not _NUMBERS[base].fullmatch(text):
        raise HTTPException(f"the length of the answer is {text[:40]!r}")
    return int(text, base)


def _unchunked(stream: _Stream) -> bytes:
    """Read a body that comes in pieces, each with its length before it."""
    pieces = []
    while True:
        size = stream.line().partition(b";")[0].strip()
        nbytes = _number(size.decode("latin-1"), 16)
        if nbytes == 0:
            break
        pieces.append(stream.take(nbytes))
        if stream.line():
            raise HTTPException("a piece of the answer is longer than it says")
    while stream.line():
        pass
    return b"".join(pieces)


class _Stream:
    """What comes over a connection, with what has come already."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self.left = memoryview(b"")

    def _more(self) -> bytes:
        """Wait for some bytes; none when the server has closed."""
        return self._connection.recv(_FIRST_NBYTES)

    def head(self) -> bytes:
        """Take what comes before the first empty line."""
        data = bytes(self.left) or self._more()
        if not data:
            raise RemoteDisconnected("the server closed the connection without an answer")
        while True:
            end, after = data.find(b"\r\n\r\n"), 4
            if end < 0 and (found := _END_OF_HEAD.search(data)):
                end, after = found.start(), found.end() - found.start()
            if end >= 0:
                self.left = memoryview(data)[end + after :]
                return data[:end]
            more = self._more() if len(data) < _MOST_HEAD_NBYTES else b""
            if not more:
                raise BadStatusLine(data[:100].decode("latin-1"))
            data += more

    def line(self) -> bytes:
        """Take a line, without its end."""
        data = bytes(self.left)
        while (end := data.find(b"\n")) < 0:
            more = self._more() if len(data) < _MOST_HEAD_NBYTES else b""
            if not more:
                raise IncompleteRead(data)
            data += more
        self.left = memoryview(data)[end + 1 :]
        return data[:end].rstrip(b"\r")

    def take(self, nbytes: int) -> memoryview:
        """Take so many bytes."""
        if len(self.left) >= nbytes:  # it came with the head
            taken, self.left = self.left[:nbytes], self.left[nbytes:]
            return taken
        value = bytearray(min(nbytes, _MOST_AHEAD_NBYTES))
        at = len(self.left)
        value[:at] = self.left
        self.left = memoryview(b"")
        while at < nbytes:
            if at == len(value):
                value.extend(bytes(min(nbytes - at, len(value))))
            with memoryview(value) as whole:
                came = self._connection.recv_into(whole[at:])
            if came == 0:
                raise IncompleteRead(b"", nbytes - at)
            at += came
        return memoryview(value).toreadonly()

    def rest(self) -> bytes:
        """Take all that comes until the server closes the connection."""
        pieces = [bytes(self.left)]
        self.left = memoryview(b"")
        while more := self._more():
            pieces.append(more)
        return b"".join(pieces)

"""Tests of `zarrpy.stores.http_exchange`: requests and answers, byte by byte."""

import socket
import threading
from contextlib import suppress
from http.client import HTTPException, HTTPResponse, IncompleteRead, RemoteDisconnected
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zarrpy.stores.http_exchange import exchanged, request_text

ANSWERS = {
    "plain": b'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: "x"\r\n\r\nhello',
    "a part": b"HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-1/9\r\n"
    b"content-length:2\r\n\r\nhe",
    "nothing": b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "no reason": b"HTTP/1.1 404\r\nContent-Length: 1\r\n\r\n-",
    "no content": b"HTTP/1.1 204 No Content\r\nX: 1\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n",
    "pieces": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4\r\nhell\r\n00C;name=value\r\no, to you al\r\n0\r\n\r\n",
    "pieces and more headers": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n"
    b"1\r\n-\r\n0\r\nX-Sum: 1\r\nX-Other: 2\r\n\r\n",
    "until it closes": b"HTTP/1.1 200 OK\r\nX: 1\r\n\r\nhello",
    "old": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "old that lasts": b"HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 1\r\n\r\n-",
    "the last": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n-",
    "after another": b"HTTP/1.1 100 Continue\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "bare ends of lines": b"HTTP/1.1 200 OK\nContent-Length: 5\nX: a:b \n\nhello",
    "of several the first": b"HTTP/1.1 200 OK\r\nX: 1\r\nx: 2\r\nContent-Length: 1\r\n\r\n-",
    "not english": b"HTTP/1.1 200 \xc4h\r\nX: \xe9\r\nContent-Length: 1\r\n\r\n-",
}


def answer_to(raw, method="GET", pieces=()):
    """What comes of an answer that a server sends in pieces, after which it hangs up."""
    ours, theirs = socket.socketpair()
    cuts = [0, *sorted(cut % (len(raw) + 1) for cut in pieces), len(raw)]

    def serve():
        with theirs, suppress(OSError):  # whoever has what it wants goes away
            theirs.recv(1000)
            for start, stop in pairwise(cuts):
                theirs.sendall(raw[start:stop])

    thread = threading.Thread(target=serve)
    thread.start()
    ours.settimeout(10)
    try:
        with ours:
            return exchanged(ours, method, b"GET / HTTP/1.1\r\n\r\n")
    finally:
        thread.join()


def as_the_standard_library_reads(raw, method="GET"):
    """The same by `http.client`, which takes longer."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(raw)
        theirs.shutdown(socket.SHUT_WR)
        response = HTTPResponse(ours, method=method)
        response.begin()
        headers = dict(response.headers.items())
        firsts = {name.lower(): response.headers[name].strip() for name in headers}
        lasts = not response.will_close
        return response.status, response.reason, firsts, response.read(), lasts


@pytest.mark.parametrize("kind", ANSWERS)
@given(pieces=st.lists(st.integers(0, 300), max_size=4))
def test_an_answer_is_read_as_by_the_standard_library(kind, pieces):
    """However it is cut on its way."""
    status, reason, headers, body, lasts = as_the_standard_library_reads(ANSWERS[kind])

    answer = answer_to(ANSWERS[kind], pieces=pieces)

    assert (answer.status, answer.reason, answer.body) == (status, reason, body)
    assert answer.headers == headers
    assert answer.lasts == lasts


def test_an_answer_without_its_body_is_read_so():
    """Its length is that of what would come otherwise."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"

    answer = answer_to(raw, "HEAD")

    assert answer[:2] == as_the_standard_library_reads(raw, "HEAD")[:2]
    assert answer.headers == {"content-length": "5"}
    assert answer.body == b""
    assert answer.lasts


@pytest.mark.parametrize("nbytes", [70_000, 300_000, 3 << 20])
def test_a_long_body_is_whole(nbytes):
    """It comes with several calls."""
    body = bytes(range(251)) * (nbytes // 251 + 1)
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    answer = answer_to(raw, pieces=[50_000, 100_000])

    assert answer.body == body
    assert memoryview(answer.body).readonly


def test_a_connection_with_more_than_the_answer_is_not_used_again():
    """What is left would be taken for the next answer."""
    raw = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhello"

    answer = answer_to(raw)

    assert answer.body == b"he"
    assert not answer.lasts


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"", RemoteDisconnected),
        (b"HTTP/1.1 200 OK\r\nContent-Le", HTTPException),
        (b"hello\r\n\r\n", HTTPException),
        (b"HTTP/2 200 OK\r\n\r\n", HTTPException),
        (b"HTTP/1.1 20 OK\r\n\r\n", HTTPException),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 20_000, HTTPException),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello", IncompleteRead),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1" + b"0" * 17 + b"\r\n\r\nhello", IncompleteRead),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1" + b"0" * 9999 + b"\r\n\r\nhello", HTTPException),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nhello", HTTPException),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1_0\r\n\r\nhello", HTTPException),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nhello", HTTPException),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\nhello", HTTPException),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhello\r\n", HTTPException),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello", IncompleteRead),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", IncompleteRead),
    ],
)
def test_what_is_no_whole_answer_is_an_error(raw, error):
    """Before memory is taken for what a server only says."""
    with pytest.raises((error, ConnectionError)):
        answer_to(raw)


@pytest.mark.parametrize(
    ("target", "headers"),
    [
        ("/a b", {}),
        ("/a\r\nX: 1", {}),
        ("/\xe9", {}),
        ("/", {"X": "1\r\nY: 2"}),
        ("/", {"X: 1\r\nY": "2"}),
        ("/", {"X:": "1"}),
        ("/", {"X": "\u20ac"}),
    ],
)
def test_a_request_has_only_the_headers_that_are_meant(target, headers):
    """Nothing given ends a line."""
    with pytest.raises(HTTPException):
        request_text("GET", target, "host", headers)


def test_a_request_is_written_as_the_protocol_says():
    """By lines, with an empty one at the end."""
    text = request_text("GET", "/a?b", "host:80", {"Range": "bytes=0-1"})

    assert text == b"GET /a?b HTTP/1.1\r\nHost: host:80\r\nRange: bytes=0-1\r\n\r\n"

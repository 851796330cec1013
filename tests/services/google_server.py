"""A server of ours that speaks as Google's storage does, for want of one that can be installed.

It does what Google's documents say of the XML interface, as far as clients for objects need it: the
client that users have makes real requests to it.  It is no proof of how Google's service behaves.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

#: Objects in one answer of a listing.
PAGE = 500


class Object(NamedTuple):
    """One version of an object."""

    data: bytes
    generation: int

    @property
    def headers(self) -> dict[str, str]:
        """What tells about it."""
        return {
            "ETag": f'"{hashlib.md5(self.data).hexdigest()}"',
            "Last-Modified": formatdate(0, usegmt=True),
            "x-goog-generation": str(self.generation),
        }


class Google:
    """Buckets by their names, with what is in them.

    Attributes
    ----------
    url : str
    seen : list of (str, str)
        Method and path of each request.
    """

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[tuple[str, str]] = []
        self.buckets: dict[str, dict[str, Object]] = {"bucket": {}}
        self.uploads: dict[str, dict[int, bytes]] = {}
        self.lock = threading.Lock()
        self.number = itertools.count(1)

    @property
    def account(self) -> str:
        """The text of an account that leads here, without signatures."""
        keys = dict.fromkeys(("private_key", "private_key_id", "client_email"), "")
        return json.dumps({"gcs_base_url": self.url, "disable_oauth": True, **keys})

    def put(self, bucket: dict[str, Object], key: str, data: bytes, wanted: str | None) -> Any:
        """Replace an object, if it is of the generation that is wanted."""
        with self.lock:
            found = bucket.get(key)
            if wanted is not None and int(wanted) != (found.generation if found else 0):
                return 412, _error("PreconditionFailed"), {}
            bucket[key] = Object(data, next(self.number))
            return 200, b"", bucket[key].headers


def _error(code: str) -> bytes:
    return f"<?xml version='1.0'?><Error><Code>{code}</Code></Error>".encode()


def _handler(google: Google) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1

        def answer(self) -> None:
            google.seen.append((self.command, self.path))
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            place = urlsplit(self.path)
            self.query = {
                name: values[0]
                for name, values in parse_qs(place.query, keep_blank_values=True).items()
            }
            name, _, key = unquote(place.path).lstrip("/").partition("/")
            bucket = google.buckets.get(name)
            if bucket is None:
                status, data, headers = 404, _error("NoSuchBucket"), {}
            else:
                work = getattr(self, "on_" + self.command.lower())
                status, data, headers = work(bucket, key, body)
            self.send_response(status)
            headers = {"Content-Length": str(len(data)), **headers}
            for header, text in headers.items():
                self.send_header(header, text)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = answer  # noqa: N815

        def on_get(self, bucket: dict[str, Object], key: str, body: bytes) -> Any:
            if not key:
                return 200, self.listing(bucket), {}
            found = bucket.get(key)
            if found is None:
                return 404, _error("NoSuchKey"), {}
            size = len(found.data)
            asked = re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", ""))
            if asked is None:
                return 200, found.data, found.headers
            first, last = asked.groups()
            start = int(first) if first else max(0, size - int(last))
            stop = min(int(last) + 1, size) if first and last else size
            if start >= size:
                return 416, _error("InvalidRange"), {"Content-Range": f"bytes */{size}"}
            told = {"Content-Range": f"bytes {start}-{stop - 1}/{size}"}
            return 206, found.data[start:stop], {**found.headers, **told}

        def on_head(self, bucket: dict[str, Object], key: str, body: bytes) -> Any:
            return self.on_get(bucket, key, body)

        def listing(self, bucket: dict[str, Object]) -> bytes:
            prefix, delimiter = self.query.get("prefix", ""), self.query.get("delimiter")
            after = self.query.get("continuation-token", "")
            rows: dict[str, str] = {}
            for key in sorted(key for key in list(bucket) if key.startswith(prefix)):
                folder = key[len(prefix) :].partition(delimiter)[0] if delimiter else ""
                if delimiter and delimiter in key[len(prefix) :]:
                    name = prefix + folder + delimiter
                    row = f"<CommonPrefixes><Prefix>{escape(name)}</Prefix></CommonPrefixes>"
                else:
                    name, found = key, bucket[key]
                    tag = found.headers["ETag"].strip('"')
                    row = (
                        f"<Contents><Key>{escape(name)}</Key><Size>{len(found.data)}</Size>"
                        f"<LastModified>1970-01-01T00:00:00.000Z</LastModified>"
                        f"<ETag>&quot;{tag}&quot;</ETag></Contents>"
                    )
                if name > after:
                    rows[name] = row
            page = dict(itertools.islice(rows.items(), PAGE))
            more = len(rows) > PAGE
            last = escape([*page][-1]) if more else ""
            token = f"<NextContinuationToken>{last}</NextContinuationToken>" if more else ""
            return (
                f"<?xml version='1.0'?><ListBucketResult>{''.join(page.values())}"
                f"<IsTruncated>{str(more).lower()}</IsTruncated>{token}"
                "</ListBucketResult>"
            ).encode()

        def on_put(self, bucket: dict[str, Object], key: str, body: bytes) -> Any:
            if "uploadId" in self.query:
                google.uploads[self.query["uploadId"]][int(self.query["partNumber"])] = body
                return 200, b"", Object(body, 0).headers
            source = self.headers.get("x-goog-copy-source")
            if source is not None:
                place, _, name = unquote(source).lstrip("/").partition("/")
                found = google.buckets[place].get(name)
                if found is None:
                    return 404, _error("NoSuchKey"), {}
                body = found.data
            return google.put(bucket, key, body, self.headers.get("x-goog-if-generation-match"))

        def on_post(self, bucket: dict[str, Object], key: str, body: bytes) -> Any:
            if "uploads" in self.query:
                number = f"upload-{next(google.number)}"
                google.uploads[number] = {}
                text = f"<UploadId>{number}</UploadId>"
                whole = f"<InitiateMultipartUploadResult>{text}</InitiateMultipartUploadResult>"
                return 200, whole.encode(), {}
            parts = google.uploads.pop(self.query["uploadId"])
            numbers = [int(n) for n in re.findall(rb"<PartNumber>(\d+)</PartNumber>", body)]
            data = b"".join(parts[number] for number in numbers)
            status, _, headers = google.put(bucket, key, data, None)
            tag = headers["ETag"].strip('"')
            text = f"<ETag>&quot;{tag}&quot;</ETag>"
            whole = f"<CompleteMultipartUploadResult>{text}</CompleteMultipartUploadResult>"
            return status, whole.encode(), headers

        def on_delete(self, bucket: dict[str, Object], key: str, body: bytes) -> Any:
            if "uploadId" in self.query:
                google.uploads.pop(self.query["uploadId"], None)
                return 204, b"", {}
            with google.lock:
                found = bucket.pop(key, None)
            return (204, b"", {}) if found else (404, _error("NoSuchKey"), {})

        def log_message(self, *args: Any) -> None:
            return

    return Handler


@contextmanager
def serving() -> Iterator[Google]:
    """Serve an empty bucket of the name ``bucket`` until the block is left."""
    google = Google()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(google))
    server.daemon_threads = True
    google.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield google
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""What object stores say when something goes wrong, as errors of ours.

*Absent* is what a service said of a key, in so many words: a bucket that does not exist is an
error, and so is everything else.
"""

from __future__ import annotations

import errno
import re
from typing import Any

from zarrpy.errors import ConflictError, StoreError

#: Names of the services' answers that mean: no such key.
_NO_KEY = frozenset(("NoSuchKey", "BlobNotFound", "NotFound", "ResourceNotFound", "NoSuchObject"))
_CODE = re.compile(r"<Code>(\w+)</Code>")
_STATUS = re.compile(r"status code: (\d{3})")
_MESSAGE = re.compile(r"<Message>([^<]+)</Message>")
_QUERY = re.compile(r"(https?://[^\s?\"')]+)\?[^\s\"')]+")
#: What may be otherwise a little later, though it was tried as often as was asked.
_PASSING = re.compile(
    r"status: (?:429|5\d\d)|status code: (?:429|5\d\d)|[Tt]imed ?[Oo]ut|kind: Connect"
)
_LONGEST = 400

#: What helps, by words of the message; the first that is found is said.
_HINTS = (
    ("InvalidAccessKeyId", "check the credentials: the service knows no such access_key_id="),
    ("SignatureDoesNotMatch", "check the credentials: secret_access_key= does not fit the other"),
    ("NoSuchBucket", "create the bucket, or correct its name"),
    ("ContainerNotFound", "create the container, or correct its name"),
    ("scheme is not allowed", "allow_http=True lets go without encryption"),
    ("incorrectly configured region", "region= names the region of the bucket"),
    ("169.254.169.254", "no credentials were found: give some, or anonymous=True for public data"),
    ("Account must be specified", "account_name= names it, or AZURE_STORAGE_ACCOUNT_NAME"),
    ("Configuration key", "see the options of zarrpy.ObjectStore"),
    ("metadata.google", "no credentials were found: give some, or anonymous=True for public data"),
    (
        "error sending request",
        "nothing answers there: correct endpoint=, also its protocol, or try again later",
    ),
)


def is_absent(error: BaseException) -> bool:
    """Whether a service says that there is no such key."""
    if not isinstance(error, FileNotFoundError):
        return False
    code = _CODE.search(str(error))
    return code is None or code[1] in _NO_KEY


def is_out_of_range(error: BaseException) -> bool:
    """Whether a service may mean that a range begins behind the end of a value."""
    text = str(error)
    # of an empty value some send all that there is, or say that it goes from 0 to -1
    said = ("416", "InvalidRange", "Invalid range", "non-partial", "CONTENT_RANGE header")
    return any(words in text for words in said)


def is_cut(error: BaseException) -> bool:
    """Whether a request was sent, or begun to be, and no answer came."""
    return "error sending request" in str(error) or "error decoding response" in str(error)


def is_conflict(error: BaseException) -> bool:
    """Whether a value was not replaced as it is another one by now, or is there by now."""
    name = type(error).__name__
    if name in ("AlreadyExistsError", "PreconditionError"):
        return True
    # of two that come at the same time, services may turn one away
    return "ConditionalRequestConflict" in str(error) or "409 Conflict" in str(error)


def is_unsupported(error: BaseException) -> bool:
    """Whether a service, or its client, has no such thing."""
    if type(error).__name__ == "NotSupportedError" or isinstance(error, NotImplementedError):
        return True
    return "NotImplemented" in str(error) or "501 Not Implemented" in str(error)


def translated(error: BaseException, operation: str, key: str) -> StoreError:
    """Say in an error of ours what went wrong, and with which key; to be raised from the other."""
    if isinstance(error, StoreError):
        return error.fill(operation=operation, key=key)
    text = str(error)
    fields: dict[str, Any] = {"operation": operation, "key": key}
    name = type(error).__name__
    if name in ("PermissionDeniedError", "UnauthenticatedError"):
        fields |= {"errno": errno.EACCES, "hint": "check the credentials, and what they allow"}
    hint = hint_of(text)
    if hint is not None:
        fields["hint"] = hint
    if _PASSING.search(text):
        fields["transient"] = True
    kind = ConflictError if is_conflict(error) else StoreError
    return kind(_short(text) or name, **fields)


def hint_of(text: str) -> str | None:
    """Find what helps, by words of a message; the credentials come before the connection."""
    return next((hint for words, hint in _HINTS if words in text), None)


def _short(text: str) -> str:
    """Give what the service says, or the first part of a message.

    Without what may be secret in the addresses of requests.
    """
    code, said = _CODE.search(text), _MESSAGE.search(text)
    if code is not None:
        status = _STATUS.search(text)
        what = f"{status[1]} {code[1]}" if status else code[1]
        words = f": {' '.join(said[1].split())}" if said is not None else ""  # Ceph says none
        return f"the service answers {what}{words}"[:_LONGEST]
    first = " ".join(text.partition("\n\nDebug source")[0].split())
    first = _QUERY.sub(r"\1?...", first)
    return first if len(first) <= _LONGEST else first[: _LONGEST - 3] + "..."

"""Which of several who replace one file of GridFS at the same time is next.

Files of one name are not unique in GridFS, and nothing of a file that is there tells what comes
after it.  So the one who means to replace it claims its name in a collection beside those of
GridFS, where numbers are unique.  A file is written under a name of its own before; with the claim
in hand it is given the name that is meant, if the newest file of that is still the one that was
read.

A claim may be broken, as its owner may have been killed: the file that waits is deleted.  Its
owner, if it is still there, finds that there is none to be named, and begins again.  So a claim
that is broken in haste costs time, and never a value.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from zarrpy.metadata.names import OURS
from zarrpy.stores.mongodb_client import driver

if TYPE_CHECKING:
    from collections.abc import Callable

#: How names of files begin that wait for theirs.
WAITING = f"{OURS}next-"
#: Seconds after which a claim that stays is broken; it is in use for a few requests.
PATIENCE_SECONDS = 3.0
_POLL_SECONDS = 0.02


class Claims:
    """Claims on the names of files.

    Parameters
    ----------
    claims, files, chunks : collections
        As the driver has them.
    """

    def __init__(self, claims: Any, files: Any, chunks: Any) -> None:
        self._claims = claims
        self._files = files
        self._chunks = chunks

    def name(self, key: str, number: Any, date_if_next: Callable[[], Any]) -> bool:
        """Give a file that waits the name it is meant for; False when it is not the next any more.

        Parameters
        ----------
        key : str
        number : object
            Of the file, which is deleted when it is not the next.
        date_if_next : callable
            Gives the date of the file; None when another one has come before it.
        """
        self._take(key, number)
        named = False
        try:
            date = date_if_next()
            if date is not None:
                named = self._named(key, number, date)
        finally:
            if not named:
                self._drop(number)
            self._give_back(key, number)
        return named

    def _named(self, key: str, number: Any, date: Any) -> bool:
        which = {"_id": number, "filename": waiting(number)}
        new = {"$set": {"filename": key, "uploadDate": date}}
        return bool(self._files.update_one(which, new).matched_count)

    def delete(self, key: str, number: Any, is_next: Callable[[], bool]) -> bool:
        """Delete a file if nobody has replaced it; whether that was done."""
        from bson import ObjectId

        token = ObjectId()
        self._take(key, token)
        try:
            return is_next() and self._deleted({"_id": number})
        finally:
            self._give_back(key, token)

    def _take(self, key: str, number: Any) -> None:
        """Wait until nobody else has a claim, not for ever."""
        from bson import ObjectId

        end, owner = 0.0, None
        while True:
            try:
                self._claims.insert_one({"_id": key, "file": str(number)})
            except driver().errors.DuplicateKeyError:
                found = self._claims.find_one({"_id": key})
            else:
                return
            if found is None:
                continue
            if found["file"] != owner:
                end, owner = time.monotonic() + PATIENCE_SECONDS, found["file"]
            elif time.monotonic() > end:
                self._drop(ObjectId(owner))
                self._give_back(key, owner)
            else:
                time.sleep(_POLL_SECONDS)

    def _drop(self, number: Any) -> None:
        """Delete a file if it still waits; before its claim is given back, so it never comes."""
        self._deleted({"_id": number, "filename": waiting(number)})

    def _give_back(self, key: str, number: Any) -> None:
        # as text: there are servers that find no number but in "_id"
        deleted(self._claims, {"_id": key, "file": str(number)})

    def _deleted(self, which: dict[str, Any]) -> bool:
        """Delete a file and its pieces; whether it was there."""
        if not deleted(self._files, which):
            return False
        self._chunks.delete_many({"files_id": which["_id"]})
        return True


def waiting(number: Any) -> str:
    """Name a file that waits for its name."""
    return f"{WAITING}{number}"


def deleted(collection: Any, which: dict[str, Any]) -> bool:
    """Delete a document; whether it was there."""
    try:
        return bool(collection.delete_one(which).deleted_count)
    except driver().errors.OperationFailure:
        # there are servers to which it is an error that somebody else was faster
        if collection.find_one(which) is not None:
            raise
        return False

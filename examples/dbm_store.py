"""A store of one's own: values in a file of Python's `dbm`.

    python examples/dbm_store.py

Four methods make a store. Registered for a scheme, it stands behind URLs as built-in ones do.
"""

import dbm.dumb
import os
import tempfile
import threading

import zarrpy


class DbmStore(zarrpy.Store):
    """Keep every value in a file of `dbm`.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path):
        self.path = path
        self._database = dbm.dumb.open(path, "c")  # noqa: SIM115 - until `close`
        self._lock = threading.Lock()  # a store is used by many threads, this module is not

    def get(self, key, byte_range=None):
        """Read a value or a part of it; None when there is none."""
        with self._lock:
            value = self._database.get(key.encode())
        return value if value is None or byte_range is None else byte_range.of(value)

    def set(self, key, value):
        """Replace a value."""
        self.check_writable("set", key)
        with self._lock:
            self._database[key.encode()] = bytes(value)

    def delete(self, key):
        """Delete a key that may be absent."""
        self.check_writable("delete", key)
        with self._lock:
            if key.encode() in self._database:
                del self._database[key.encode()]

    def list(self, prefix=""):
        """Yield the keys that begin with a prefix."""
        with self._lock:
            keys = [key.decode() for key in self._database]
        return (key for key in sorted(keys) if key.startswith(prefix))

    def close(self):
        """Write what is not written yet."""
        self._database.close()


def main():
    """Write an array to such a file, and read it in another store."""
    zarrpy.register_store("dbm", DbmStore)
    try:
        with tempfile.TemporaryDirectory() as folder:
            url = "dbm://" + os.path.join(folder, "data")
            with zarrpy.create_group(url) as group:
                group.create_array("a", data=range(10), chunks=4)
            with zarrpy.open(url) as group:
                print(group["a"][2:8].tolist(), sorted(group.store.list("a/c/")))
    finally:
        zarrpy.unregister_store("dbm")


if __name__ == "__main__":
    main()

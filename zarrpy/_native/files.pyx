# cython: language_level=3, freethreading_compatible=True
"""Files below a directory: read, replaced and deleted under locks, by the rules of csrc/file.c."""

import os
from time import monotonic, time_ns

from cpython.buffer cimport PyBUF_SIMPLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.bytes cimport PyBytes_FromStringAndSize
from cpython.exc cimport PyErr_CheckSignals
from libc.errno cimport ENOENT, errno
from libc.stdint cimport int64_t

from zarrpy._native.core cimport (
    ZP_DURABLE_LATER,
    ZP_ERR_LOCK_TIMEOUT,
    zp_clock_ns,
    zp_close,
    zp_directory,
    zp_error,
    zp_file_is_absent,
    zp_file_open,
    zp_file_read,
    zp_fstat,
    zp_lock_commit,
    zp_lock_delete,
    zp_lock_drop,
    zp_lock_take,
    zp_stat,
    zp_stat_key,
    zp_stat_local,
    zp_sync_folder,
    zp_worker,
)
from zarrpy._native.steps cimport current_worker, explain

from zarrpy._native.failure import file_failure, system_failure

cdef extern from "Python.h":
    bytes PyUnicode_EncodeFSDefault(object text)


# How long the engine waits for a lock before Python looks whether the user has had enough.
cdef int64_t _POLL_MS = 50

cdef object _open = os.open
cdef object _FLAGS = None  # where directories are not opened
if hasattr(os, "O_DIRECTORY"):
    _FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

# Longer than the clocks of local file systems take from one tick to the next: two changes within
# one tick may leave the same state behind.
cdef int64_t _SETTLE_NS = 20_000_000
SETTLE_NS = _SETTLE_NS


cdef class Directory:
    """An open directory below which keys are files.

    Parameters
    ----------
    path : str
        The directory; it must exist.
    waits : bool
        Whoever replaces a file waits until its blocks are free.

    Raises
    ------
    OSError
        When it cannot be opened.
    """

    def __cinit__(self, str path, bint waits=False):
        self.name = os.fsencode(path)
        self.directory.waits = waits
        self.directory.fd = -1
        self.directory.path = self.name
        if _FLAGS is not None:
            self.directory.fd = _open(path, _FLAGS)
            self.is_open = True
        elif not os.path.isdir(path):
            raise FileNotFoundError(2, "no such directory", path)

    def __dealloc__(self):
        if self.is_open:  # else the number may be that of another file
            zp_close(self.directory.fd)

    @property
    def place(self):
        """The directory's path, as it was given."""
        return os.fsdecode(self.name)

    def state(self):
        """State of the directory: inode, and times of its last changes; None where unknown."""
        cdef zp_stat info
        if self.directory.fd < 0 or zp_fstat(self.directory.fd, &info) != 0:
            return None
        return info.device, info.inode, info.modified_ns, info.changed_ns

    def file_state(self, str key):
        """State of a file, which is opened for it, as only that asks a network: inode, ..., size.

        None where there is no file, or it cannot be opened.
        """
        cdef zp_error error
        cdef zp_stat info
        cdef int found
        cdef bytes encoded = os.fsencode(key)
        cdef int fd = zp_file_open(&self.directory, encoded, &info, &found, &error)
        if fd < 0:
            return None
        zp_close(fd)
        return info.device, info.inode, info.modified_ns, info.changed_ns, info.size

    def read(self, str key, int64_t offset=0, int64_t length=-1):
        """Read a key; None when it does not exist.

        Parameters
        ----------
        key : str
            Relative path with "/".
        offset : int
            First byte; negative counts from the end.
        length : int
            Number of bytes; -1 reads to the end.

        Returns
        -------
        bytes or None
        """
        cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL, -1, -1)
        cdef zp_worker *worker = current_worker()
        cdef bytes encoded = os.fsencode(key)
        cdef const char *name = encoded
        cdef const void *data = NULL
        cdef int found = 1
        cdef int64_t n
        with nogil:
            n = zp_file_read(&self.directory, name, offset, length, worker, &data, &found,
                             &error)
        if n < 0:
            raise file_failure(explain(&error), key, "get")
        if not found:
            return None
        return PyBytes_FromStringAndSize(<const char *>data, n)

    def version(self, key, bint young=False):
        """Tell which file stands at a key, and when it was changed: equal answers, equal bytes.

        Parameters
        ----------
        key : str or bytes
        young : bool
            Answer of files that have just been changed as well: of those, two changes within a tick
            of the clock may have one answer.

        Returns
        -------
        tuple of int or None
            Device, inode, size, and both times; None where nothing stands there, or, without
            `young`, what was changed so lately that it might change again without being another
            state.
        """
        cdef bytes encoded = key if isinstance(key, bytes) else os.fsencode(key)
        cdef const char *name = encoded
        cdef zp_stat info
        cdef int status
        with nogil:
            status = zp_stat_key(&self.directory, name, 1, &info)
        if status != 0 or (not young and zp_clock_ns() - info.changed_ns < _SETTLE_NS):
            return None
        return info.device, info.inode, info.size, info.modified_ns, info.changed_ns

    def is_absent(self, str key):
        """Whether nothing at all stands at a key; False also when that cannot be told."""
        cdef bytes encoded = os.fsencode(key)
        return zp_file_is_absent(&self.directory, encoded) != 0

    def sync_names(self, keys):
        """Wait until names are on the disk: those of keys, and of the directories on the way.

        Each directory is synced once, however many of the keys lie in it.
        """
        cdef bytes encoded
        cdef const char *name
        cdef int status, reason
        folders = {""}
        for folder in {key.rpartition("/")[0] for key in keys}:
            while folder not in folders:
                folders.add(folder)
                folder = folder.rpartition("/")[0]
        for folder in sorted(folders, key=len, reverse=True):
            encoded = os.fsencode(folder or ".")
            name = encoded
            with nogil:
                status = zp_sync_folder(&self.directory, name)
                reason = errno
            if status != 0 and reason != ENOENT:  # its last file was deleted, and it with it
                raise system_failure(os.strerror(reason), folder or None, "sync", reason)

    def write(self, str key, data, bint durable=False, int64_t timeout_ms=60_000):
        """Replace the value of a key, all at once."""
        with self.lock(key, timeout_ms) as lock:
            lock.commit(data, durable)

    def delete(self, str key, bint durable=False, int64_t timeout_ms=60_000):
        """Delete a key under its lock; one that does not exist is no error."""
        with self.lock(key, timeout_ms) as lock:
            lock.delete(durable)

    def lock(self, str key, int64_t timeout_ms=60_000):
        """Take the lock of a key; a context manager with `commit` and `delete`."""
        return KeyLock(self, key, timeout_ms)


cdef class Arrival:
    """Values on their way to keys that nobody else can meet yet, so that none of them is locked.

    Parameters
    ----------
    directory : Directory
        Where they go.
    """

    def __cinit__(self, Directory directory):
        self.directory = directory

    def copy(self, Directory directory, str key, str new, bint durable=False):
        """Copy the file of a key of another directory; as `KeyLock.copy`."""
        cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL, -1, -1)
        cdef zp_worker *worker = current_worker()
        cdef bytes encoded = os.fsencode(key)
        cdef bytes encoded_new = os.fsencode(new)
        cdef const char *name = encoded_new
        cdef int durability = ZP_DURABLE_LATER if durable else 0
        cdef int64_t n
        self.source.directory = &directory.directory
        self.source.key = encoded
        with nogil:
            n = zp_copy_unmet(&self.directory.directory, name, &self.source, worker, durability,
                              &error)
        if n >= 0:
            return n if self.source.found else None
        if self.source.to_blame:
            raise file_failure(explain(&error), key, "get")
        raise file_failure(explain(&error), new, "set")

    def cancel(self):
        """Make a copy that is under way in another thread stop soon."""
        self.source.cancel = 1


cdef class KeyLock:
    """The lock of one key of a directory, held until it is used or left.

    Waiting for it can be interrupted, as by Ctrl-C.

    Parameters
    ----------
    directory : Directory
    key : str
    timeout_ms : int
        How long to wait for another writer; negative waits for ever.

    Attributes
    ----------
    waited_ns : int
        Nanoseconds until nobody else had it.
    """

    def __cinit__(self, Directory directory, str key, int64_t timeout_ms):
        cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL, -1, -1)
        cdef int status
        cdef int64_t wait = _POLL_MS
        cdef double end = monotonic() + timeout_ms / 1000.0
        self.lock.fd = -1
        self.directory = directory
        self.key = key
        self.name = os.fsencode(key)
        cdef const char *name = self.name
        while True:
            if timeout_ms >= 0:
                wait = max(0, min(_POLL_MS, <int64_t>(1000 * (end - monotonic()))))
            with nogil:
                status = zp_lock_take(&directory.directory, name, wait, NULL, &self.lock, &error)
            self.waited_ns += self.lock.waited_ns
            if status != ZP_ERR_LOCK_TIMEOUT or (timeout_ms >= 0 and monotonic() >= end):
                break
            PyErr_CheckSignals()
        if status < 0:
            self.lock.fd = -1
            raise file_failure(explain(&error), key, "lock")

    def commit(self, data, bint durable=False):
        """Replace the value and let go of the lock."""
        cdef Py_buffer view
        cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL, -1, -1)
        cdef const char *name = self.name
        cdef int status
        PyObject_GetBuffer(data, &view, PyBUF_SIMPLE)
        try:
            with nogil:
                status = zp_lock_commit(&self.directory.directory, name, &self.lock, view.buf,
                                        view.len, durable, &error)
        finally:
            PyBuffer_Release(&view)
        if status < 0:
            raise file_failure(explain(&error), self.key, "set")

    def copy(self, Directory directory, str key, bint durable=False):
        """Replace the value by the bytes of a key of another directory; lets go of the lock.

        That its name lasts as well is left to who calls `Directory.sync_names`.

        Returns
        -------
        int or None
            How many bytes; None when the other key does not exist.
        """
        cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL, -1, -1)
        cdef zp_worker *worker = current_worker()
        cdef const char *name = self.name
        cdef bytes encoded = os.fsencode(key)
        cdef int durability = ZP_DURABLE_LATER if durable else 0
        cdef int64_t n
        self.source.directory = &directory.directory
        self.source.key = encoded
        with nogil:
            n = zp_lock_copy(&self.directory.directory, name, &self.lock, &self.source, worker,
                             durability, &error)
        if n >= 0:
            return n if self.source.found else None
        if self.source.to_blame:
            raise file_failure(explain(&error), key, "get")
        raise file_failure(explain(&error), self.key, "set")

    def cancel(self):
        """Make a copy that is under way in another thread stop soon."""
        self.source.cancel = 1

    def delete(self, bint durable=False):
        """Delete the key and let go of the lock."""
        cdef zp_error error = zp_error(0, -1, -1, -1, -1, 0, NULL, -1, -1)
        cdef const char *name = self.name
        cdef int status
        with nogil:
            status = zp_lock_delete(&self.directory.directory, name, &self.lock, durable, &error)
        if status < 0:
            raise file_failure(explain(&error), self.key, "delete")

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        zp_lock_drop(&self.directory.directory, &self.lock)

    def __dealloc__(self):
        if self.directory is not None:
            zp_lock_drop(&self.directory.directory, &self.lock)


# Keys are joined to a directory; elsewhere a path is a key as well.
cdef bint _JOINED = os.name == "nt"


def node_states(str place, int64_t settled_ns):
    """State of a directory and of the document ``zarr.json`` in it.

    The document is opened for it where it may lie in a network, as only that asks one.

    Parameters
    ----------
    place : str
        Absolute path.
    settled_ns : int
        After so long a state is not that of two changes.

    Returns
    -------
    tuple, bool or None
        As of `Directory.state` and of `Directory.file_state`, one after the other. None where one
        is missing, False where one is not settled.
    """
    cdef zp_error error
    cdef zp_stat info, itself
    cdef int found, fd, status = -1
    cdef int64_t youngest
    cdef bytes name = PyUnicode_EncodeFSDefault(place)
    cdef bytes document = b"zarr.json" if _JOINED else name + b"/zarr.json"
    cdef zp_directory directory = zp_directory(-1, name, 0)
    cdef const char *key = document
    cdef const char *folder = b"." if _JOINED else name
    with nogil:
        found = zp_stat_local(&directory, key, &info)
        if not found:
            fd = zp_file_open(&directory, key, &info, &found, &error)
            found = fd >= 0
            if found:
                zp_close(fd)
        if found:
            status = zp_stat_key(&directory, folder, 1, &itself)
    if status != 0:
        return None
    youngest = max(itself.modified_ns, itself.changed_ns, info.modified_ns, info.changed_ns)
    if youngest > <int64_t>time_ns() - settled_ns:
        return False
    return (itself.device, itself.inode, itself.modified_ns, itself.changed_ns,
            info.device, info.inode, info.modified_ns, info.changed_ns, info.size)

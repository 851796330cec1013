"""Settings: one object, grouped, with defaults that suit most programs.

``config.workers = 8`` holds for the whole process.  ``with config.set(workers=1): ...``
holds for the block, in the thread or task that runs it; ``config.set(workers=1)`` without
``with`` holds from there on in that thread or task.  Each setting has an environment
variable: ``ZARRPY_WORKERS``, ``ZARRPY_LIMITS_JSON_DEPTH``.  They are read when a setting is
first needed, not when zarrpy is imported.
"""

import os
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass, field, fields, replace
from types import TracebackType
from typing import Any, NoReturn

__all__ = ["Config", "check_max_memory", "check_missing", "config", "cpu_quota", "parse_size"]

_LONGEST = 1_000_000  # seconds; an interpreter's locks wait no longer than some systems count
_GIB = 1 << 30
_MIB = 1 << 20

_UNITS = {"": 1, "B": 1}
for _power, _prefix in enumerate("KMGT", start=1):
    _UNITS |= {_prefix: 1024**_power, f"{_prefix}IB": 1024**_power, f"{_prefix}B": 1000**_power}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*\Z")

Check = Callable[[object], Any]


def _reject(value: object, right: str) -> NoReturn:
    raise ValueError(f"must be {right}, not {value!r}")


def _integer(minimum: int) -> Check:
    def check(value: object) -> int:
        if isinstance(value, str) and value.strip().isdecimal():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < minimum:
            _reject(value, f"an integer of at least {minimum}")
        return value

    return check


def parse_size(value: object) -> int:
    """Read a number of bytes, or a text such as ``"512 MiB"``.

    Raises
    ------
    ValueError
        When it is neither.
    """
    if isinstance(value, str):
        match = _SIZE.match(value)
        if match is not None and match[2].upper() in _UNITS:
            return int(float(match[1]) * _UNITS[match[2].upper()])
    elif isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    _reject(value, 'a number of bytes, or a text such as "512MiB"')


def _seconds(value: object) -> float:
    """Read a number of seconds."""
    if isinstance(value, str):
        with suppress(ValueError):
            value = float(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= _LONGEST:
        return float(value)
    _reject(value, f"a number of seconds from 0 to {_LONGEST}")


def _optional(check: Check) -> Check:
    def check_optional(value: object) -> Any:
        absent = value is None or (isinstance(value, str) and value.lower() in ("", "none"))
        return None if absent else check(value)

    return check_optional


def _one_of(*choices: Any) -> Check:
    def check(value: object) -> Any:
        for choice in choices:
            if value == str(choice) or (value == choice and not isinstance(value, bool)):
                return choice
        _reject(value, " or ".join(map(repr, choices)))

    return check


def _only(right: Any) -> Check:
    """Hold the place of a setting of which this version knows one value."""

    def check(value: object) -> Any:
        if value != right and str(value).lower() != str(right).lower():
            _reject(value, f"{right!r}, the only value of this version")
        return right

    return check


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("1", "true", "yes", "on"):
        return True
    if isinstance(value, str) and value.lower() in ("0", "false", "no", "off"):
        return False
    _reject(value, "True or False")


_SWITCHES = (
    *("native", "partial", "coalesce", "simd", "libdeflate", "recall", "cache", "small"),
    *("buffer", "prefetch", "index", "fold", "copy", "tuned", "stream", "spare", "replaced"),
)
# The engine asks the environment for these, once.
_OF_ENGINE = frozenset(("simd", "libdeflate"))


def _switches(value: object) -> frozenset[str]:
    names = value.replace(",", " ").split() if isinstance(value, str) else value
    if not isinstance(names, list | tuple | set | frozenset) or not set(names) <= set(_SWITCHES):
        _reject(value, f"names out of {', '.join(_SWITCHES)}")
    return frozenset(names)


def _refuse_late(switches: frozenset[str]) -> None:
    """Refuse what would be said to be turned off, and is not."""
    late = (switches & _OF_ENGINE) - _switches(os.environ.get("ZARRPY_DISABLE", ""))
    if late:
        names = ",".join(sorted(late))
        raise ValueError(
            f"config.disable cannot turn off {names} in a program that runs: set the environment "
            f"variable ZARRPY_DISABLE={names} before zarrpy is imported"
        )


def _targets(value: object) -> tuple[tuple[str, str], ...]:
    """Read what names stand for: a mapping, pairs, or a text ``name=module:Class,name=...``."""
    pairs: Any = value
    if isinstance(value, str):
        pairs = [each.split("=") for each in value.replace(",", " ").split()]
    elif isinstance(value, Mapping):
        pairs = value.items()
    try:
        found = tuple((str(name).lower(), target) for name, target in pairs)
    except (TypeError, ValueError):
        _reject(value, "names with what they stand for, such as 'name=module:Class'")
    for _, target in found:
        if not isinstance(target, str) or not all(target.partition(":")):
            _reject(target, "written as 'module:Class'")
    return found


def _setting(default: Any, check: Check) -> Any:
    return field(default=default, metadata={"check": check})


#: Names of `zarrpy.metadata.profiles`.
PROFILES = ("tensorstore", "zarr-python-3.0", "zarr-2.18", "strict-3.1")


@dataclass(frozen=True, slots=True)
class ArraySettings:
    """How new arrays are made."""

    write_empty_chunks: bool = _setting(False, _flag)
    zarr_format: int = _setting(3, _one_of(2, 3))
    subchunk_write_order: str = _setting(
        "lexicographic", _one_of("lexicographic", "colexicographic", "morton")
    )
    compat: str | None = _setting(None, _optional(_one_of(*PROFILES)))
    order: str = _setting("C", _one_of("C", "F"))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a document or a chunk may ask for before it is refused."""

    max_chunk_bytes: int = _setting(2 * _GIB, parse_size)
    metadata_bytes: int = _setting(64 * _MIB, parse_size)
    json_depth: int = _setting(100, _integer(1))
    element_bytes: int = _setting(16 * _MIB, parse_size)
    ndim: int = _setting(64, _integer(0))
    codecs: int = _setting(64, _integer(1))


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings at one moment."""

    workers: int | None = _setting(None, _optional(_integer(1)))
    requests: int = _setting(16, _integer(1))
    max_memory: int | None = _setting(None, _optional(parse_size))
    spare_memory: int = _setting(512 * _MIB, parse_size)
    missing: str = _setting("fill", _one_of("fill", "error", "mask"))
    lock: str = _setting("auto", _only("auto"))
    lock_timeout: float = _setting(60.0, _seconds)
    durability: str = _setting("atomic", _one_of("atomic", "durable"))
    cache: int = _setting(0, parse_size)
    prefetch: int = _setting(8, _integer(0))
    metadata_ttl: float = _setting(0.0, _seconds)
    disable: frozenset[str] = _setting(frozenset(), _switches)
    stores: tuple[tuple[str, str], ...] = _setting((), _targets)
    array: ArraySettings = field(default_factory=ArraySettings)
    limits: Limits = field(default_factory=Limits)


def _checks() -> dict[str, Check]:
    """Collect the check of every setting by its dotted name."""
    checks: dict[str, Check] = {}
    for group, cls in (("", Settings), ("array.", ArraySettings), ("limits.", Limits)):
        for each in fields(cls):
            if "check" in each.metadata:
                checks[group + each.name] = each.metadata["check"]
    return checks


_CHECKS = _checks()
_GROUPS: dict[str, type] = {"array": ArraySettings, "limits": Limits}


def _checked(name: str, value: object, shown: str | None = None) -> Any:
    try:
        return _CHECKS[name](value)
    except ValueError as error:
        raise ValueError(f"{shown or f'config.{name}'} {error}") from None


def check_missing(value: str) -> str:
    """Check what somebody wants of absent chunks, given for one call."""
    checked: str = _checked("missing", value, "missing")
    return checked


def check_max_memory(value: int | str | None) -> int | None:
    """Check how much memory somebody allows one call; by default as `config.max_memory` says."""
    if value is None:
        return config.max_memory
    checked: int | None = _checked("max_memory", value, "max_memory")
    return checked


def check_metadata_ttl(value: float | None) -> float | None:
    """Check for how many seconds somebody takes documents as they were; None: as the settings."""
    name = "metadata_ttl"
    checked: float | None = None if value is None else _checked(name, value, name)
    return checked


def check_prefetch(value: bool | int | None) -> int | None:
    """Check how many chunks somebody wants to be fetched ahead; None leaves it to the settings."""
    if value is None or value is True:
        return None
    checked: int = 0 if value is False else _checked("prefetch", value, "prefetch")
    return checked


def _unknown(name: str) -> str:
    from difflib import get_close_matches  # only on the way to an error

    nearest = get_close_matches(name, _CHECKS, n=1)
    return f"no setting is named {name!r}" + (f"; nearest: {nearest[0]!r}" if nearest else "")


def _flatten(values: Mapping[str, object]) -> dict[str, object]:
    """Spell groups given as a mapping or as an object with dotted names."""
    flat: dict[str, object] = {}
    for name, value in values.items():
        if name not in _GROUPS:
            flat[name] = value
        elif isinstance(value, Mapping):
            flat |= {f"{name}.{key}": each for key, each in value.items()}
        elif isinstance(value, _GROUPS[name]):
            flat |= {f"{name}.{f.name}": getattr(value, f.name) for f in fields(_GROUPS[name])}
        else:
            raise ValueError(f"config.{name} must be a group of settings, not {value!r}")
    return flat


def _changed(settings: Settings, changes: Mapping[str, Any]) -> Settings:
    """Make new settings; the changes have dotted names and are checked."""
    top = {name: value for name, value in changes.items() if "." not in name}
    for group in _GROUPS:
        inner = {n.partition(".")[2]: v for n, v in changes.items() if n.startswith(group + ".")}
        if inner:
            top[group] = replace(getattr(settings, group), **inner)
    return replace(settings, **top)


def _from_environment(environ: Mapping[str, str]) -> Settings:
    changes = {}
    for name in _CHECKS:
        variable = "ZARRPY_" + name.replace(".", "_").upper()
        if variable in environ:
            changes[name] = _checked(name, environ[variable], variable)
    return _changed(Settings(), changes)


@dataclass(frozen=True, slots=True)
class _Override:
    """Changes that hold in one context, and what they make of the process's settings."""

    changes: dict[str, Any]
    base: Settings
    merged: Settings


_override: ContextVar[_Override | None] = ContextVar("zarrpy.config", default=None)


class _Change:
    """A change that is made already; leaving it as a context manager takes it back."""

    def __init__(self, token: Token[_Override | None]) -> None:
        self._token = token

    def __enter__(self) -> "Config":
        return config

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        _override.reset(self._token)


class Config:
    """The settings in force; there is one, `zarrpy.config`.

    Attributes
    ----------
    workers : int or None
        CPU threads of one call; None: as many as this process may use (`cpu_quota`).
    requests : int
        Requests in flight to a store behind a network; files and memory take one after the other.
    max_memory : int or None
        Bytes that the chunks in work of one call take at most, beside its result; None: as many as
        the work goes best with.
    spare_memory : int
        Bytes of the memory of large results (32 MiB and more) that are kept for the next ones when
        nobody uses them, on Linux; never more than were in use at once. They are marked as free:
        the system takes them when it is short of memory. 0 keeps none.
    missing : {"fill", "error", "mask"}
        What reading an absent chunk gives: the fill value, an error, or masked elements.
    lock : {"auto"}
        How writers of one chunk keep out of each other's way.
    lock_timeout : float
        Seconds to wait for another writer of the same chunk or document before it is an error.
    durability : {"atomic", "durable"}
        Whether what a call has written survives a loss of power, too, when it returns.
    cache : int
        Bytes of decoded chunks of files to keep in memory, for all arrays that are not opened
        with a `cache` of their own; a text such as ``"512MiB"`` will do. 0 keeps none.
    prefetch : int
        Chunks that are fetched ahead of a scan, from stores that are neither files nor memory and
        can tell versions; for arrays that are not opened with a `prefetch` of their own.
    metadata_ttl : float
        Seconds that documents may be old when nodes are opened and members told, for those that are
        not opened with a `metadata_ttl` of their own. 0 reads them each time.
    disable : frozenset of str
        Fast paths turned off: ``native``; ``partial``, the reading of parts of shards and the
        decoding and encoding of parts of chunks; ``coalesce``, the reading of several chunks of a
        shard in one request; ``recall``, of documents that were parsed before; ``cache``, of
        decoded chunks; ``small``, the short way to a few elements; ``buffer``, of pieces of chunks
        that are written later; ``prefetch``, of chunks that a scan or a read comes to; ``index``,
        of shards of remote stores that were read before; ``fold``, of chunks of files in C by
        reductions; ``copy``, from file to file past the memory of the process; ``stream``, of large
        results past the cache; ``spare``, of memory of large results that is taken again;
        ``replaced``, of files whose blocks are freed by another thread; ``tuned``, of zstd to the
        numbers that it gets, for arrays that are made or opened from then on; and, by the
        environment ``ZARRPY_DISABLE`` before the import alone, ``simd`` and ``libdeflate``.
    stores : tuple of (str, str)
        Classes of stores as ``"module:Class"``, each with the scheme of URLs that it is for; set as
        a mapping or, as in ``ZARRPY_STORES``, as a text: ``"name=module:Class,..."``.
    array : ArraySettings
        ``write_empty_chunks``, ``zarr_format`` of new arrays; ``subchunk_write_order`` of chunks
        in shards: "lexicographic", "colexicographic" or "morton"; ``compat``, the reader that new
        nodes are for; ``order`` of elements that are read, in memory: "C" or "F".
    limits : Limits
        ``max_chunk_bytes``, ``metadata_bytes``, ``json_depth``, ``element_bytes``, ``ndim``,
        ``codecs``.

    Examples
    --------
    >>> with config.set(workers=1, **{"limits.json_depth": 50}):
    ...     config.workers, config.limits.json_depth
    (1, 50)
    """

    workers: int | None
    requests: int
    max_memory: int | None
    spare_memory: int
    missing: str
    lock: str
    lock_timeout: float
    durability: str
    cache: int
    prefetch: int
    metadata_ttl: float
    disable: frozenset[str]
    stores: tuple[tuple[str, str], ...]
    array: ArraySettings
    limits: Limits

    _process: Settings | None

    def __init__(self) -> None:
        object.__setattr__(self, "_process", None)

    @property
    def current(self) -> Settings:
        """All settings as they are now, in one unchanging object."""
        base = self._process
        if base is None:
            base = self._read_environment()
        override = _override.get()
        if override is None:
            return base
        if override.base is not base:  # the process's settings changed meanwhile
            override = self._override_with(override.changes)
            _override.set(override)
        return override.merged

    @property
    def worker_count(self) -> int:
        """CPU threads of one call as a number: `workers`, or the quota if that is None."""
        workers = self.current.workers
        return cpu_quota() if workers is None else workers

    def set(self, settings: Mapping[str, object] | None = None, /, **more: object) -> _Change:
        """Change settings here and now, or for a ``with`` block.

        Parameters
        ----------
        settings : mapping, optional
            Values by name; a setting in a group has a dotted name, ``"limits.json_depth"``.
        **more
            The same as keywords.

        Returns
        -------
        context manager
            Leaving it takes the change back.
        """
        changes = self._check({**(settings or {}), **more})
        override = _override.get()
        if override is not None:
            changes = {**override.changes, **changes}
        return _Change(_override.set(self._override_with(changes)))

    def reset(self) -> None:
        """Forget every assignment, and read the environment again."""
        object.__setattr__(self, "_process", None)

    def __getattr__(self, name: str) -> Any:
        try:
            return getattr(self.current, name)
        except AttributeError:
            raise AttributeError(_unknown(name)) from None

    def __setattr__(self, name: str, value: object) -> None:
        if name not in Settings.__slots__:
            raise AttributeError(_unknown(name))
        changes = self._check({name: value})
        override = _override.get()
        base = self._process or self._read_environment()
        object.__setattr__(self, "_process", _changed(base, changes))
        if override is not None:
            # What is assigned must be what is read next, also inside a `with` block.
            kept = {key: old for key, old in override.changes.items() if key not in changes}
            _override.set(self._override_with(kept))

    def __repr__(self) -> str:
        return repr(self.current).replace("Settings(", "config(", 1)

    def __dir__(self) -> list[str]:
        return [*super().__dir__(), *Settings.__slots__]

    def _check(self, values: Mapping[str, object]) -> dict[str, Any]:
        flat = _flatten(values)
        for name in flat:
            if name not in _CHECKS:
                raise TypeError(_unknown(name))
        checked = {name: _checked(name, value) for name, value in flat.items()}
        _refuse_late(checked.get("disable", frozenset()))
        return checked

    def _read_environment(self) -> Settings:
        settings = _from_environment(os.environ)
        object.__setattr__(self, "_process", settings)
        return settings

    def _override_with(self, changes: dict[str, Any]) -> _Override:
        base = self._process or self._read_environment()
        return _Override(changes, base, _changed(base, changes))


def cpu_quota(root: str = "/sys/fs/cgroup") -> int:
    """Count the CPUs that this process may use: its affinity, cut by a container's quota.

    Parameters
    ----------
    root : str
        Where the control groups are mounted.
    """
    cpus = os.cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        cpus = len(os.sched_getaffinity(0))
    for quota, period in _cgroup_quotas(root):
        if quota > 0 and period > 0:
            cpus = min(cpus, max(1, -(-quota // period)))
    return cpus


def _cgroup_quotas(root: str) -> list[tuple[int, int]]:
    """Read (quota, period) of version 2 and of version 1 control groups, where they exist."""
    found = []
    for names in (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us")):
        try:
            words = " ".join(_read(os.path.join(root, name)) for name in names).split()
            found.append((int(words[0]), int(words[1])))
        except (OSError, ValueError, IndexError):
            continue  # no such group, or "max": no limit
    return found


def _read(path: str) -> str:
    with open(path, encoding="ascii") as file:
        return file.read()


config = Config()

"""The settings by zarr-python's names; what zarrpy has under another one is changed there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from zarrpy.config import config as ours

__all__ = ["Config", "config"]

# What a setting is here.
_OURS = {
    "default_zarr_format": "array.zarr_format",
    "array.order": "array.order",
    "array.write_empty_chunks": "array.write_empty_chunks",
    "array.read_missing_chunks": "missing",
    "async.concurrency": "requests",
    "threading.max_workers": "workers",
}
_DEFAULTS: dict[str, Any] = {
    "array": {
        "rectilinear_chunks": True,
        "target_shard_size_bytes": None,
        "sharding_coalesce_max_gap_bytes": 1 << 20,
        "sharding_coalesce_max_bytes": 16 << 20,
        "allow_unsafe_pickle_decode": False,
    },
    "async": {"timeout": None},
    "json_indent": 2,
    "codec_pipeline": {"path": "zarrpy", "batch_size": 1, "max_workers": None},
    "codecs": {},
    "buffer": "zarr.buffer.cpu.Buffer",
    "ndbuffer": "zarr.buffer.cpu.NDBuffer",
}
#: Settings of which zarr-python says that they are deprecated.
_GONE = (
    *("array.v2_default_compressor", "array.v2_default_filters", "array.v3_default_filters"),
    *("array.v3_default_serializer", "array.v3_default_compressors"),
)
_MISSING = object()
#: The value, before, of a setting that there was not.
_ABSENT = object()


class Config:
    """Settings of zarr-python, as mappings within mappings."""

    def __init__(self) -> None:
        self._more = deepcopy(_DEFAULTS)

    @property
    def defaults(self) -> list[dict[str, Any]]:
        """What the settings are where nobody changed them."""
        return [deepcopy(_DEFAULTS)]

    @property
    def config(self) -> dict[str, Any]:
        """All settings."""
        found = deepcopy(self._more)
        for name, own in _OURS.items():
            _put(found, name.split("."), _told(name, _read(own)))
        return found

    def get(self, key: str, default: Any = _MISSING) -> Any:
        """Read a setting by its dotted name.

        Raises
        ------
        KeyError
            When there is none of this name, and no default.
        """
        found: Any = self.config
        for part in key.split("."):
            if not isinstance(found, Mapping) or part not in found:
                if default is _MISSING:
                    raise KeyError(key)
                return default
            found = found[part]
        return found

    def __getitem__(self, key: str) -> Any:
        return self.get(key)

    def set(self, arg: Mapping[str, Any] | None = None, **keywords: Any) -> _Changed:
        """Change settings, at once; where it is used by ``with``, up to the end of the block."""
        given = dict(_flat(arg or {}))
        given |= {name.replace("__", "."): value for name, value in keywords.items()}
        if gone := [name for name in given if name.startswith(_GONE)]:
            raise ValueError(f"{gone[0]!r} is deprecated, and has no effect any more")
        before = {name: self.get(name, _ABSENT) for name in given}
        self._change(given)
        return _Changed(self, before)

    def update(self, *new: Mapping[str, Any], **keywords: Any) -> None:
        """Change settings."""
        for each in (*new, keywords):
            self.set(each)

    def _change(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            if name in _OURS:
                _write(_OURS[name], _meant(name, value))
            elif value is _ABSENT:
                _drop(self._more, name.split("."))
            else:
                _put(self._more, name.split("."), value)

    def reset(self) -> None:
        """Give every setting its default again."""
        self._more = deepcopy(_DEFAULTS)
        ours.reset()

    refresh = clear = reset

    def pprint(self) -> None:
        """Print all settings."""
        from pprint import pprint

        pprint(self.config)

    def enable_gpu(self) -> None:
        """Refuse: arrays are read into memory of the processor."""
        raise NotImplementedError("zarrpy reads into memory of the processor")


class _Changed:
    """Settings that were changed, for as long as a block lasts."""

    def __init__(self, config: Config, before: Mapping[str, Any]) -> None:
        self._config, self._before = config, before

    def __enter__(self) -> Config:
        return self._config

    def __exit__(self, *failure: object) -> None:
        self._config._change(self._before)


def _flat(values: Mapping[str, Any], start: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{start}{name}.")
        else:
            yield start + name, value


def _put(values: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        values = values.setdefault(name, {})
    values[path[-1]] = value


def _drop(values: dict[str, Any], path: list[str]) -> None:
    for name in path[:-1]:
        values = values.get(name, {})
    values.pop(path[-1], None)


def _told(name: str, value: Any) -> Any:
    """Say the value of a setting as zarr-python does."""
    return value != "error" if name == "array.read_missing_chunks" else value


def _meant(name: str, value: Any) -> Any:
    """Say the value of a setting as it is said here."""
    if name == "array.read_missing_chunks":
        return "fill" if value else "error"
    return value


def _read(name: str) -> Any:
    found: Any = ours
    for part in name.split("."):
        found = getattr(found, part)
    return found


def _write(name: str, value: Any) -> None:
    group, _, last = name.rpartition(".")
    setattr(ours, group or last, {last: value} if group else value)


#: The settings.
config = Config()

"""Tests of `zarrpy.config`."""

import asyncio
import dataclasses
import os
import re
import subprocess
import sys
import threading

import pytest

from zarrpy.config import _SWITCHES, Config, Settings, config, cpu_quota


@pytest.fixture(autouse=True)
def untouched():
    """Each test begins and ends with the settings of the environment."""
    config.reset()
    before = config.current
    yield
    config.reset()
    assert config.current == before


def test_the_defaults_are_those_of_the_documentation():
    """Without environment and assignments these hold."""
    assert Settings() == Settings(
        workers=None,
        requests=16,
        max_memory=None,
        missing="fill",
        lock="auto",
        durability="atomic",
        cache=0,
        disable=frozenset(),
    )
    assert dataclasses.asdict(Settings().array) == {
        "write_empty_chunks": False,
        "zarr_format": 3,
        "subchunk_write_order": "lexicographic",
        "compat": None,
        "order": "C",
    }
    assert dataclasses.asdict(Settings().limits) == {
        "max_chunk_bytes": 2 << 30,
        "metadata_bytes": 64 << 20,
        "json_depth": 100,
        "element_bytes": 16 * 2**20,
        "ndim": 64,
        "codecs": 64,
    }


def test_an_assignment_holds_for_the_whole_process():
    """Other threads see it."""
    config.workers = 3
    seen = []

    thread = threading.Thread(target=lambda: seen.append(config.workers))
    thread.start()
    thread.join()

    assert seen == [3]


def test_set_as_a_block_holds_until_its_end():
    """Groups are reached by dotted names; afterwards all is as before."""
    with config.set(workers=1, **{"limits.json_depth": 50}) as inside:
        assert (config.workers, inside.limits.json_depth) == (1, 50)
        assert config.limits.ndim == 64

    assert (config.workers, config.limits.json_depth) == (None, 100)


def test_set_ends_also_when_the_block_fails():
    """An error does not leave a setting behind."""
    with pytest.raises(KeyError), config.set(workers=1):
        raise KeyError

    assert config.workers is None


def test_set_takes_a_mapping_and_whole_groups():
    """Names with dots need no double star, and a group may be given as one."""
    limits = dataclasses.replace(config.limits, ndim=3)

    with config.set({"limits.codecs": 5}), config.set(array={"zarr_format": 2}):
        assert (config.limits.codecs, config.array.zarr_format) == (5, 2)
    with config.set(limits=limits):
        assert config.limits == limits


def test_blocks_nest():
    """The inner block adds to the outer and wins over it."""
    with config.set(workers=1, requests=5):
        with config.set(workers=2):
            assert (config.workers, config.requests) == (2, 5)
        assert (config.workers, config.requests) == (1, 5)


def test_a_block_is_seen_by_its_own_thread_only():
    """Two threads with two settings do not disturb each other."""
    seen = []

    with config.set(workers=7):
        thread = threading.Thread(target=lambda: seen.append(config.workers))
        thread.start()
        thread.join()

    assert seen == [None]


def test_a_block_is_seen_by_its_own_task_only():
    """Two tasks on one loop do not disturb each other."""

    async def work(workers: int) -> int | None:
        with config.set(workers=workers):
            await asyncio.sleep(0)
            return config.workers

    async def main() -> list[int | None]:
        return await asyncio.gather(work(1), work(2))

    assert asyncio.run(main()) == [1, 2]


def test_set_without_a_block_holds_from_there_on():
    """A plain call needs no ``with``; the object it gives takes it back."""
    change = config.set(requests=2)
    assert config.requests == 2

    with change:
        pass

    assert config.requests == 16


def test_an_assignment_inside_a_block_is_read_back():
    """What was just assigned is what is read, and it outlives the block."""
    with config.set(workers=1, requests=3):
        config.workers = 5
        assert (config.workers, config.requests) == (5, 3)

    assert config.workers == 5


def test_an_assignment_elsewhere_reaches_a_block_that_does_not_set_it():
    """A block overrides what it names, and nothing else."""
    with config.set(workers=1):
        thread = threading.Thread(target=lambda: setattr(config, "requests", 99))
        thread.start()
        thread.join()

        assert (config.workers, config.requests) == (1, 99)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("workers", 0),
        ("workers", True),
        ("workers", 1.5),
        ("workers", "many"),
        ("requests", None),
        ("max_memory", -1),
        ("limits.max_chunk_bytes", "1 parsec"),
        ("cache", -5),
        ("max_memory", "5 sacks"),
        ("lock", "none"),
        ("missing", "guess"),
        ("missing", "ignore"),
        ("lock", None),
        ("durability", ["atomic"]),
        ("disable", "nativ"),
        ("disable", 3),
        ("limits.json_depth", 0),
        ("limits.ndim", "64.0"),
        ("array.zarr_format", 1),
        ("array.zarr_format", True),
        ("array.write_empty_chunks", "perhaps"),
        ("array.write_empty_chunks", 2),
        ("limits", 3),
    ],
)
def test_a_wrong_value_is_refused_with_its_name(name, value):
    """The error names the setting, the value and what would be right."""
    with pytest.raises(
        ValueError, match=rf"config\.{name} must be .*, not {value!r}".replace("[", r"\[")
    ):
        config.set({name: value})


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("512 MiB", 512 << 20), ("1GiB", 1 << 30), ("1k", 1024), ("1KB", 1000),
     ("1.5 M", 3 << 19), ("7b", 7)],
)  # fmt: skip
def test_a_size_may_be_written_with_its_unit(text, number):
    """Binary units as one writes them; KB, MB, GB are powers of a thousand."""
    with config.set({"limits.max_chunk_bytes": text}):
        assert config.limits.max_chunk_bytes == number


@pytest.mark.parametrize(
    ("value", "flag"), [(True, True), (False, False), ("yes", True), ("OFF", False)]
)
def test_a_flag_may_be_written_as_a_word(value, flag):
    """As environments have it."""
    with config.set({"array.write_empty_chunks": value}):
        assert config.array.write_empty_chunks is flag


def test_an_unknown_setting_is_refused_with_the_nearest_name():
    """A typing error does not become a setting without effect."""
    with pytest.raises(TypeError, match="no setting is named 'worker'; nearest: 'workers'"):
        config.set(worker=1)
    with pytest.raises(AttributeError, match="nearest: 'workers'"):
        config.worker = 1
    with pytest.raises(AttributeError, match="no setting is named 'xyzzy'"):
        _ = config.xyzzy


def test_a_group_cannot_be_changed_in_place():
    """A group is one value; only whole settings objects are swapped."""
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.limits.ndim = 3


def test_the_environment_gives_the_start(monkeypatch):
    """Each setting has a variable, groups included."""
    monkeypatch.setenv("ZARRPY_WORKERS", "2")
    monkeypatch.setenv("ZARRPY_DISABLE", "native, simd")
    monkeypatch.setenv("ZARRPY_MAX_MEMORY", "1MiB")
    monkeypatch.setenv("ZARRPY_LIMITS_JSON_DEPTH", "7")
    monkeypatch.setenv("ZARRPY_ARRAY_WRITE_EMPTY_CHUNKS", "on")
    fresh = Config()

    assert (fresh.workers, fresh.max_memory, fresh.limits.json_depth) == (2, 1 << 20, 7)
    assert fresh.disable == {"native", "simd"}
    assert fresh.array.write_empty_chunks is True


def test_the_documentation_names_every_switch():
    """Each with what it turns off, and none that there is not."""
    (told,) = re.findall(r"    disable : .*\n((?:        .*\n)+)", Config.__doc__)
    names = re.findall(r"``([a-z]+)``", told)

    assert sorted(names) == sorted(_SWITCHES)


@pytest.mark.parametrize("name", ["simd", "libdeflate"])
def test_what_the_engine_reads_from_the_environment_cannot_be_set_later(monkeypatch, name):
    """It would be said to be off and be on; what the environment names may be said again."""
    monkeypatch.delenv("ZARRPY_DISABLE", raising=False)
    config.reset()

    with pytest.raises(ValueError, match=f"variable ZARRPY_DISABLE={name} before .* imported"):
        config.set(disable={name, "native"})
    with pytest.raises(ValueError, match=f"turn off {name} in a program that runs"):
        config.disable = name
    assert config.disable == frozenset()

    monkeypatch.setenv("ZARRPY_DISABLE", f"native {name}")
    config.reset()
    with config.set(disable=config.disable | {"coalesce"}):
        assert config.disable == {"native", name, "coalesce"}


@pytest.mark.parametrize("switches", ["simd", "native,simd", "native, simd", "fold simd copy"])
def test_the_engine_reads_switches_as_the_settings_do(switches):
    """Commas and blanks separate names for both."""
    code = (
        "from zarrpy.config import config; from zarrpy._native.steps import cpu_features;"
        "print('simd' in config.disable, cpu_features())"
    )
    environ = {**os.environ, "ZARRPY_DISABLE": switches}

    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ
    )

    assert done.stdout.split() == ["True", "none"]


def test_a_wrong_variable_is_named(monkeypatch):
    """The error names the variable, as no line of the program is at fault."""
    monkeypatch.setenv("ZARRPY_REQUESTS", "lots")

    with pytest.raises(ValueError, match="ZARRPY_REQUESTS must be an integer of at least 1"):
        _ = Config().requests


def test_the_worker_count_is_a_number():
    """None stands for the quota."""
    assert config.worker_count == cpu_quota() >= 1
    with config.set(workers=9):
        assert config.worker_count == 9


def test_the_quota_of_a_container_bounds_the_workers(tmp_path):
    """Version 2 and version 1 control groups are both read; a part of a CPU counts as one."""
    (tmp_path / "cpu.max").write_text("50000 100000\n")
    assert cpu_quota(str(tmp_path)) == 1

    (tmp_path / "cpu.max").write_text("max 100000\n")
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("100000\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")
    assert cpu_quota(str(tmp_path)) == 1


def test_without_a_quota_the_affinity_counts(tmp_path):
    """No control group, or one without a bound, changes nothing."""
    (tmp_path / "cpu").mkdir()
    (tmp_path / "cpu" / "cpu.cfs_quota_us").write_text("-1\n")
    (tmp_path / "cpu" / "cpu.cfs_period_us").write_text("100000\n")

    assert cpu_quota(str(tmp_path)) == cpu_quota(str(tmp_path / "nowhere")) >= 1


def test_the_settings_can_be_shown_and_completed():
    """For a person at a prompt."""
    assert repr(config).startswith("config(workers=")
    assert {"workers", "limits", "set"} <= set(dir(config))


def test_the_leaves_import_neither_numpy_nor_each_other():
    """Errors, settings and registry cost next to nothing to import."""
    code = (
        "import sys, zarrpy.errors, zarrpy.config, zarrpy.registry;"
        "print([m for m in ('numpy', 'importlib.metadata', 'json.tool') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"

"""Tests of `zarrpy.errors`: the tree, the texts, the fields, pickling."""

import copy
import errno
import inspect
import pickle
import re

import pytest

from zarrpy import errors

# The whole tree: each class, its direct bases, and the fields it adds to theirs.
TREE = {
    "ZarrError": (["Exception"], {"hint"}),
    "MetadataError": (["ZarrError", "ValueError"], {"path", "field", "value"}),
    "UnsupportedExtensionError": (["MetadataError"], {"kind", "name"}),
    "AttributeNotJSONError": (["MetadataError", "TypeError"], {"key_path"}),
    "NodeNotFoundError": (
        ["ZarrError", "FileNotFoundError", "KeyError"],
        {"path", "nearest", "errno"},
    ),
    "ArrayNotFoundError": (["NodeNotFoundError"], set()),
    "StaleArrayError": (["ArrayNotFoundError"], set()),
    "GroupNotFoundError": (["NodeNotFoundError"], set()),
    "NodeExistsError": (["ZarrError", "FileExistsError", "ValueError"], {"path", "errno"}),
    "NodeKindError": (["ZarrError", "TypeError"], {"path", "found"}),
    "NodeInTheWayError": (["NodeKindError", "NodeExistsError"], set()),
    "SelectionError": (["ZarrError", "IndexError"], {"array", "selection", "shape"}),
    "NodeShapeError": (["ShapeMismatchError", "NodeKindError"], set()),
    "ShapeMismatchError": (["ZarrError", "ValueError"], {"array", "expected", "actual"}),
    "ChunkError": (["ZarrError"], {"array", "chunk", "key", "offset"}),
    "MissingChunkError": (["ChunkError", "KeyError"], set()),
    "CorruptChunkError": (["ChunkError", "ValueError"], {"codec"}),
    "ChecksumError": (["CorruptChunkError"], {"expected", "actual"}),
    "CodecError": (["ZarrError", "ValueError"], {"codec", "direction", "path"}),
    "LimitError": (["ZarrError", "ValueError"], {"limit", "asked", "path"}),
    "ChunkLimitError": (["ChunkError", "LimitError"], {"codec"}),
    "TransactionError": (["ZarrError"], set()),
    "StoreError": (
        ["ZarrError", "OSError"],
        {"store", "key", "operation", "attempts", "errno", "transient"},
    ),
    "ReadOnlyStoreError": (["StoreError", "PermissionError", "ValueError"], set()),
    "ConflictError": (["StoreError"], set()),
    "LockTimeoutError": (["StoreError", "TimeoutError"], set()),
    "MissingDependencyError": (["ZarrError", "ImportError"], {"extra", "command"}),
}

# One value per field, of the type that the field really has.
SAMPLES = {
    "hint": "try again",
    "path": "group/array",
    "field": "shape[1]",
    "value": [1, None],
    "kind": "codec",
    "name": "jpegxl",
    "key_path": ("affines", 0),
    "nearest": ["group/arrow"],
    "errno": errno.EIO,
    "found": "group",
    "selection": (slice(0, 3),),
    "shape": (2, 3),
    "expected": 17,
    "actual": 18,
    "array": "t2m",
    "chunk": (1, 2),
    "key": "c/1/2",
    "offset": 16,
    "codec": "zstd",
    "direction": "decode",
    "limit": 10,
    "asked": 11,
    "store": "LocalStore('run.zarr')",
    "operation": "get",
    "attempts": 3,
    "transient": True,
    "extra": "s3",
    "command": "install the extra s3",
}


def sample(name: str) -> errors.ZarrError:
    """Make an error with every field set."""
    cls = getattr(errors, name)
    return cls("it went wrong", **{field: SAMPLES[field] for field in cls.fields})


def test_the_tree_has_exactly_these_classes():
    """No class is missing, none is there that the tree does not show."""
    public = {
        n for n, c in inspect.getmembers(errors, inspect.isclass) if c.__module__ == errors.__name__
    }

    assert public == set(TREE) == set(errors.__all__)


@pytest.mark.parametrize("name", TREE)
def test_a_class_has_the_bases_of_the_tree(name):
    """The base in our tree comes first, then the builtin that old code catches."""
    assert [base.__name__ for base in getattr(errors, name).__bases__] == TREE[name][0]


@pytest.mark.parametrize("name", TREE)
def test_a_class_has_the_fields_of_the_tree(name):
    """The fields are those of the base in our tree, and the class's own."""
    inherited = set()
    for cls in getattr(errors, name).__mro__:
        inherited |= TREE.get(cls.__name__, ([], set()))[1]

    assert set(getattr(errors, name).fields) == inherited


def test_the_docstring_draws_the_tree_as_it_is():
    """The picture on top of the module names each class with its builtin bases."""
    drawn = re.findall(r"[├└]── (\w+)(?:\((.*)\))?", errors.__doc__)

    expected = {n: [b for b in bases if b not in TREE] for n, (bases, _) in TREE.items()}
    del expected["ZarrError"]
    assert {n: [b for b in bases.split(", ") if b] for n, bases in drawn} == expected


@pytest.mark.parametrize("name", TREE)
def test_an_error_survives_pickling(name):
    """Class, text, message and every field come back."""
    error = sample(name)

    back = pickle.loads(pickle.dumps(error))

    assert type(back) is type(error)
    assert (str(back), back.message, back.args) == (str(error), error.message, error.args)
    assert all(getattr(back, field) == getattr(error, field) for field in error.fields)


@pytest.mark.parametrize("name", TREE)
def test_an_error_without_fields_survives_copying(name):
    """Fields that were not given stay None, or the errno of the class."""
    error = getattr(errors, name)("it went wrong")

    back = copy.deepcopy(error)

    assert str(back) == str(error) == "it went wrong"
    assert all(getattr(back, f) == getattr(error, f) for f in error.fields)


@pytest.mark.parametrize("name", TREE)
def test_a_field_that_was_not_given_is_none(name):
    """Reading a known field never fails."""
    error = getattr(errors, name)("it went wrong")

    expected = {"errno": type(error).default_errno}
    assert all(getattr(error, field) == expected.get(field) for field in error.fields)


@pytest.mark.parametrize("name", TREE)
def test_an_unknown_field_is_a_type_error(name):
    """A misspelt field is not swallowed."""
    with pytest.raises(TypeError, match="has no field 'chunks'"):
        getattr(errors, name)("it went wrong", chunks=(1,))


@pytest.mark.parametrize("name", TREE)
def test_the_text_is_one_line_that_holds_the_message_and_the_hint(name):
    """A log line stays a line; what to do next comes last."""
    text = str(sample(name))

    assert "\n" not in text
    assert "it went wrong" in text
    assert text.endswith(" -> try again")


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            errors.CorruptChunkError("frame is truncated", codec="zstd", chunk=(1, 2), key="c/1/2"),
            "zstd: cannot decode chunk (1, 2) (key 'c/1/2'): frame is truncated",
        ),
        (
            errors.CorruptChunkError("bad", array="t2m", chunk=(3,), key="c/3", offset=7),
            "cannot decode chunk (3,) of 't2m' (key 'c/3', byte 7): bad",
        ),
        (errors.CorruptChunkError("bad", codec="zstd"), "zstd: bad"),
        (errors.CorruptChunkError("bad", key="c/3"), "cannot decode chunk (key 'c/3'): bad"),
        (errors.CorruptChunkError("bad", array="t2m"), "cannot decode a chunk of 't2m': bad"),
        (errors.ChunkError("bad", chunk=()), "chunk (): bad"),
        (
            errors.ChecksumError("crc32c differs", chunk=(0,), expected=1, actual=0xDEADBEEF),
            "cannot decode chunk (0,): crc32c differs (stored 0x00000001, computed 0xdeadbeef)",
        ),
        (errors.MissingChunkError(chunk=(0,), key="c/0"), "chunk (0,) (key 'c/0') is missing"),
        (
            errors.MissingChunkError("status 404", chunk=(0,)),
            "chunk (0,) is missing: status 404",
        ),
        (
            errors.MetadataError(
                "must be a list", path="a/zarr.json", field="shape", value={"x": None}
            ),
            'a/zarr.json: shape must be a list, not {"x": null}',
        ),
        (errors.MetadataError("must be 3", field="level", value=None), "level must be 3, not null"),
        (errors.MetadataError("is odd", field="level", value=3), "level is odd (3)"),
        (errors.MetadataError("a/b: no", path="a/b"), "a/b: no"),
        (errors.MetadataError("no", path=""), "no"),
        (
            errors.UnsupportedExtensionError(
                "is not known", kind="codec", name="jpegxl", path="a/zarr.json"
            ),
            "a/zarr.json: codec 'jpegxl' is not known",
        ),
        (errors.UnsupportedExtensionError("no 'x' here", kind="codec", name="x"), "no 'x' here"),
        (
            errors.AttributeNotJSONError("is a set", path="g", key_path=("a", 0)),
            "g: attrs['a'][0] is a set",
        ),
        (
            errors.NodeNotFoundError("nothing here", path="a/b", nearest=["a/c", "a/d"]),
            "'a/b': nothing here; nearest: 'a/c', 'a/d'",
        ),
        (errors.NodeNotFoundError("nothing at 'a/b'", path="a/b"), "nothing at 'a/b'"),
        (errors.NodeNotFoundError("no", nearest="abc"), "no; nearest: 'abc'"),
        (errors.NodeExistsError("is there already", path="a"), "'a': is there already"),
        (errors.NodeKindError("is a group", path="a", found="group"), "'a': is a group"),
        (
            errors.StoreError(
                "no access", operation="get", key="c/0", store="MemoryStore()", attempts=3
            ),
            "cannot get 'c/0' in MemoryStore(): no access (after 3 attempts)",
        ),
        (errors.StoreError("no access", store="MemoryStore()"), "MemoryStore(): no access"),
        (errors.StoreError("no access", attempts=1), "no access"),
        (
            errors.CodecError("5 is odd", codec="delta", direction="encode"),
            "delta: cannot encode: 5 is odd",
        ),
        (errors.LimitError("too many", limit=1, asked=2), "too many (asked 2, limit 1)"),
        (
            errors.LimitError("too many", limit=1, asked=2, path="a/zarr.json"),
            "a/zarr.json: too many (asked 2, limit 1)",
        ),
        (
            errors.CodecError("5 is odd", codec="delta", path="a/zarr.json"),
            "a/zarr.json: delta: 5 is odd",
        ),
        (errors.MissingDependencyError("no lmdb", command="install it"), "no lmdb -> install it"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_message_and_fields_make_one_sentence(error, text):
    """What failed, where, why: each part once, and only the parts that are known."""
    assert str(error) == text


def test_a_long_value_is_cut():
    """A megabyte of attributes does not end up in a log line."""
    error = errors.MetadataError("must be an object", field="x", value=["y" * 10_000])

    assert len(str(error)) < 150
    assert error.value == ["y" * 10_000]


def test_a_value_that_is_not_json_is_shown_all_the_same():
    """Composing the text of an error never fails."""
    assert "{1}" in str(errors.MetadataError("must be a list", field="x", value={1}))


def test_filling_sets_what_is_unknown_and_keeps_what_is_known():
    """The place that passes an error on adds to it, and never overrules it."""
    error = errors.CorruptChunkError("bad", codec="zstd")

    same = error.fill(codec="gzip", chunk=(1, 2))

    assert same is error
    assert (error.codec, error.chunk) == ("zstd", (1, 2))


def test_filling_an_unknown_field_is_a_type_error():
    """A misspelt field is not swallowed here either."""
    with pytest.raises(TypeError, match="has no field 'codecs'"):
        errors.CorruptChunkError("bad").fill(codecs="gzip")


def test_a_given_null_is_a_value():
    """JSON null can be what is wrong, so None given is not None by default."""
    assert str(errors.MetadataError("must be 3", field="x").fill(value=None)) == (
        "x must be 3, not null"
    )


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("NodeNotFoundError", errno.ENOENT),
        ("NodeExistsError", errno.EEXIST),
        ("ReadOnlyStoreError", errno.EACCES),
        ("LockTimeoutError", errno.ETIMEDOUT),
        ("StoreError", None),
    ],
)
def test_an_error_of_the_system_carries_its_errno(name, number):
    """Code that asks for ``error.errno`` is answered as the builtin class would."""
    assert getattr(errors, name)("it went wrong").errno == number


def test_a_given_errno_is_kept():
    """The errno of the real failure is worth more than that of the class."""
    assert errors.ReadOnlyStoreError("no", errno=errno.EROFS).errno == errno.EROFS

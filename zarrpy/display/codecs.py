"""Codec chains in a few words."""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol


class _Codec(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def configuration(self) -> Mapping[str, Any]: ...


def codec_label(name: str, configuration: Mapping[str, Any]) -> str:
    """Write a codec as its name and the few settings people ask for.

    Examples
    --------
    >>> codec_label("zstd", {"level": 3, "checksum": True})
    'zstd:3'
    >>> codec_label("blosc", {"cname": "lz4", "clevel": 5, "shuffle": "bitshuffle"})
    'blosc:lz4:5:bitshuffle'
    """
    short = name.removeprefix("numcodecs.")
    if short == "sharding_indexed":
        return f"shards of {_inner_label(configuration.get('codecs'))}"
    if short == "blosc":
        shuffle = configuration.get("shuffle", "noshuffle")
        words = [configuration.get("cname"), configuration.get("clevel"), _blosc_shuffle(shuffle)]
    else:
        words = [configuration.get("level", configuration.get("preset"))]
    return ":".join([short, *(str(word) for word in words if word is not None)])


def chain_label(codecs: Iterable[_Codec], *, arrow: str = " → ") -> str:
    """Write a chain in the order of encoding, without the ``bytes`` codec others imply.

    Examples
    --------
    >>> from types import SimpleNamespace as Codec
    >>> chain_label([Codec(name="bytes", configuration={"endian": "little"}),
    ...              Codec(name="gzip", configuration={"level": 5})])
    'gzip:5'
    >>> chain_label([Codec(name="bytes", configuration={"endian": "little"})])
    'bytes'
    """
    labels = [codec_label(codec.name, codec.configuration) for codec in codecs]
    telling = [label for label in labels if label != "bytes"]
    return arrow.join(telling or labels)


def inner_label(codecs: Iterable[_Codec]) -> str:
    """Write the chain of a chunk, which may be inside shards.

    Examples
    --------
    >>> from types import SimpleNamespace as Codec
    >>> inside = {"codecs": [{"name": "bytes"}, {"name": "zstd", "configuration": {"level": 5}}]}
    >>> inner_label([Codec(name="sharding_indexed", configuration=inside)])
    'zstd:5'
    """
    label = chain_label(codecs)
    inside = label.removeprefix("shards of (").removesuffix(")")
    return inside if label.startswith("shards of (") and label.endswith(")") else label


def _inner_label(documents: object) -> str:
    """Write the chain of the chunks in a shard; what is no list of documents as it is."""
    if not isinstance(documents, list):
        return "?"
    names = [each if isinstance(each, str) else each.get("name", "?") for each in documents]
    settings = [
        {} if isinstance(each, str) else each.get("configuration", {}) for each in documents
    ]
    labels = [codec_label(*pair) for pair in zip(names, settings, strict=True)]
    return f"({' → '.join([label for label in labels if label != 'bytes'] or labels)})"


def _blosc_shuffle(shuffle: object) -> str:
    """Name a shuffle that v2 writes as a number: 0 none, 1 bytes, 2 bits, -1 the codec's choice."""
    names = {0: "noshuffle", 1: "shuffle", 2: "bitshuffle", -1: "autoshuffle"}
    return names.get(shuffle, str(shuffle)) if isinstance(shuffle, int) else str(shuffle)

"""What becomes of each node when a hierarchy is brought into another format.

Both formats store the same bytes for the same codecs, so as a rule only documents change.  Where
the bytes have no form in the other format, as those of shards have none in v2, the values may:
then the array is stored anew, with the codecs that the other format has.  What has no form at all
is refused, and the reason names it.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from zarrpy.array import Array
from zarrpy.codecs.bytes import Bytes
from zarrpy.codecs.chain import CodecChain, loosened
from zarrpy.codecs.sharding import Sharding
from zarrpy.codecs.transpose import Transpose
from zarrpy.creation import named_codecs
from zarrpy.engine.nodes import documents_of, key_of, read_children
from zarrpy.errors import MetadataError, ZarrError
from zarrpy.layout import default_compressors
from zarrpy.metadata import dtypes, element
from zarrpy.metadata.chunk_keys import ChunkKeyEncoding
from zarrpy.metadata.fill_value import coerce
from zarrpy.metadata.grid import ChunkGrid
from zarrpy.metadata.model import ArrayMetadata, GroupMetadata

if TYPE_CHECKING:
    from collections.abc import Sequence

    from zarrpy.codecs.base import Codec
    from zarrpy.engine.parsing import Metadata
    from zarrpy.engine.requests import Steps
    from zarrpy.metadata.formats import Format
    from zarrpy.metadata.profiles import Profile
    from zarrpy.stores.base import Store

__all__ = ["Conversion", "planned"]


@dataclass(frozen=True, slots=True)
class Conversion:
    """What becomes of one node.

    Parameters
    ----------
    path : str
        In the store.
    action : {"metadata", "move", "recode", "refuse"}
        Only its documents change; its chunks are stored under other keys; its values are stored
        anew; or nothing, as it cannot be converted.
    reason : str
        Why it is recoded, or refused: what the other format has no words for.
    """

    path: str
    action: str
    reason: str = ""
    old: Metadata = field(repr=False, compare=False, kw_only=True)
    new: Metadata | None = field(default=None, repr=False, compare=False, kw_only=True)
    error: ZarrError | None = field(default=None, repr=False, compare=False, kw_only=True)

    @property
    def moves_chunks(self) -> bool:
        """Whether its chunks are stored under other keys, as they are."""
        return self.action == "move"


@dataclass(frozen=True, slots=True)
class Goal:
    """What nodes are to become.

    Parameters
    ----------
    format : Format
    profile : Profile, optional
        Of a reader that is to open them.
    """

    format: Format
    profile: Profile | None = None

    def wants(self, node: Metadata) -> bool:
        """Whether a node may have to change."""
        if node.zarr_format != self.format.number:
            return True
        return self.profile is not None and isinstance(node, ArrayMetadata)

    def fit(self, metadata: ArrayMetadata) -> ArrayMetadata:
        """Bring what is in the format into the words of the reader; raises where it has none."""
        if self.profile is None:
            return metadata
        keys = metadata.chunk_keys
        if not self.profile.knows_keys(self.format.number, keys.name):
            separator = keys.separator if keys.separator in ("/", ".") else "."
            keys = ChunkKeyEncoding(self.format.chunk_keys, separator)
        return self.profile.fit(replace(metadata, chunk_keys=keys))

    def has(self, codec: Codec) -> bool:
        """Whether the format has a codec, and the reader."""
        if isinstance(codec, Sharding) and not self.format.shards:
            return False
        if isinstance(codec, Transpose | Bytes) and self.profile is None:
            return True
        try:
            names = [each.name for each in named_codecs([codec], self.format)]
        except ZarrError:
            return False
        if self.profile is None or isinstance(codec, Transpose | Bytes):
            return True
        return all(self.profile.knows_codec(self.format.number, name) for name in names)


def planned(
    store: Store, path: str, node: Metadata, goal: Goal, *, recode: bool, restore: bool = False
) -> Steps[list[Conversion]]:
    """Say what becomes of a node and of all below it, a group before its members.

    Members whose replacement was cut off are put back first where `restore` allows it.
    """
    found = []
    if goal.wants(node):
        change = planned_node(store, path, node, goal, recode)
        if change.new is None or node.zarr_format != goal.format.number or change.new != node:
            found.append(change)
    if isinstance(node, GroupMetadata):
        children = yield from read_children(path, node.zarr_format, restore=restore)
        for name, child in children.items():
            where = key_of(path, name)
            found += yield from planned(store, where, child, goal, recode=recode, restore=restore)
    return found


def planned_node(store: Store, path: str, node: Metadata, goal: Goal, recode: bool) -> Conversion:
    """Say what becomes of one node."""
    try:
        new = said(store, path, node, goal)
    except ZarrError as error:
        if recode and isinstance(node, ArrayMetadata):
            anew = _anew(store, path, node, goal)
            if not isinstance(anew, ZarrError):
                return Conversion(path, "recode", _reason(error), old=node, new=anew)
            error = anew  # what stands in the way of storing the values anew, too
        error.add_note(f"in {store.place_of(path)}; nothing was converted")
        return Conversion(path, "refuse", _reason(error), old=node, error=error)
    moves = isinstance(node, ArrayMetadata) and _keys(node) != _keys(new)
    return Conversion(path, "move" if moves else "metadata", old=node, new=new)


def _reason(error: ZarrError) -> str:
    """Say what is wrong, and not what to do about it."""
    return str(error).partition(" -> ")[0]


def _keys(metadata: Metadata) -> ChunkKeyEncoding | None:
    return metadata.chunk_keys if isinstance(metadata, ArrayMetadata) else None


def said(store: Store, path: str, node: Metadata, goal: Goal) -> Metadata:
    """Say in the other format what a node is, as it is stored.

    Raises
    ------
    MetadataError
        When that format has no words for it; names the feature.
    """
    if isinstance(node, GroupMetadata):
        return GroupMetadata(node.attributes, goal.format.number)
    if node.zarr_format == goal.format.number:
        return goal.fit(node)
    chain = Array(store, path, node).codecs
    new = goal.fit(_in_format(node, _written(chain, chain.codecs, goal.format), goal.format))
    documents_of(path, new)
    return new


def _in_format(node: ArrayMetadata, codecs: Sequence[Codec], target: Format) -> ArrayMetadata:
    dtype = node.data_type.numpy
    if dtype.fields and not target.ordered_types and element.order(dtype) is None:
        raise MetadataError(
            f"Zarr v{target.number} has one byte order for all fields of a structure",
            field="data_type",
            value=str(dtype),
            hint="convert stores the values anew, in one order, unless recode=False",
        )
    keys = node.chunk_keys
    if target.only_its_chunk_keys and keys.name != target.chunk_keys:
        separator = keys.separator if keys.separator in ("/", ".") else "."
        keys = ChunkKeyEncoding(target.chunk_keys, separator)
    return replace(
        node,
        chunk_keys=keys,
        codecs=tuple(named_codecs(codecs, target)),
        attributes=node.attributes_apart,  # names have a member of their own
        zarr_format=target.number,
        document={},
        fill_defined=True,
        dimension_attribute=None,
    )


def _anew(store: Store, path: str, node: ArrayMetadata, goal: Goal) -> ArrayMetadata | ZarrError:
    """Describe an array of the same values in the other format, or say why there is none.

    Chunks of shards become chunks, and codecs stay as far as the format has them.
    """
    target = goal.format
    chain = _of_chunks(Array(store, path, node).codecs)
    dtype = chain.spec.dtype
    if dtype.fields and not target.ordered_types and element.order(dtype) is None:
        node, chain = _in_one_order(node, chain)
    shape = chain.spec.shape
    refused: ZarrError = MetadataError("has no form in the other format", path=path)
    for codecs in (_kept(chain, goal), _default(chain, target)):
        try:
            bound = CodecChain.of(codecs, chain.spec)
            grid = replace(node, chunk_grid=ChunkGrid(shape))
            new = goal.fit(_in_format(grid, _written(bound, codecs, target), target))
            CodecChain.bind(new.codecs, chain.spec)
            documents_of(path, new)
        except ZarrError as error:
            refused = error
            continue
        return new
    return refused


def _in_one_order(node: ArrayMetadata, chain: CodecChain) -> tuple[ArrayMetadata, CodecChain]:
    """Give all fields of a structure one byte order; the values stay the same."""
    data_type, _ = dtypes.from_numpy(node.data_type.numpy)
    value = coerce(node.fill_value, data_type)
    spec = replace(chain.spec, dtype=data_type.numpy, fill_value=value)
    return replace(node, data_type=data_type, fill_value=value), CodecChain.of(chain.codecs, spec)


def _written(chain: CodecChain, codecs: Sequence[Codec], target: Format) -> Sequence[Codec]:
    """Give the codecs as the other format writes them down: with what they take, or without."""
    return chain.codecs if target.fitted_codecs else loosened(codecs, chain.spec)


def _of_chunks(chain: CodecChain) -> CodecChain:
    """Give the chain of the chunks that lie innermost in shards."""
    while chain.shard is not None:
        chain = chain.shard.chain
    return chain


def _kept(chain: CodecChain, goal: Goal) -> list[Codec]:
    """Keep the codecs that the other format has; one has to make bytes of arrays."""
    codecs = loosened(chain.codecs, chain.spec)  # as those that are left out had changed it
    at = len(chain.array_to_array)
    before, after = (
        [each for each in part if goal.has(each)] for part in (codecs[:at], codecs[at + 1 :])
    )
    between = codecs[at]
    if not goal.has(between) or between == Bytes(None):
        between = _serializer(chain)
    return [*before, between, *after]


def _default(chain: CodecChain, target: Format) -> list[Codec]:
    """Take the codecs of a new array."""
    spec = chain.spec
    return [_serializer(chain), *default_compressors(spec.shape, spec.dtype, target)]


def _serializer(chain: CodecChain) -> Codec:
    if chain.spec.dtype.hasobject:
        from zarrpy.codecs.vlen import VLenBytes, VLenUTF8  # few arrays need them

        return VLenUTF8() if chain.spec.dtype.kind == "T" else VLenBytes()
    return Bytes("little" if element.order(chain.spec.dtype) == element.NATIVE else None)


def refuse(changes: Sequence[Conversion]) -> None:
    """Raise the error of the first node that cannot be converted."""
    for change in changes:
        if change.action == "refuse":
            raise change.error or MetadataError(change.reason)

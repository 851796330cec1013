"""Errors and warnings by zarr-python's names; the errors are those raised here."""

from zarrpy.errors import (
    MetadataError,
    MissingChunkError,
    NodeExistsError,
    NodeKindError,
    SelectionError,
    UnsupportedExtensionError,
    ZarrError,
)


class ZarrFutureWarning(FutureWarning):
    """Something will change; by zarr-python's name, for filters of warnings."""


class UnstableSpecificationWarning(ZarrFutureWarning):
    """Something is not specified yet; by zarr-python's name."""


class ZarrDeprecationWarning(DeprecationWarning):
    """Something will go; by zarr-python's name."""


class ZarrUserWarning(UserWarning):
    """Something is probably not meant; by zarr-python's name."""


class ZarrRuntimeWarning(RuntimeWarning):
    """Something will be slow, or is dubious; by zarr-python's name."""


#: What zarr-python calls the errors that are raised here in the same situations.
NAMES: dict[str, type[Exception]] = {
    "ArrayIndexError": SelectionError,
    "BaseZarrError": ZarrError,
    "BoundsCheckError": SelectionError,
    "ChunkNotFoundError": MissingChunkError,
    "ContainsArrayAndGroupError": NodeExistsError,
    "ContainsArrayError": NodeExistsError,
    "ContainsGroupError": NodeExistsError,
    "DataTypeValidationError": MetadataError,
    "MetadataValidationError": MetadataError,
    "NegativeStepError": SelectionError,
    "NodeTypeValidationError": NodeKindError,
    "PickleCodecDisabledError": UnsupportedExtensionError,
    "UnknownCodecError": UnsupportedExtensionError,
    "VindexInvalidSelectionError": SelectionError,
    "UnstableSpecificationWarning": UnstableSpecificationWarning,
    "ZarrDeprecationWarning": ZarrDeprecationWarning,
    "ZarrFutureWarning": ZarrFutureWarning,
    "ZarrRuntimeWarning": ZarrRuntimeWarning,
    "ZarrUserWarning": ZarrUserWarning,
}

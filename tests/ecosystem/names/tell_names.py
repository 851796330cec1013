"""Tells the names of the zarr-python of this interpreter, with their parameters, as JSON."""

import importlib
import inspect
import json
import sys

MODULES = ("zarr", "zarr.storage", "zarr.codecs", "zarr.errors")
CLASSES = ("Array", "Group", "AsyncArray", "AsyncGroup")


def parameters(thing):
    """Name the parameters of what can be called; those of any number with their stars."""
    try:
        found = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return None
    stars = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [stars.get(each.kind, "") + each.name for each in found if each.name != "self"]


def names_of(owner, names):
    """Give names with their parameters; None for what is not called."""
    found = {name: getattr(owner, name, None) for name in names}
    return {name: parameters(each) if callable(each) else None for name, each in found.items()}


def main():
    """Print the names."""
    said = {}
    for module in MODULES:
        owner = importlib.import_module(module)
        said[module] = names_of(owner, sorted(owner.__all__))
    root = importlib.import_module("zarr")
    for name in CLASSES:
        cls = getattr(root, name)
        said[f"zarr.{name}"] = names_of(cls, [each for each in dir(cls) if each[0] != "_"])
    said["version"] = root.__version__
    json.dump(said, sys.stdout, indent=1, sort_keys=True)


main()

"""Zarr v2 and v3 arrays for Python, with the work done in C."""

__version__ = "0.1.0"

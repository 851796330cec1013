"""Tests that run where zarr-python, obstore, fsspec, icechunk, VirtualiZarr and kerchunk are.

`tests/interop/test_foreign_stores.py` runs them in an environment of its own.
"""

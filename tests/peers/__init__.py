"""Other Zarr implementations, each in an environment of its own, behind one interface."""

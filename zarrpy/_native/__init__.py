"""The native waist: selections to chunks, and whole batches of chunks without the GIL."""

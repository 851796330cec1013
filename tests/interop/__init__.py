"""zarrpy and its peers read each other's arrays."""

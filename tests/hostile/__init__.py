"""Data from strangers: each input in a process of its own, under a limit of memory and time."""

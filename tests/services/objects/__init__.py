"""Stores of objects, against servers that the tests start."""

"""Stores in databases, against servers that the tests start."""

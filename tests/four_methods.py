"""A store as a user may write one."""

from zarrpy import Store


class FourMethods(Store):
    """The four methods that a store needs, over a dictionary."""

    def __init__(self):
        self.values = {}

    def get(self, key, byte_range=None):
        """Read a value or a part of it."""
        value = self.values.get(key)
        return value if value is None or byte_range is None else byte_range.of(value)

    def set(self, key, value):
        """Replace a value."""
        self.values[key] = bytes(value)

    def delete(self, key):
        """Remove a value, if there is one."""
        self.values.pop(key, None)

    def list(self, prefix=""):
        """Yield keys that begin so."""
        return iter([key for key in self.values if key.startswith(prefix)])

"""Settings of Hypothesis for all property tests."""

from hypothesis import settings

# Machines that build are busy: how long one example takes says nothing.
settings.register_profile("zarrpy", deadline=None)
settings.load_profile("zarrpy")

"""The field that ships with zarrpy; README.md beside it tells where it comes from."""

from pathlib import Path

OCEAN_TEMPERATURE = Path(__file__).parent / "ocean_temperature.npy"

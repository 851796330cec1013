"""Dimensions by their names: an ocean, and a head.

    python examples/named_dimensions.py
    python examples/named_dimensions.py .venvs/arrays/mri_head.npy

The ocean ships with zarrpy; `python bench/py/data.py` fetches the head, an MRI volume.
"""

import sys

import numpy as np

import zarrpy
from zarrpy.data import OCEAN_TEMPERATURE


def climate():
    """Ask the ocean by depth, latitude and longitude."""
    field = np.load(OCEAN_TEMPERATURE)
    sea = zarrpy.create_array(
        {}, data=field, chunks=(1, 90, 90), dimension_names=("depth", "lat", "lon")
    )
    north = 89 - 45  # rows begin at 89.5 degrees north
    print("at 45.5 north, 29.5 west, by depth:", sea.isel(lat=north, lon=150).round(1))

    surface = sea.lazy.isel(depth=0)  # nothing is read yet
    equator = surface.isel(lat=slice(80, 100))
    print("the surface:", surface.dimension_names, surface.shape)
    print(f"its tropics: {np.nanmean(equator[...]):.1f} degrees")

    profile = [np.nanmean(sea.isel(depth=k)) for k in range(4)]
    print("means by depth:", np.round(profile, 1))


def medicine(path):
    """Cut a head in the three planes of doctors, and one box out of it."""
    volume = np.load(path)
    head = zarrpy.create_array(
        {}, data=volume, chunks=(64, 64, 64), dimension_names=("sagittal", "coronal", "axial")
    )
    for name, length in zip(head.dimension_names, head.shape, strict=True):
        plane = head.isel({name: length // 2})
        print(f"{name:8} plane {plane.shape}, {np.count_nonzero(plane) / plane.size:.0%} is head")

    box = {"axial": slice(150, 214), "sagittal": slice(120, 184), "coronal": slice(150, 214)}
    with zarrpy.profile() as costs:
        brain = head[box]
    print(f"a box of {brain.shape}: mean {brain.mean():.0f}, read {costs.total.chunks} chunks")

    head[{"coronal": slice(300, None)}] = 0  # faces are private
    print("faceless:", not head.isel(coronal=slice(300, None)).any())


if __name__ == "__main__":
    climate()
    if len(sys.argv) > 1:
        medicine(sys.argv[1])

"""Eleven years of winds: a region, a season, statistics, and what each layout is good for.

    python bench/py/data.py                     # fetches real arrays, among them navy_winds.npy
    python examples/climate.py .venvs/arrays/navy_winds.npy

The file has monthly means of the zonal wind in m/s, from January 1982 to December 1992, every 2.5
degrees from the south pole and from 20 degrees east.
"""

import sys
import tempfile

import numpy as np

import zarrpy

YEARS = 11


def main():
    """Store the winds, and ask for them in several ways."""
    winds = np.load(sys.argv[1])
    _, nlat, nlon = winds.shape
    lat = np.linspace(-90, 90, nlat)
    lon = (20 + np.arange(nlon) * 2.5) % 360
    with tempfile.TemporaryDirectory() as folder:
        root = zarrpy.create_group(f"{folder}/winds.zarr", attributes={"source": "monthly means"})
        root.create_array("lat", data=lat, dimension_names=("lat",))
        root.create_array("lon", data=lon, dimension_names=("lon",))
        # A shard is a year of the whole Earth, one file; a chunk in it a year of a small region,
        # so that maps and series of a place both read little.
        wind = root.create_array(
            "u",
            data=winds,
            shards=(12, nlat, nlon),
            chunks=(12, nlat, 24),
            dimension_names=("time", "lat", "lon"),
            attributes={"units": "m/s", "long_name": "zonal wind"},
        )
        print(f"stored: {winds.nbytes / wind.nbytes_stored():.2f} times smaller")

        # Region: the trade winds of the tropical Pacific blow from the east.
        tropics = slice(*np.searchsorted(lat, [-10, 10.1]))
        pacific = np.flatnonzero((lon >= 180) & (lon <= 240))
        trades = wind.isel(lat=tropics, lon=pacific)
        print(f"trade winds of the Pacific: {trades.mean():.2f} m/s")

        # Time: Januaries and Julys of all years, south of Asia, where the monsoon turns.
        monsoon = {"lat": np.searchsorted(lat, 10), "lon": np.flatnonzero((lon > 60) & (lon < 75))}
        for month, name in ((0, "Januaries"), (6, "Julys")):
            season = wind.isel(monsoon, time=slice(month, None, 12))
            print(f"Arabian Sea, {name}: {season.mean():.2f} m/s")

        # Statistics go through the chunks, in bounded memory, on all cores.
        belts = wind.mean(axis=(0, 2))
        strongest = int(belts.argmax())
        print(f"westerlies are strongest at {lat[strongest]:.1f} degrees: {belts.max():.2f} m/s")
        counts, edges = wind.histogram(bins=[-30, -10, 0, 10, 30])
        shares = counts / counts.sum()
        for share, least, most in zip(shares, edges, edges[1:], strict=False):
            print(f"{least:4.0f} to {most:3.0f} m/s: {share:6.1%}")

        # A warm Pacific (El Nino) was in the winter of 1982: its winds differ from the mean year.
        of_years = trades.mean(axis=(1, 2)).reshape(YEARS, 12)
        anomaly = of_years[0, 9:] - of_years[:, 9:].mean(axis=0)
        print("autumn of 1982 against the mean of all years:", np.round(anomaly, 2), "m/s")

        # Ratios: noisy numbers hardly shrink, unless only the bits that mean something are kept.
        kept = [{"name": "bitround", "configuration": {"keepbits": 8}}]
        for name, codecs in {
            "zstd": {"compressors": "zstd:5"},
            "blosc": {"compressors": "blosc"},
            "blosc, 8 bits kept": {"filters": kept, "compressors": "blosc"},
        }.items():
            other = root.create_array(name, data=winds, chunks=(12, nlat, nlon), **codecs)
            ratio = winds.nbytes / other.nbytes_stored()
            print(
                f"{name:18} {ratio:.2f}, off by {np.abs(other[...] - winds).max():.3f} m/s at most"
            )


if __name__ == "__main__":
    main()

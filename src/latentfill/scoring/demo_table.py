"""A generated table with realistic gaps and known true values, for the demo and for tests."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.series import BoolArray, FloatArray, TimeArray

COLUMNS = ("load_north", "load_south", "temperature", "humidity", "wind", "price")


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """An hourly table with gaps; `truth` also holds the values inside the gaps."""

    time: TimeArray  # (T,)
    columns: tuple[str, ...]
    truth: FloatArray  # (T, C), rounded to two decimals as in a file
    missing: BoolArray  # (T, C)

    @property
    def values(self) -> FloatArray:
        """The values with gaps, (T, C), NaN in the gaps."""
        return np.where(self.missing, np.nan, self.truth)

    def complete(self) -> Sample:
        """The same table without gaps."""
        return replace(self, missing=np.zeros_like(self.missing))

    def to_csv(self) -> str:
        """The table as CSV text, gaps left blank."""
        lines = ["time," + ",".join(self.columns)]
        stamps = np.datetime_as_string(self.time, unit="m")
        for stamp, row in zip(stamps, self.values, strict=True):
            cells = ("" if np.isnan(value) else f"{value:.2f}" for value in row)
            lines.append(f"{stamp.replace('T', ' ')},{','.join(cells)}")
        return "\n".join(lines) + "\n"


def make_sample(seed: int = 0, days: int = 120) -> Sample:
    """Six correlated hourly columns with daily and weekly cycles, slow weather and noise.

    The gaps are single cells, hours or days in one column, and outages of days in all columns but one.
    """
    rng = np.random.default_rng(seed)
    hours = np.arange(days * 24)
    time = np.datetime64("2024-01-01T00", "ns") + hours * np.timedelta64(1, "h")
    truth = np.round(_values(rng, hours), 2)
    return Sample(time, COLUMNS, truth, _gaps(rng, *truth.shape))


def _values(rng: np.random.Generator, hours: np.ndarray) -> FloatArray:
    """The columns (T, C): demand rises with working hours and cold, the price follows demand and wind."""
    n = len(hours)
    day = 2 * np.pi * hours / 24
    working = np.where((hours // 24) % 7 < 5, 1.0, 0.55)
    weather = _slow(rng, n, 72)
    clouds = _slow(rng, n, 18)
    temperature = 11 + 6 * weather + (4 - 2 * clouds) * np.sin(day - 2.2) + _noise(rng, n, 0.3)
    humidity = np.clip(68 - 2.1 * (temperature - 11) + 9 * clouds + _noise(rng, n, 1.5), 5, 100)
    wind = np.exp(1.1 + 0.5 * _slow(rng, n, 24) + 0.25 * np.sin(day - 2) + _noise(rng, n, 0.08))
    rhythm = working * (1.2 + np.sin(day - 1.9) + 0.45 * np.sin(2 * day - 0.6))
    cold = np.maximum(15 - temperature, 0)
    north = 220 + 95 * rhythm + 6 * cold + _noise(rng, n, 7)
    south = 140 + 55 * np.roll(rhythm, 1) + 2.5 * cold + 12 * _slow(rng, n, 48) + _noise(rng, n, 6)
    price = 22 + 0.09 * (north + south) - 1.6 * wind + 4 * _slow(rng, n, 30) + _noise(rng, n, 1.5)
    return np.stack([north, south, temperature, humidity, wind, price], axis=1)


def _slow(rng: np.random.Generator, n: int, hours: float) -> FloatArray:
    """A random signal (n,) with standard deviation 1 whose autocorrelation decays within about `hours`."""
    keep = np.exp(-1 / hours)
    steps = rng.normal(0, np.sqrt(1 - keep**2), n)
    out = np.empty(n)
    state = rng.normal()
    for i, step in enumerate(steps):
        state = keep * state + step
        out[i] = state
    return out


def _noise(rng: np.random.Generator, n: int, spread: float) -> FloatArray:
    """Independent normal noise (n,)."""
    return rng.normal(0, spread, n)


def _gaps(rng: np.random.Generator, n_steps: int, n_columns: int) -> BoolArray:
    """Which cells (T, C) are missing."""
    missing = rng.random((n_steps, n_columns)) < 0.02
    weeks = max(1, n_steps // 168)
    for length_range, per_week in (((2, 12), 3.0), ((24, 60), 0.25)):
        for _ in range(round(weeks * per_week)):
            _hide(rng, missing, int(rng.integers(*length_range)), [int(rng.integers(n_columns))])
    for _ in range(max(1, weeks // 6)):
        down = rng.permutation(n_columns)[: n_columns - 1]
        _hide(rng, missing, int(rng.integers(36, 84)), down.tolist())
    return missing


def _hide(rng: np.random.Generator, missing: BoolArray, length: int, columns: list[int]) -> None:
    """Mark a run of `length` steps in some columns as missing, at a random place."""
    length = min(length, len(missing) // 4)
    start = int(rng.integers(0, len(missing) - length + 1))
    missing[start : start + length, columns] = True

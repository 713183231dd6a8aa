"""The demo: fill a generated sample table, and compare the result with its true values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentfill.core.files import write_bytes
from latentfill.core.series import BoolArray, FloatArray
from latentfill.core.unwritable import refusing_unwritable
from latentfill.imputation.imputer import Imputer
from latentfill.nn.progress import ProgressCallback
from latentfill.scoring.demo_table import Sample, make_sample
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, gap_lengths, interpolate
from latentfill.windows.metrics import masked_mse


@dataclass(frozen=True, slots=True)
class GroupError:
    """Mean squared errors on some of the hidden cells, in squared standard deviations of their columns."""

    group: str  # length of the gaps in steps, or "all"
    cells: int
    mse: float
    linear_mse: float  # of linear interpolation


@dataclass(frozen=True, slots=True)
class Outcome:
    """The files that the demo wrote, and the errors of the filled one."""

    source: Path  # the sample with gaps
    filled: Path  # the filled sample
    truth: Path  # the sample without gaps
    errors: tuple[GroupError, ...]  # by gap length, then over all hidden cells


def run_demo(folder: Path, seed: int, progress: ProgressCallback | None = None) -> Outcome:
    """Write the sample to `folder`, fill it with the default strategy, and compare the result with the true values.

    Raises an `InputError` if a file cannot be written.
    """
    with refusing_unwritable(folder):
        folder.mkdir(parents=True, exist_ok=True)
    sample = make_sample(seed)
    source, filled, truth = (folder / name for name in ("sample.csv", "filled.csv", "truth.csv"))
    write_bytes(source, sample.to_csv().encode())
    write_bytes(truth, sample.complete().to_csv().encode())
    imputer = Imputer(seed=seed, progress=progress).fit(source)
    imputation = imputer.fill(source)
    imputation.write(filled)
    return Outcome(source, filled, truth, compare(sample, imputation.filled.values))


def compare(sample: Sample, filled: FloatArray) -> tuple[GroupError, ...]:
    """Errors of `filled` (T, C) and of linear interpolation on the hidden cells, by gap length and over all."""
    spread = sample.truth.std(axis=0)
    truth, estimate = sample.truth / spread, filled / spread
    linear = interpolate(sample.values) / spread
    buckets = bucket_of(gap_lengths(~sample.missing))

    def error(group: str, cells: BoolArray) -> GroupError:
        """The errors on some cells (T, C)."""
        mse, linear_mse = masked_mse(estimate, truth, cells), masked_mse(linear, truth, cells)
        return GroupError(group, int(np.count_nonzero(cells)), mse, linear_mse)

    groups = [(name, sample.missing & (buckets == b)) for b, name in enumerate(BUCKET_NAMES)]
    return (*(error(name, cells) for name, cells in groups if cells.any()), error("all", sample.missing))

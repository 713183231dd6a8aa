"""The demo: fill a generated sample table, and compare the result with its true values."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from latentfill.core.files import write_bytes, write_together
from latentfill.core.output_paths import check_file_path
from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.imputation import Imputation
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
    sample = make_sample(seed)
    source, filled, truth = (folder / name for name in ("sample.csv", "filled.csv", "truth.csv"))
    for path in (source, filled, truth):
        check_file_path(path)
    imputation = _filled(sample, source.name, Imputer(seed=seed, progress=progress))

    def write() -> None:
        write_bytes(source, sample.to_csv().encode())
        write_bytes(truth, sample.complete().to_csv().encode())
        imputation.write(filled)

    write_together(write)
    return Outcome(source, filled, truth, compare(sample, imputation.filled.values))


def _filled(sample: Sample, name: str, imputer: Imputer) -> Imputation:
    """The sample, read from a file and filled."""
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(sample.to_csv().encode())
        table = imputer.read(path)
    return imputer.fit(table).fill(table)


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

"""The main job on a generated sample, scored against the truth that was kept aside."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentfill.core.errors import InputError
from latentfill.core.series import BoolArray, FloatArray
from latentfill.imputation.imputer import Imputer
from latentfill.nn.training import ProgressCallback
from latentfill.scoring.demo_table import Sample, make_sample
from latentfill.windows.gaps import BUCKET_NAMES, bucket_of, gap_lengths, interpolate
from latentfill.windows.metrics import masked_mse

# A third of the usual training: enough for the sample, and the demo stays under a minute and a half.
STEPS = 500


@dataclass(frozen=True, slots=True)
class Score:
    """Errors over some of the hidden cells, in standard deviations of their column."""

    group: str
    cells: int
    mse: float
    linear_mse: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the demo made."""

    source: Path
    filled: Path
    truth: Path
    scores: tuple[Score, ...]  # by gap length, then all


def run_demo(folder: Path, seed: int, progress: ProgressCallback | None = None) -> Outcome:
    """Write the sample to `folder`, fill it with the usual method, write and score the result."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"the folder {folder} cannot be made: {error.strerror}.") from error
    sample = make_sample(seed)
    source, filled, truth = (folder / name for name in ("sample.csv", "filled.csv", "truth.csv"))
    _write_text(source, sample.to_csv())
    _write_text(truth, sample.complete().to_csv())
    imputer = Imputer(seed=seed, encoder_steps=STEPS, decoder_steps=STEPS, progress=progress).fit(source)
    imputation = imputer.fill(source)
    imputation.write(filled)
    return Outcome(source, filled, truth, score(sample, imputation.filled.values))


def score(sample: Sample, filled: FloatArray) -> tuple[Score, ...]:
    """Errors of `filled` (T, C) and of linear interpolation on the hidden cells, by gap length and over all."""
    spread = sample.truth.std(axis=0)
    truth, estimate = sample.truth / spread, filled / spread
    line = interpolate(sample.values) / spread
    buckets = bucket_of(gap_lengths(~sample.missing))

    def of(group: str, cells: BoolArray) -> Score:
        mse, linear_mse = masked_mse(estimate, truth, cells), masked_mse(line, truth, cells)
        return Score(group, int(np.count_nonzero(cells)), mse, linear_mse)

    groups = [(name, sample.missing & (buckets == b)) for b, name in enumerate(BUCKET_NAMES)]
    return (*(of(name, cells) for name, cells in groups if cells.any()), of("all", sample.missing))


def _write_text(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror}.") from error

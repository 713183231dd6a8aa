"""Which way of filling is best here? Hide readings that are known, fill them, and compare."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

import latentfill
from latentfill.scoring.demo_table import make_sample

sample = make_sample(days=21)
rng = np.random.default_rng(0)
hidden = (rng.random(sample.values.shape) < 0.05) & ~sample.missing
shown = np.where(hidden, np.nan, sample.values)
frame = pa.table({"time": sample.time, **dict(zip(sample.columns, shown.T, strict=True))})

spread = np.nanstd(shown, axis=0)
for strategy in ("mean", "linear", "seasonal", "auto"):
    filled = latentfill.impute(frame, strategy=strategy)
    estimates = np.column_stack([filled[name].to_numpy() for name in sample.columns])
    error = ((estimates - sample.truth) / spread)[hidden]
    print(f"{strategy}: root mean squared error {np.sqrt(np.mean(error**2)):.3f} standard deviations")

# `latentfill evaluate data.csv` does the same with gaps like those of the file, seeds and intervals.

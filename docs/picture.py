"""Draws the picture of the README, docs/gap.svg: a gap of a made table, what was filled, and what had been there."""

from __future__ import annotations

import sys
from pathlib import Path

import altair as alt
import numpy as np
import pyarrow as pa

from latentfill import Imputer
from latentfill.scoring.demo_table import make_sample

COLUMN = "load_north"
STEPS = slice(20 * 24, 28 * 24)  # eight days, in the middle of which the column is missing
GAP = slice(22 * 24, 26 * 24)
COLOURS = {"reading": "#333333", "latentfill": "#3949ab", "linear": "#e08214", "true value": "#9e9e9e"}


def filled_gap() -> pa.Table:
    """A row for each step of the picture: the reading, the true value, two estimates and the bounds of the first."""
    sample = make_sample(seed=1, days=60).complete()
    c = sample.columns.index(COLUMN)
    values = sample.truth.copy()
    values[GAP, c] = np.nan
    frame = pa.table({"time": sample.time, **dict(zip(sample.columns, values.T, strict=True))})
    found = Imputer(intervals=0.9).fit(frame).fill(frame).filled
    line = Imputer(strategy="linear").fit(frame).fill(frame).filled
    beside = slice(GAP.start - 1, GAP.stop + 1)  # with the readings at both ends

    def gap_alone(of: np.ndarray) -> np.ndarray:
        within = np.full(len(of), np.nan)
        within[beside] = of[beside]
        return within[STEPS]

    columns = {
        "time": sample.time[STEPS],
        "reading": values[STEPS, c],
        "true value": gap_alone(sample.truth[:, c]),
        "latentfill": gap_alone(found.values[:, c]),
        "linear": gap_alone(line.values[:, c]),
        "lower": gap_alone(found.lower[:, c]),
        "upper": gap_alone(found.upper[:, c]),
    }
    return pa.table({name: pa.array(array, from_pandas=True) for name, array in columns.items()})


def chart(table: pa.Table) -> alt.LayerChart:
    """The lines of a gap over the band between its bounds."""
    rows = alt.Data(values=[{**row, "time": row["time"].isoformat()} for row in table.to_pylist()])
    time = alt.X("time:T", title=None, axis=alt.Axis(format="%d %b", tickCount="day"))
    scale = alt.Scale(domain=list(COLOURS), range=list(COLOURS.values()))
    band = alt.Chart(rows).mark_area(opacity=0.2, color=COLOURS["latentfill"])
    lines = alt.Chart(rows).transform_fold(list(COLOURS), as_=["line", "value"]).mark_line(strokeWidth=1.6)
    value = alt.Y("value:Q", title="load")
    return alt.layer(
        band.encode(time, alt.Y("lower:Q", title="load"), alt.Y2("upper:Q")),
        lines.encode(time, value, alt.Color("line:N", scale=scale, legend=alt.Legend(title=None, orient="top"))),
    ).properties(width=760, height=240, background="white")


if __name__ == "__main__":
    path = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).with_name("gap.svg")
    chart(filled_gap()).save(path)

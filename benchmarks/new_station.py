"""A new station with a week of data: gaps filled from the week alone, and with the help of another station's table.

    python benchmarks/new_station.py [--quick] [--data DIR]

In a week of a station, scattered cells or blackouts are hidden and filled: by linear interpolation, by the default from
the week alone, by the default with a year of another station as the donor table, and from the windows of both that are
nearest in the space of the built-in encoder. Errors are over the hidden cells, in variances of the week's columns.
Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from common import Row, errors_of, measured_line, parser_of, read_results, write_results, write_table
from encoders import blackouts
from latentfill import Imputer
from latentfill.core.series import BoolArray, FloatArray
from latentfill.windows.patterns import point

PROTOCOL = "new_station"
FILE = "beijing_multisite/PRSA_Data_{}_20130301-20170228.csv.gz"
CLOCK, OTHERS = ["year", "month", "day", "hour"], ["No", "wd", "station"]
STATIONS, DONOR = ("Gucheng", "Huairou"), "Changping"
STARTS = (18000, 24000, 30000)  # first rows of the weeks
WEEK, YEAR = 168, 8760  # rows
ALONE, WITH = "the week alone", "with the donor table"
METHODS: Mapping[str, tuple[bool, dict[str, Any]]] = {  # whether the donor table is used, and the settings
    "linear interpolation": (False, {"strategy": "linear"}),
    ALONE: (False, {}),
    WITH: (True, {}),
    "neighbours, with the donor table": (True, {"strategy": "neighbours", "encoder_steps": 300}),
}
PATTERNS: Mapping[str, Callable[[np.random.Generator, FloatArray], BoolArray]] = {
    "points": lambda rng, values: point(rng, values, 0.2, None),
    "blackouts of 8 hours": lambda rng, values: blackouts(rng, values, steps=8, rate=0.2),
}


def main() -> None:
    arguments = parser_of(__doc__, (), seeds=(0,)).parse_args()
    with tempfile.TemporaryDirectory() as folder:
        donor = Path(folder) / "donor.csv"
        station(DONOR, arguments, slice(YEAR // 6 if arguments.quick else YEAR)).to_csv(donor)
        rows = list(measure(str(donor), arguments))
    write_results(PROTOCOL, "beijing_multisite", {"rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def station(name: str, arguments: argparse.Namespace, rows: slice) -> pd.DataFrame:
    """Hourly rows of a station, by time."""
    frame = pd.read_csv(arguments.data / FILE.format(name))[rows]
    return frame.set_index(pd.to_datetime(frame[CLOCK]).rename("time")).drop(columns=[*CLOCK, *OTHERS])


def measure(donor: str, arguments: argparse.Namespace) -> Iterator[Row]:
    """The errors of all methods on each week."""
    cases = product(STATIONS, STARTS[: 1 if arguments.quick else None], PATTERNS, arguments.seeds)
    for name, start, pattern, seed in cases:
        week = station(name, arguments, slice(start, start + WEEK))
        values = week.to_numpy()
        hidden = PATTERNS[pattern](np.random.default_rng([seed, start]), values)
        spread = np.nanstd(values, axis=0)
        spread[spread == 0] = 1.0
        for method, (uses_donor, settings) in METHODS.items():
            began = time.monotonic()
            imputer = Imputer(**settings, **({"donor_table": donor} if uses_donor else {}), seed=seed)
            filled = imputer.fit_transform(week.mask(hidden)).to_numpy()
            about = {"station": name, "start": start, "pattern": pattern, "seed": seed, "method": method}
            row = {**about, **errors_of(filled / spread, values / spread, hidden), "seconds": time.monotonic() - began}
            print(row, flush=True)
            yield row


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, ["beijing_multisite"], quick=quick)
    rows = [row for record in records for row in record["rows"]]
    heads = ("mean MSE", *PATTERNS, "MSE, over that from the week alone", "MAE, over the same", "weeks with less MSE")
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for method in METHODS:
        of_method = [row for row in rows if row["method"] == method]
        means = [np.mean([row["mse"] for row in of_method if row["pattern"] == pattern]) for pattern in PATTERNS]
        ratios = [[row[key] / alone_of(rows, row)[key] for row in of_method] for key in ("mse", "mae")]
        typical = [float(np.exp(np.mean(np.log(of_error)))) for of_error in ratios]
        wins = f"{sum(ratio < 1 for ratio in ratios[0])} of {len(of_method)}" if method != ALONE else ""
        cells = [f"{number:.3f}" for number in (*means, *typical)]
        lines.append(f"| {' | '.join([method, *cells, wins])} |")
    return "\n".join([*lines, "", measured_line(records)])


def alone_of(rows: list[Row], row: Row) -> Row:
    """The row of the default from the week alone, on the same hidden cells."""
    case = ("station", "start", "pattern", "seed")
    return next(other for other in rows if other["method"] == ALONE and all(other[key] == row[key] for key in case))


if __name__ == "__main__":
    main()

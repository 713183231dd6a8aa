"""Whether doubtful readings are found: faults put into real files, and false alarms on the files as they are.

    python benchmarks/doubt.py [--data DIR] [--seeds 0 1] [DATA ...]

In each column by itself, single readings are moved by 4 to 10 standard deviations, readings are repeated for 12 to 72
steps, or stretches of 12 to 120 steps are raised or lowered by 2 to 5 standard deviations. Precision and recall are of
the readings of that column from which nothing would be learnt then; those that are doubted without the fault are left
out, and counted as false alarms, although some files have faults of their own. The thresholds were chosen on other
files: ETTh1, Shunyi, and the first half of Cambridge's columns. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from common import Row, measured_line, names_of, parser_of, read_results, write_results, write_table
from faults import FAULTS
from latentfill.core.series import Series
from latentfill.imputation.doubt.find import Reason, find_doubt
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from real_files import read

PROTOCOL = "doubt"
STATIONS = ("Dongsi", "Wanliu")
NAMES = ("ETTh2", "airquality_uci", *STATIONS, "cambridge_buildings")
STEPS = 12_000  # the last ones of each file
HALF = 28  # columns of Cambridge on which thresholds were chosen


def main() -> None:
    parser = parser_of(__doc__, NAMES, seeds=(0, 1))
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, NAMES):
        series = load(name, arguments.data)
        rows = [row for seed in arguments.seeds for row in rows_of(series, seed, arguments)]
        write_results(PROTOCOL, name, {"steps": series.n_steps, "alarms": alarms_of(series), "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def load(name: str, data: Path) -> Series:
    """The last steps of a file, with the columns on which no threshold was chosen."""
    if name in STATIONS:
        series = read_table(next(data.glob(f"beijing_multisite/*_{name}_*")), TableOptions()).series
    else:
        series = read(name, data).series
    first = HALF if name == "cambridge_buildings" else 0
    series = series.part(slice(max(0, series.n_steps - STEPS), None))
    return replace(series, values=series.values[:, first:], columns=series.columns[first:])


def alarms_of(series: Series) -> list[Row]:
    """For each column as it is, the readings from which nothing would be learnt, by reason."""
    doubt = find_doubt(series)
    reasons = np.where(doubt.wrong, doubt.reason, Reason.NONE)
    return [
        {
            "column": column,
            "readings": int(series.observed[:, c].sum()),
            **{each.name.lower(): int((reasons[:, c] == each).sum()) for each in Reason if each},
        }
        for c, column in enumerate(series.columns)
    ]


def rows_of(series: Series, seed: int, arguments: argparse.Namespace) -> Iterator[Row]:
    """A row for each column and kind of fault."""
    before = find_doubt(series).wrong
    for c, column in enumerate(series.columns[:2] if arguments.quick else series.columns):
        for kind, put in FAULTS.items():
            values = series.values.copy()
            values[:, c], wrong = put(np.random.default_rng((seed, c)), values[:, c])
            found = find_doubt(replace(series, values=values)).wrong[:, c]
            wrong, found = (each & ~before[:, c] for each in (wrong, found))
            counts = {"wrong": wrong, "found": found, "right": found & wrong}
            row = {"column": column, "kind": kind, "seed": seed, **{k: int(v.sum()) for k, v in counts.items()}}
            print(row, flush=True)
            yield row


def report(*, quick: bool = False) -> str:
    """The results as Markdown: precision and recall by kind of fault, and false alarms."""
    records = read_results(PROTOCOL, NAMES, quick=quick)
    lines = ["| data | columns | fault | precision | recall | columns with recall below .7 |", "|---" * 6 + "|"]
    for record in records:
        for kind in FAULTS:
            rows = [row for row in record["rows"] if row["kind"] == kind]
            wrong, found, right = (sum(row[key] for row in rows) for key in ("wrong", "found", "right"))
            texts = [f"{right / max(1, found):.2f}", f"{right / max(1, wrong):.2f}", _missed(rows)]
            lines.append("| " + " | ".join([record["data"], str(len(record["alarms"])), kind, *texts]) + " |")
    lines += ["", "| data | readings | doubted as they are, % | by reason | most in a column, % |", "|---" * 5 + "|"]
    return "\n".join([*lines, *map(_alarm_line, records), "", measured_line(records)])


def _missed(rows: list[Row]) -> str:
    """The columns in which too few of the faults are found."""
    missed = []
    for column in dict.fromkeys(row["column"] for row in rows):
        wrong, right = (sum(row[key] for row in rows if row["column"] == column) for key in ("wrong", "right"))
        if right < 0.7 * wrong:
            missed.append(f"{column} {right / wrong:.2f}")
    return ", ".join(missed) or "-"


def _alarm_line(record: Row) -> str:
    """How many readings of a file are doubted as they are."""
    names = [each.name.lower() for each in Reason if each]
    alarms = record["alarms"]
    readings, by_reason = sum(a["readings"] for a in alarms), {n: sum(a[n] for a in alarms) for n in names}
    shares = {a["column"]: sum(a[n] for n in names) / max(1, a["readings"]) for a in alarms}
    worst = max(shares, key=lambda column: shares[column])
    reasons = ", ".join(f"{n} {count}" for n, count in by_reason.items() if count) or "-"
    texts = [f"{100 * sum(by_reason.values()) / readings:.3f}", reasons, f"{worst} {100 * shares[worst]:.2f}"]
    return "| " + " | ".join([record["data"], str(readings), *texts]) + " |"


if __name__ == "__main__":
    main()

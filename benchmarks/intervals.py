"""Coverage and width of prediction intervals on real files.

    python benchmarks/intervals.py [--quick] [--data DIR] [--seeds 0 1 2] [--patterns like-gaps block] [DATA ...]

The benchmark hides 10 % of the observed cells and fills the file like `latentfill impute --intervals 0.9`. It reports
which share of the hidden values lies inside the intervals: overall, and for every column and gap length with at least
200 scored cells. Widths are in standard deviations of the columns. They are compared with the narrowest interval of
constant width around linear interpolation that has the same coverage on the same cells. Results are written to
benchmarks/results/.
"""

from __future__ import annotations

import numpy as np

from common import Row, config_of, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.series import Series
from latentfill.scoring.evaluate import evaluate
from latentfill.scoring.run import Run
from latentfill.scoring.scores import ALL
from latentfill.scoring.spec import ScoringSpec
from latentfill.windows.gaps import interpolate
from real_files import read

PROTOCOL = "intervals"
NAMES = ("ETTh1", "beijing_multisite", "cambridge_buildings")
COVERAGE = 0.9
GROUP = 200  # least number of scored cells for a column and gap length to be reported
HELD = (0.85, 0.95)  # range of coverages that count as correct


def main() -> None:
    parser = parser_of(__doc__, NAMES, seeds=(0, 1, 2))
    parser.add_argument("--patterns", nargs="+", default=["like-gaps", "block"])
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, NAMES):
        table = read(name, arguments.data)
        config = config_of(arguments, intervals=COVERAGE)
        spec = ScoringSpec(strategies=("auto",), patterns=tuple(arguments.patterns), seeds=tuple(arguments.seeds))
        rows = []
        for run in evaluate(table, config, spec, on_progress=lambda text: print(text, flush=True)):
            rows.append(row_of(run, table.series))
            print(rows[-1], flush=True)
        write_results(PROTOCOL, name, {"settings": config.to_dict(), "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def row_of(run: Run, series: Series) -> Row:
    """Coverage, width and CRPS of the intervals in one run, overall and by column and gap length."""
    ours = [score for score in run.scores if score.strategy == "auto"]
    overall = next(score for score in ours if score.column == ALL and score.gap == ALL)
    groups = {
        f"{score.column}, {score.gap}": {"cells": score.cells, "coverage": score.coverage}
        for score in ours
        if ALL not in (score.column, score.gap)
    }
    return {
        "pattern": overall.pattern,
        "seed": overall.seed,
        "cells": overall.cells,
        "coverage": overall.coverage,
        "width": overall.width,
        "crps": overall.crps,
        "mae": overall.mae,
        "constant_width": constant_width(run, series, overall.coverage),
        "groups": groups,
        "seconds": round(run.seconds),
    }


def constant_width(run: Run, series: Series, coverage: float) -> float:
    """Width of the constant interval around linear interpolation that contains this share of the hidden values."""
    spread = np.nanstd(series.values, axis=0)
    linear = interpolate(np.where(run.hidden, np.nan, series.values))
    error = np.abs((linear - series.values) / np.where(spread > 0, spread, 1.0))[run.hidden]
    return 2 * float(np.quantile(error[~np.isnan(error)], coverage))


def report(*, quick: bool = False) -> str:
    """The results as Markdown, as means over the seeds."""
    records = read_results(PROTOCOL, NAMES, quick=quick)
    lines = ["| data | pattern | seeds | coverage | groups held | width | constant width, linear | ratio | CRPS |"]
    lines.append("|---" * 9 + "|")
    for record in records:
        for pattern in dict.fromkeys(row["pattern"] for row in record["rows"]):
            rows = [row for row in record["rows"] if row["pattern"] == pattern]
            mean = {
                key: float(np.mean([row[key] for row in rows]))
                for key in ("coverage", "width", "constant_width", "crps")
            }
            held = [HELD[0] <= coverage <= HELD[1] for coverage in grouped(rows)]
            ratio = mean["width"] / mean["constant_width"]
            lines.append(
                f"| {record['data']} | {pattern} | {len(rows)} | {mean['coverage']:.3f} | {sum(held)} of {len(held)} "
                f"| {mean['width']:.3f} | {mean['constant_width']:.3f} | {ratio:.2f} | {mean['crps']:.4f} |"
            )
    return "\n".join([*lines, "", measured_line(records)])


def grouped(rows: list[Row]) -> list[float]:
    """Coverage of each column and gap length with at least `GROUP` cells, over all seeds."""
    coverages = []
    for name in dict.fromkeys(name for row in rows for name in row["groups"]):
        groups = [row["groups"][name] for row in rows if name in row["groups"]]
        cells = sum(group["cells"] for group in groups)
        if cells >= GROUP:
            coverages.append(sum(group["cells"] * group["coverage"] for group in groups) / cells)
    return coverages


if __name__ == "__main__":
    main()

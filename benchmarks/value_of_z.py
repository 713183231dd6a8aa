"""Errors of the decoder with z, of the same decoder without what z adds, and of kriging, which it corrects.

    python benchmarks/value_of_z.py [--quick] [--data DIR] [PROTOCOL ...]

On ETTh1 in the windows of protocols T, L and S, and on a whole real file of protocol R, with half of the usual training
steps and the built-in encoder. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

import ett
import protocol_l
import protocol_r
import protocol_s
import protocol_t
from ablations import ABLATIONS, with_trust
from common import (
    Row,
    config_of,
    errors_of,
    measured_line,
    names_of,
    parser_of,
    read_results,
    write_results,
    write_table,
)
from latentfill.core.column_order import column_order
from latentfill.core.config import Config
from latentfill.core.series import BoolArray
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.fit import fit_series
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.windows.windows import Windows
from real_files import read
from windows_alone import in_order_of

PROTOCOL = "value_of_z"
METHODS = {
    "with z": (1.0, 1.0),
    "without z": ABLATIONS["decoder: no z"],
    "kriging": ABLATIONS["decoder: no correction"],
}
EVERY = 4  # every n-th test window is scored
STEPS = {"decoder_steps": 800, "encoder_steps": 600}


def main() -> None:
    parser = parser_of(__doc__, CASES, seeds=(0,))
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, CASES):
        rows = [row for seed in arguments.seeds for row in CASES[name](arguments, seed)]
        write_results(PROTOCOL, name, {"rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def points_and_blackouts(arguments: argparse.Namespace, seed: int) -> Iterator[Row]:
    """Protocols T and L, with the same model."""
    train, windows = ett.load("ETTh1", arguments.data)
    every = slice(None, None, EVERY * (8 if arguments.quick else 1))
    masks = {f"T, {protocol_t.label(rate)}": protocol_t.points(windows, rate)[every] for rate in protocol_t.RATES}
    masks |= {f"L, {steps} steps": protocol_l.blackout(windows, steps)[every] for steps in protocol_l.STEPS}
    fitted = fit_series(train, config_for(arguments, seed, alone=True))
    yield from in_windows(fitted, windows.take(every), train.columns, masks, seed)


def tsi_bench(arguments: argparse.Namespace, seed: int) -> Iterator[Row]:
    """Protocol S, points and long gaps."""
    benchmark = protocol_s.BENCHMARKS["ETTh1"]
    train, windows = protocol_s.load(benchmark, arguments.data, quick=arguments.quick)
    size = {"length": benchmark.length, "stride": benchmark.length // 4, "alone": True}
    for pattern in ("point 10 %", "subseq 50 %"):
        gappy, mask = protocol_s.hide(benchmark, train, windows, pattern, seed)
        fitted = fit_series(gappy, config_for(arguments, seed, **size))
        yield from in_windows(fitted, windows, train.columns, {f"S, {pattern}": mask}, seed)


def whole_file(arguments: argparse.Namespace, seed: int) -> Iterator[Row]:
    """Protocol R on AirQualityUCI."""
    series = read("airquality_uci", arguments.data).series
    if arguments.quick:
        series = replace(series, values=series.values[:1500], time=series.time[:1500], rows=series.rows[:1500])
    hidden = protocol_r.hide_like_gaps(np.random.default_rng(seed), series.observed, protocol_r.RATE)
    gappy = replace(series, values=np.where(hidden, np.nan, series.values))
    fitted, spread = fit_series(gappy, config_for(arguments, seed)), np.nanstd(series.values, axis=0)
    for method, factors in METHODS.items():
        altered = replace(fitted, builtin=with_trust(fitted.builtin, factors))
        filled = fill_series(altered, gappy).values
        errors = errors_of(filled / spread, series.values / spread, hidden & np.isfinite(filled))
        yield {"pattern": "R, AirQualityUCI", "method": method, "seed": seed, **errors}


CASES: Mapping[str, Callable[[argparse.Namespace, int], Iterator[Row]]] = {
    "T_L": points_and_blackouts,
    "S": tsi_bench,
    "R": whole_file,
}


def config_for(arguments: argparse.Namespace, seed: int, **settings: object) -> Config:
    """The settings of a decoder that is used by itself."""
    return config_of(arguments, seed=seed, strategy="denoise", **STEPS, **settings)


def in_windows(
    fitted: Fitted, windows: Windows, columns: Sequence[str], masks: Mapping[str, BoolArray], seed: int
) -> Iterator[Row]:
    """A row for each mask and method; windows with these `columns` are filled by themselves."""
    windows, order = in_order_of(fitted, windows, columns), column_order(fitted.columns, columns)
    for pattern, hidden in ((pattern, mask[..., order]) for pattern, mask in masks.items()):
        scored, gappy = hidden & windows.observed, windows.without(hidden)
        for method, factors in METHODS.items():
            candidates = with_trust(fitted.builtin, factors).candidates
            estimate = candidates.estimate_windows(gappy, fitted.encoder).values[candidates.names.index("denoise")]
            row = {"pattern": pattern, "method": method, "seed": seed, **errors_of(estimate, windows.values, scored)}
            print(row, flush=True)
            yield row


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, CASES, quick=quick)
    rows = [row for record in records for row in record["rows"]]
    lines = ["| MSE | " + " | ".join(METHODS) + " | with z, over without |", "|---" * (len(METHODS) + 2) + "|"]
    for pattern in dict.fromkeys(row["pattern"] for row in rows):
        errors = [
            float(np.mean([row["mse"] for row in rows if (row["pattern"], row["method"]) == (pattern, method)]))
            for method in METHODS
        ]
        cells = " | ".join(f"{error:.4f}" for error in errors)
        lines.append(f"| {pattern} | {cells} | {errors[0] / errors[1]:.3f} |")
    return "\n".join([*lines, "", measured_line(records)])


if __name__ == "__main__":
    main()

"""Protocols T (scattered cells) and L (blackouts) of docs/accuracy.md: one model for every rate and pattern.

    python benchmarks/protocols_t_l.py [--quick] [--data DIR] [--seed 0] [--set NAME=VALUE ...] [NAME ...]

Windows of 96 steps, stride 1, each seen alone. ETT rows are split 8640 / 2880 / 2880 (x 4 for 15-minute data), val and
test start 96 rows early. The scaler, the encoder, the decoder and its early stopping see the train rows only.

T: independent cells of every test window are hidden at rate r, the mask is
   `torch.rand((windows, 96, columns), generator=torch.Generator().manual_seed(0)) <= r`.
L: one run of G steps, at least 8 steps from either end, is hidden in all columns of every 4th test window.

Errors are over hidden cells, in standard deviations of the train rows. Results go to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path

import numpy as np
import torch

from common import DATA, write_results
from latentfill.clock import clock_features
from latentfill.config import Config
from latentfill.fitting import Fitted, fit_series
from latentfill.gaps import interpolate
from latentfill.series import BoolArray, FloatArray, Series
from latentfill.tables import TableOptions, read_table
from latentfill.windows import Windows, cut_windows

LENGTH = 96
FILES = {"ETTh1": ("ETT/ETTh1.csv", 1), "ETTh2": ("ETT/ETTh2.csv", 1), "ETTm1": ("ETT/ETTm1.csv.gz", 4)}
RATES = (0.125, 0.25, 0.375, 0.5)
OTHER_RATES = (0.1, 0.3, 0.5, 0.7)
BLACKOUTS = (12, 24, 48)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help=f"some of {', '.join(FILES)}; all if none is named")
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data sets")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--every", type=int, default=1, help="score every n-th test window of protocol T")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the method")
    parser.add_argument("--quick", action="store_true", help="a tenth of the training: checks that everything runs")
    parser.add_argument("--dry", action="store_true", help="print, and leave benchmarks/results/ as it is")
    arguments = parser.parse_args()
    settings = {name: float(v) if "." in v else int(v) for name, v in (item.split("=") for item in arguments.set)}
    if arguments.quick:
        settings |= {"encoder_steps": 150, "decoder_steps": 150}
    config = Config(seed=arguments.seed, **settings)
    rows = [run(name, arguments.data, config, arguments.every) for name in arguments.names or FILES]
    if not arguments.dry:
        name = "protocols_t_l_quick" if arguments.quick else "protocols_t_l"
        write_results(name, {"settings": config.to_dict(), "rows": rows}, table(rows))


def run(name: str, data: Path, config: Config, every: int) -> dict[str, object]:
    """Fit on the train rows of one data set, score its test windows."""
    path, per_hour = FILES[name]
    series = read_table(data / path, TableOptions()).series
    began = time.monotonic()
    fitted = fit_series(first_rows(series, 8640 * per_hour), config)
    seconds = time.monotonic() - began
    windows = test_windows(series, fitted, 8640 * per_hour, 2880 * per_hour)
    errors = {f"T {rate}": score(fitted, windows, points(windows, rate), every) for rate in (*RATES, *OTHER_RATES)}
    errors |= {f"L {steps}": score(fitted, windows, blackout(windows, steps), 4) for steps in BLACKOUTS}
    errors |= {"T mean": mean([errors[f"T {rate}"] for rate in RATES])}
    errors |= {"T 10-70 mean": mean([errors[f"T {rate}"] for rate in OTHER_RATES])}
    print(name, f"{seconds:.0f} s", {key: round(error["mse"], 4) for key, error in errors.items()}, flush=True)
    return {"data": name, "training_seconds": round(seconds, 1), "errors": errors}


def first_rows(series: Series, rows: int) -> Series:
    assert series.time is not None
    return dataclasses.replace(series, values=series.values[:rows], time=series.time[:rows], rows=series.rows[:rows])


def test_windows(series: Series, fitted: Fitted, n_train: int, n_val: int) -> Windows:
    """All scaled test windows, (N, 96, C)."""
    values, clock = fitted.scaler.apply(series.values), clock_features(series, fitted.cycles)
    first = n_train + n_val - LENGTH
    starts = np.arange(first, first + LENGTH + n_val - LENGTH + 1)
    return cut_windows(values, clock, starts, LENGTH)


def points(windows: Windows, rate: float) -> BoolArray:
    """Independent cells, the published deterministic mask."""
    kept = torch.rand(windows.values.shape, generator=torch.Generator().manual_seed(0)) > rate
    return ~kept.numpy()


def blackout(windows: Windows, steps: int) -> BoolArray:
    """One run in all columns of each window."""
    first = np.random.default_rng(1).integers(8, LENGTH - 8 - steps + 1, len(windows))[:, None]
    run = (np.arange(LENGTH) >= first) & (np.arange(LENGTH) < first + steps)
    return np.broadcast_to(run[:, :, None], windows.values.shape)


def score(fitted: Fitted, windows: Windows, hidden: BoolArray, every: int) -> dict[str, float]:
    """Errors of the decoder and of linear interpolation over the hidden cells of every n-th window."""
    chosen, cells = windows.take(slice(None, None, every)), hidden[::every]
    gappy = chosen.without(cells)
    estimate = fitted.builtin.strategy.estimate(gappy, fitted.encoder)
    return errors_of(estimate, interpolate(gappy.values), chosen.values, cells)


def errors_of(estimate: FloatArray, line: FloatArray, truth: FloatArray, cells: BoolArray) -> dict[str, float]:
    error, linear = (estimate - truth)[cells], (line - truth)[cells]
    return {
        "hidden_share": float(cells.mean()),
        "mse": float(np.mean(error**2)),
        "mae": float(np.mean(np.abs(error))),
        "linear_mse": float(np.mean(linear**2)),
        "linear_mae": float(np.mean(np.abs(linear))),
    }


def mean(errors: list[dict[str, float]]) -> dict[str, float]:
    return {key: float(np.mean([error[key] for error in errors])) for key in errors[0]}


def table(rows: list[dict[str, object]]) -> str:
    """Markdown: a row per data set and pattern."""
    lines = [
        "| data | pattern | MSE | MAE | linear MSE | linear MAE | ratio | training s |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        for pattern, e in row["errors"].items():
            lines.append(
                f"| {row['data']} | {pattern} | {e['mse']:.4f} | {e['mae']:.4f} | {e['linear_mse']:.4f} "
                f"| {e['linear_mae']:.4f} | **{e['mse'] / e['linear_mse']:.2f}** | {row['training_seconds']:.0f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()

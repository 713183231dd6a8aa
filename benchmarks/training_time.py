"""Error of protocol T (scattered cells) after different training times.

    python benchmarks/training_time.py [--data DIR] [DATA ...]

Encoder and decoder are trained for the same share of their usual steps, each fit with its own schedule, as by
`latentfill fit`. Errors are means over 12.5, 25, 37.5 and 50 % hidden cells, on every 16th test window. Results are
written to benchmarks/results/.
"""

from __future__ import annotations

import time

import numpy as np

import ett
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
from methods import Ours
from protocol_t import RATES, points
from published import PROTOCOL_T, best_published

PROTOCOL = "training_time"
SHARES = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)
EVERY = 16
PATTERN = "mean 12.5-50 %"  # pattern of the published errors


def main() -> None:
    parser = parser_of(__doc__, ett.FILES, seeds=(0,))
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, ett.FILES):
        train, windows = ett.load(name, arguments.data)
        chosen = slice(None, None, EVERY)
        masks = [points(windows, rate)[chosen] for rate in RATES]
        windows = windows.take(chosen)
        usual, rows = config_of(arguments), list[Row]()
        for share in SHARES:
            full = {"encoder_steps": usual.encoder.steps, "decoder_steps": usual.decoder.steps}
            steps = {name: max(1, round(share * count)) for name, count in full.items()}
            ours = Ours("denoise", train, config_of(arguments, **steps))
            began = time.monotonic()
            errors = [errors_of(ours.fill(windows.without(mask))["latentfill"], windows.values, mask) for mask in masks]
            speed = len(masks) * len(windows) / (time.monotonic() - began)
            mean = {key: float(np.mean([error[key] for error in errors])) for key in ("mse", "mae")}
            rows.append({"share": share, **steps, **mean, "seconds": ours.train_seconds, "windows_per_second": speed})
            print(name, rows[-1], flush=True)
        write_results(PROTOCOL, name, {"settings": usual.to_dict(), "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, ett.FILES, quick=quick)
    lines = [
        "| data | steps of encoder, decoder | seconds | MSE / MAE | best published MSE | windows/s |",
        "|---" * 6 + "|",
    ]
    for record in records:
        best = best_published(PROTOCOL_T, record["data"], PATTERN, "mse")
        lines += [
            f"| {record['data']} | {row['encoder_steps']}, {row['decoder_steps']} | {row['seconds']:.0f} "
            f"| {row['mse']:.4f} / {row['mae']:.4f} | {best} | {row['windows_per_second']:.0f} |"
            for row in record["rows"]
        ]
    return "\n".join([*lines, "", measured_line(records)])


if __name__ == "__main__":
    main()

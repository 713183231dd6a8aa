"""The benefit of a teacher for TimeKD's student: forecast errors with and without a teacher, on the same windows.

    python benchmarks/distillation.py --teacher [LABEL=]PATH ... [--horizons 24 96] [--quick] [--data DIR] [DATA ...]

PATH is a folder or packed file with the teacher's embeddings of the train windows. In PATH, `{pred_len}` stands for the
horizon and `{stride}` for the steps between windows. The command `latentfill embed ETTh1.csv --privileged --split
ett-hour --pred-len HORIZON --embedding-stride STRIDE -o PATH` makes such a file; with `--strides STRIDE` both students
are trained on these windows only. Several teachers, each with a label, are compared.

Windows have 96 steps, and the rows are split 8640 / 2880 / 2880. Students are trained on the windows that have an
embedding, with early stopping on the validation windows. Errors are over all windows of the test rows, in standard
deviations of the train rows. `--set` changes settings of the student. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np

import ett
from common import Row, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.config import Config
from latentfill.core.series import Series
from latentfill.embeddings.pairing import pair_embeddings
from latentfill.embeddings.timekd.distil import Outcome, distil
from latentfill.embeddings.timekd.distil_settings import DistilSettings
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table

PROTOCOL = "distillation"
FILES = ("ETTh1",)
HORIZONS = (24, 96)
QUICK_STEPS = 200


def main() -> None:
    parser = parser_of(__doc__, FILES, seeds=(0, 1, 2))
    parser.add_argument(
        "--teacher", action="append", required=True, metavar="[LABEL=]PATH", help="embeddings of a teacher"
    )
    parser.add_argument("--horizons", type=int, nargs="+", default=list(HORIZONS), help="steps to forecast")
    parser.add_argument("--strides", type=int, nargs="+", default=[1], help="steps between the teacher's windows")
    arguments = parser.parse_args()
    settings = settings_of(arguments)
    for name in names_of(parser, arguments, FILES):
        series = read_table(arguments.data / ett.FILES[name][0], TableOptions()).series
        rows = []
        runs = product(arguments.strides, arguments.horizons, arguments.teacher, arguments.seeds)
        for stride, pred_len, teacher, seed in runs:
            config = Config(split="ett-hour", seq_len=ett.LENGTH, pred_len=pred_len, embedding_stride=stride, seed=seed)
            rows.append(compare(series, name, teacher, config, settings))
            print(name, {key: part for key, part in rows[-1].items() if key != "provenance"}, flush=True)
        write_results(PROTOCOL, name, {"settings": asdict(settings), "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def settings_of(arguments: argparse.Namespace) -> DistilSettings:
    """The default settings of a student, changed by --quick and --set."""
    pairs = (item.partition("=")[::2] for item in arguments.set)
    given: dict[str, Any] = {name: float(value) if "." in value else int(value) for name, value in pairs}
    return DistilSettings(**{**({"steps": QUICK_STEPS} if arguments.quick else {}), **given})


def compare(series: Series, name: str, teacher: str, config: Config, settings: DistilSettings) -> Row:
    """Train a student with this teacher and one without; returns the errors of both."""
    label, _, path = teacher.rpartition("=")
    plan = config.stored.plan
    path = path.replace("{pred_len}", str(plan.pred_len)).replace("{stride}", str(plan.embedding_stride))
    config = config.replace(embeddings=path)
    distilled = distil(series, pair_embeddings(config, series, name).splits, config, settings)
    assert distilled.without_teacher is not None
    return {
        "teacher": label or "teacher",
        "pred_len": plan.pred_len,
        "seed": config.seed,
        "windows": distilled.about["windows"],
        "taught": errors_and_time(distilled.outcome),
        "alone": errors_and_time(distilled.without_teacher),
        "provenance": distilled.about["teacher"],
    }


def errors_and_time(outcome: Outcome) -> Row:
    """Forecast errors of a student, and the steps and seconds of its training."""
    errors = {f"{split}_{kind}": getattr(e, kind) for split, e in outcome.errors.items() for kind in ("mse", "mae")}
    return {**errors, "steps": outcome.history.steps, "seconds": outcome.history.seconds}


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, FILES, quick=quick)
    lines = [
        "| data | train windows | horizon | teacher | with it, MSE / MAE | without, MSE / MAE | MSE changes by seed |",
        "|---" * 7 + "|",
    ]
    for record in records:
        groups: dict[tuple[Any, ...], list[Row]] = {}
        for row in record["rows"]:
            key = row["windows"]["train"], row["pred_len"], row["teacher"]
            groups.setdefault(key, []).append(row)
        lines += [
            f"| {record['data']} | {windows} | {pred_len} | {teacher} | {line(rows)} |"
            for (windows, pred_len, teacher), rows in groups.items()
        ]
    return "\n".join([*lines, "", measured_line(records)])


def line(rows: list[Row]) -> str:
    """Mean errors with and without the teacher over the seeds, and the teacher's change of the MSE for each seed."""
    taught, alone = (
        " / ".join(f"{np.mean([row[who][f'test_{kind}'] for row in rows]):.4f}" for kind in ("mse", "mae"))
        for who in ("taught", "alone")
    )
    changes = (f"{100 * (row['taught']['test_mse'] / row['alone']['test_mse'] - 1):+.1f} %" for row in rows)
    return f"{taught} | {alone} | {', '.join(changes)}"


if __name__ == "__main__":
    main()

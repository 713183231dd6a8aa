"""What a teacher is worth to TimeKD's student: errors of its forecasts with one and without, on the same windows.

    python benchmarks/distillation.py --teacher [LABEL=]PATH ... [--horizons 24 96] [--quick] [--data DIR] [DATA ...]

PATH is a folder or packed file with the teacher's embeddings of the train windows, `{pred_len}` in it standing for the
horizon and `{stride}` for the steps between windows: `latentfill embed ETTh1.csv --privileged --split ett-hour
--pred-len HORIZON --embedding-stride STRIDE -o PATH` makes one, and with `--strides STRIDE` both students know those
windows only. Give several teachers, each with its label, to compare them.
Windows of 96 steps, rows split 8640 / 2880 / 2880; training, on the windows that have an embedding, stops by the
validation windows. Errors are over all windows of the test rows, in standard deviations of the train rows.
`--set` takes settings of the student. Results go to benchmarks/results/.
"""

from __future__ import annotations

import argparse
from dataclasses import asdict
from itertools import product
from typing import Any

import numpy as np

import ett
from common import Row, made_with, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.config import Config
from latentfill.core.series import Series
from latentfill.embeddings.stored.pairing import pair_embeddings
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
    parser.add_argument("--teacher", action="append", required=True, metavar="[LABEL=]PATH", help="its embeddings")
    parser.add_argument("--horizons", type=int, nargs="+", default=list(HORIZONS), help="steps to forecast")
    parser.add_argument("--strides", type=int, nargs="+", default=[1], help="steps between the teacher's windows")
    arguments = parser.parse_args()
    settings = settings_of(arguments)
    for name in names_of(parser, arguments, FILES):
        series = read_table(arguments.data / ett.FILES[name][0], TableOptions()).series
        rows = []
        asked = product(arguments.strides, arguments.horizons, arguments.teacher, arguments.seeds)
        for stride, pred_len, teacher, seed in asked:
            plan = Config(split="ett-hour", seq_len=ett.LENGTH, pred_len=pred_len, embedding_stride=stride, seed=seed)
            rows.append(compare(series, name, teacher, plan, settings))
            print(name, {key: part for key, part in rows[-1].items() if key != "provenance"}, flush=True)
        write_results(PROTOCOL, name, {"settings": asdict(settings), "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def settings_of(arguments: argparse.Namespace) -> DistilSettings:
    """The default settings of a student, but for those given."""
    pairs = (item.partition("=")[::2] for item in arguments.set)
    given: dict[str, Any] = {name: float(value) if "." in value else int(value) for name, value in pairs}
    return DistilSettings(**{**({"steps": QUICK_STEPS} if arguments.quick else {}), **given})


def compare(series: Series, name: str, teacher: str, plan: Config, settings: DistilSettings) -> Row:
    """A student with this teacher and one without."""
    label, _, path = teacher.rpartition("=")
    path = path.replace("{pred_len}", str(plan.pred_len)).replace("{stride}", str(plan.embedding_stride))
    config = Config.from_dict({**plan.to_dict(), "embeddings": path})
    found = distil(series, pair_embeddings(config, series, name), config, settings)
    assert found.alone is not None
    return {
        "teacher": label or "teacher",
        "pred_len": plan.pred_len,
        "seed": plan.seed,
        "windows": found.about["windows"],
        "taught": numbers(found.outcome),
        "alone": numbers(found.alone),
        "provenance": found.about["teacher"],
    }


def numbers(outcome: Outcome) -> Row:
    """Errors of a student's forecasts, and how long training took."""
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
    return "\n".join([*lines, "", made_with(records)])


def line(rows: list[Row]) -> str:
    """Mean over the seeds of a horizon and a teacher, and what the teacher changed with each seed."""
    taught, alone = (
        " / ".join(f"{np.mean([row[who][f'test_{kind}'] for row in rows]):.4f}" for kind in ("mse", "mae"))
        for who in ("taught", "alone")
    )
    changes = (f"{100 * (row['taught']['test_mse'] / row['alone']['test_mse'] - 1):+.1f} %" for row in rows)
    return f"{taught} | {alone} | {', '.join(changes)}"


if __name__ == "__main__":
    main()

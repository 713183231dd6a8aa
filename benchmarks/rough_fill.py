"""Gaps filled roughly before windows are embedded: linear interpolation in the window against the smoothed series.

    python benchmarks/rough_fill.py [--quick] [--rows 3000] [--seeds 0] [--data DIR] [DATA ...]

Hides 10 % of the cells in the first rows of a file, scattered or in runs of 24 steps, and embeds windows of 48 steps
with the gaps filled in different ways. Columns with more than a tenth of their cells missing are left out. Windows that
were complete before are also embedded as they were. The table has, for these windows: the error of the rough fill; the
distance of the embedding from that of the complete window, relative to the spread of embeddings (distance); the share
of the complete window's ten nearest neighbours that are found (neighbours found); the error of the window that a ridge
regression decodes, learnt from the complete windows in the first 70 % of rows and scored in the others (decoded); and
the error of the strategy neighbours on all hidden cells (by neighbours). Errors are squared, over the hidden cells, in
standard deviations of the columns. The built-in encoder also reads windows with gaps, as it always does (mask). The
language model is a small GPT-2 with random weights, read as by TimeKD's teacher. Results are written to
benchmarks/results/.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

import numpy as np
import torch
from sklearn.linear_model import RidgeCV

from common import Row, config_of, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.config import Config
from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.embeddings.live_encoder import LiveEncoder
from latentfill.embeddings.protocols.encoder import Encoded, Encoder, WindowSmoother
from latentfill.embeddings.registry import make_embedder
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.fit import FitInputs, fit_series
from latentfill.imputation.fitting.smoothed_series import SmoothedSeries
from latentfill.imputation.fitting.strategy_fitter import StrategyFitter
from latentfill.imputation.validation.holdout import hold_out
from latentfill.windows.cycles import clock_features, find_cycles
from latentfill.windows.gaps import interpolate
from latentfill.windows.patterns import PATTERNS
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows
from real_files import read

PROTOCOL = "rough_fill"
NAMES = ("ETTh1", "airquality_uci")
LENGTH, STRIDE, RUN = 48, 12, 24  # steps
RATE, MOST_MISSING = 0.1, 0.1
NEIGHBOURS = 10
TRAIN_SHARE = 0.7  # of the rows, for the ridge regression
PENALTIES = np.logspace(-3, 5, 9)
QUICK_ROWS = 1000
FIGURES = ("fill", "distance", "found", "decoded", "neighbours")
HEADINGS = ("rough fill", "distance", "neighbours found", "decoded", "by neighbours")

Fill = Callable[[Windows], Windows]


@dataclass(frozen=True, eq=False)
class Case:
    """A series and the cells that are hidden in it."""

    truth: Series
    hidden: BoolArray  # (T, C)
    config: Config

    @cached_property
    def gappy(self) -> Series:
        """The series without the hidden cells."""
        return replace(self.truth, values=np.where(self.hidden, np.nan, self.truth.values))

    @cached_property
    def scaler(self) -> ColumnScaler:
        return ColumnScaler.fit(self.gappy.values)

    def scaled(self, series: Series) -> ScaledSeries:
        """A series in scaled units."""
        return ScaledSeries(self.scaler.apply(series.values), clock_features(series, find_cycles(self.gappy)))

    @cached_property
    def starts(self) -> np.ndarray:
        """Starts of the windows that are complete in `truth`, every `STRIDE` steps."""
        starts = np.arange(0, self.truth.n_steps - LENGTH + 1, STRIDE)
        return starts[[not np.isnan(self.truth.values[start : start + LENGTH]).any() for start in starts]]

    def windows(self, series: Series) -> Windows:
        """The scaled windows of a series at `starts`."""
        return self.scaled(series).cut(self.starts, LENGTH)


class FillingEncoder:
    """An encoder that is given windows with their gaps filled."""

    def __init__(self, encoder: Encoder, fill: Fill) -> None:
        self.encoder, self.fill, self.shape = encoder, fill, encoder.shape

    def encode(self, windows: Windows) -> Encoded:
        return Encoded(self.encoder.encode(self.fill(windows)).z)


def main() -> None:
    parser = parser_of(__doc__, NAMES, seeds=(0,))
    parser.add_argument("--rows", type=int, default=3000, help="first rows of the file")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        model = random_gpt2(Path(folder))
        for name in names_of(parser, arguments, NAMES):
            rows = []
            for seed in arguments.seeds:
                config = config_of(arguments, strategy="neighbours", length=LENGTH, encoder_steps=400, seed=seed)
                for row in compare(load(name, arguments), config, model):
                    print(row, flush=True)
                    rows.append(row)
            write_results(PROTOCOL, name, {"settings": config.to_dict(), "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def load(name: str, arguments: argparse.Namespace) -> Series:
    """The first rows of a file, without columns of which too much is missing."""
    series = read(name, arguments.data).series
    part = slice(QUICK_ROWS if arguments.quick else arguments.rows)
    kept = np.isnan(series.values[part]).mean(axis=0) <= MOST_MISSING
    columns = tuple(name for name, keep in zip(series.columns, kept, strict=True) if keep)
    assert series.time is not None
    values, time_stamps = series.values[part][:, kept], series.time[part]
    return replace(series, values=values, columns=columns, time=time_stamps, rows=series.rows[part])


def compare(series: Series, config: Config, model: Path) -> Iterator[Row]:
    """A row for each pattern, encoder and way of filling."""
    for pattern, hide in (("scattered cells", PATTERNS["point"]), (f"runs of {RUN} steps", hide_runs)):
        rng = np.random.default_rng(config.seed)
        case = Case(series, hide(rng, series.values, RATE, None), config)
        for name, (encoder, ways) in encoders_of(case, model).items():
            for way in ways:
                began = time.perf_counter()
                figures = figures_of(case, encoder, way)
                about = {"pattern": pattern, "encoder": name, "rough_fill": way, "seed": config.seed}
                yield about | figures | {"seconds": time.perf_counter() - began}


def hide_runs(rng: np.random.Generator, values: FloatArray, rate: float, cycle: int | None) -> BoolArray:
    """Runs of `RUN` steps in single columns."""
    observed, hidden = ~np.isnan(values), np.zeros(values.shape, dtype=bool)
    while hidden.sum() < rate * observed.sum():
        start, column = rng.integers(len(values) - RUN), rng.integers(values.shape[1])
        hidden[start : start + RUN, column] = observed[start : start + RUN, column]
    return hidden


def encoders_of(case: Case, model: Path) -> dict[str, tuple[Encoder, tuple[str, ...]]]:
    """The encoders, and the ways in which gaps are filled for them."""
    builtin, _ = StrategyFitter(hold_out(case.scaled(case.gappy), case.config), case.config).fit_encoder()
    assert builtin is not None
    teacher = make_embedder(f"timekd:{model}", config=case.config, length=LENGTH)
    reader = LiveEncoder(teacher, case.scaler, case.gappy, length=LENGTH, device=torch.device("cpu"))
    return {"built-in": (builtin, ("mask", "linear", "smooth")), "random GPT-2": (reader, ("linear", "smooth"))}


def filler(way: str, make_smoother: Callable[[], WindowSmoother]) -> Fill:
    """Fills windows in one of the ways; "mask" leaves them as they are."""
    if way == "mask":
        return lambda windows: windows
    smoother = make_smoother() if way == "smooth" else None

    def fill(windows: Windows) -> Windows:
        estimate = np.nan_to_num(interpolate(windows.values)) if smoother is None else smoother.estimate(windows)
        return replace(windows, values=np.where(windows.observed, windows.values, estimate))

    return fill


def figures_of(case: Case, encoder: Encoder, way: str) -> dict[str, float | None]:
    """All figures of one way of filling for one encoder."""
    whole, gappy = case.windows(case.truth), case.windows(case.gappy)
    make_smoother = partial(SmoothedSeries.fit, case.scaled(case.gappy), case.config)
    filled = filler(way, make_smoother)(gappy)
    hidden = np.isnan(gappy.values)
    complete, embedded = (vectors_of(encoder, windows) for windows in (whole, filled))
    return {
        "fill": None if way == "mask" else float(((filled.values - whole.values)[hidden] ** 2).mean()),
        "distance": distance(complete, embedded),
        "found": found(complete, embedded, case.starts),
        "decoded": decoded(complete, embedded, whole, hidden),
        "neighbours": by_neighbours(case, encoder, way),
    }


def vectors_of(encoder: Encoder, windows: Windows) -> FloatArray:
    """Embeddings (N, K, D)."""
    with torch.no_grad():
        return encoder.encode(windows).z.double().numpy()


def distance(complete: FloatArray, embedded: FloatArray) -> float:
    """Root mean squared distance of embeddings, relative to that of complete windows from their mean."""
    return float(np.sqrt(((embedded - complete) ** 2).sum() / ((complete - complete.mean(axis=0)) ** 2).sum()))


def found(complete: FloatArray, embedded: FloatArray, starts: np.ndarray) -> float:
    """Share of the nearest complete windows, among those that do not overlap, that the others find among themselves."""
    wanted, got = (nearest(vectors, starts) for vectors in (complete, embedded))
    return float(np.mean([len(np.intersect1d(*pair)) / NEIGHBOURS for pair in zip(wanted, got, strict=True)]))


def nearest(vectors: FloatArray, starts: np.ndarray) -> np.ndarray:
    """Indices (N, NEIGHBOURS) of the most similar windows that do not overlap, by the cosine."""
    keys = vectors.reshape(len(vectors), -1) - vectors.reshape(len(vectors), -1).mean(axis=0)
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    similarity = keys @ keys.T
    similarity[np.abs(starts[:, None] - starts) < LENGTH] = -np.inf
    return np.argsort(-similarity, axis=1)[:, :NEIGHBOURS]


def decoded(complete: FloatArray, embedded: FloatArray, whole: Windows, hidden: BoolArray) -> float:
    """Squared error in the hidden cells of later windows, decoded by a ridge regression for each column."""
    train = whole.starts + LENGTH <= TRAIN_SHARE * whole.n_steps
    test = whole.starts >= TRAIN_SHARE * whole.n_steps
    errors = []
    for column in range(whole.values.shape[2]):
        centre, spread = complete[train, column].mean(axis=0), complete[train, column].std(axis=0) + 1e-9
        x, y = ((vectors[:, column] - centre) / spread for vectors in (complete, embedded))
        level = levels(whole.values, hidden)[:, None, column]
        ridge = RidgeCV(PENALTIES).fit(x[train], (whole.values[:, :, column] - level)[train])
        error = ridge.predict(y[test]) + level[test] - whole.values[test, :, column]
        errors.append(error[hidden[test, :, column]])
    return float((np.concatenate(errors) ** 2).mean())


def levels(values: FloatArray, hidden: BoolArray) -> FloatArray:
    """The mean (N, C) of the cells that are not hidden; 0 where all are."""
    count = np.maximum((~hidden).sum(axis=1), 1)
    return np.where(hidden, 0.0, values).sum(axis=1) / count


def by_neighbours(case: Case, encoder: Encoder, way: str) -> float:
    """Squared error of the strategy neighbours in all hidden cells."""

    def factory(scaler: ColumnScaler, series: Series, make_smoother: Callable[[], WindowSmoother]) -> FillingEncoder:
        return FillingEncoder(encoder, filler(way, make_smoother))

    fitted = fit_series(case.gappy, case.config, FitInputs(encoder=factory))
    error = (fill_series(fitted, case.gappy).values - case.truth.values) / np.nanstd(case.truth.values, axis=0)
    return float((error[case.hidden] ** 2).mean())


def random_gpt2(folder: Path, *, width: int = 32, layers: int = 3, heads: int = 2) -> Path:
    """The folder of a GPT-2, by default a small one, with random weights and a tokenizer of numbers."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import GPT2Config, GPT2Model, PreTrainedTokenizerFast

    text = "From 2016-07-01 00:15:30 to 2016-07-02, the values were 12.5, -3, 40 every hour. Forecast the values after"
    tokenizer = ByteLevelBPETokenizer()
    tokenizer.train_from_iterator([text], vocab_size=320, special_tokens=["<end>", "<pad>"], show_progress=False)
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer._tokenizer, eos_token="<end>", pad_token="<pad>")
    fast.save_pretrained(folder)
    torch.manual_seed(0)
    size = {"vocab_size": 320, "bos_token_id": 0, "eos_token_id": 0, "pad_token_id": 1}
    config = GPT2Config(n_embd=width, n_layer=layers, n_head=heads, n_positions=1024, **size)
    GPT2Model(config).save_pretrained(folder)
    return folder


def report(*, quick: bool = False) -> str:
    """The results as Markdown, as means over the seeds."""
    records = read_results(PROTOCOL, NAMES, quick=quick)
    lines = [f"| data | hidden | encoder | gaps | {' | '.join(HEADINGS)} |", "|---" * (4 + len(HEADINGS)) + "|"]
    for record in records:
        names = ("pattern", "encoder", "rough_fill")
        for key in dict.fromkeys(tuple(row[name] for name in names) for row in record["rows"]):
            rows = [row for row in record["rows"] if tuple(row[name] for name in names) == key]
            means = [mean_text([row[figure] for row in rows]) for figure in FIGURES]
            lines.append(f"| {record['data']} | {' | '.join((*key, *means))} |")
    return "\n".join([*lines, "", measured_line(records)])


def mean_text(values: list[float | None]) -> str:
    """The mean as text; a dash where nothing was measured."""
    return "-" if None in values else f"{np.mean(values):.3f}"


if __name__ == "__main__":
    main()

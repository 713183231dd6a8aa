"""What embeddings are worth: errors of a decoder with the embeddings of many encoders, and without an embedding.

    python benchmarks/encoders.py [--quick] [--encoders window,...] [--patterns points,...] [DATA ...]

Cells of a file are hidden, and a decoder is trained on what remains, on the embeddings of one encoder after the other,
and without embeddings. All see the same hidden cells, training windows, and estimates of kriging. Encoders embed the
windows without the hidden cells. The decoder is smaller and trained for fewer steps than the default one. Errors are
over the hidden cells, in variances of the columns. Results are written to benchmarks/results/, where those of encoders
and patterns that are not measured again are kept.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import Any

import numpy as np
from scipy.stats import ttest_1samp

from common import (
    Row,
    comma_separated,
    config_of,
    measured_line,
    names_of,
    parser_of,
    read_results,
    write_results,
    write_table,
)
from latentfill.core.config import Config
from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.embeddings.builtin.encoder import BuiltinEncoder
from latentfill.embeddings.live_encoder import LiveEncoder, NoEncoder, bytes_per_window, seconds_per_window
from latentfill.embeddings.protocols.embedder import Embedder, fitted_to
from latentfill.embeddings.protocols.encoder import Encoder
from latentfill.embeddings.registry import make_embedder
from latentfill.imputation.validation.holdout import HeldOutSeries, hold_out
from latentfill.nn.runtime import pick_device, seeded
from latentfill.strategies.baselines.interpolation import Linear
from latentfill.strategies.candidates import Candidates
from latentfill.strategies.denoise.strategy import DenoiseStrategy
from latentfill.strategies.kriging.kriged import Kriged
from latentfill.strategies.kriging.strategy import KrigingStrategy
from latentfill.strategies.neighbours.strategy import NeighboursStrategy
from latentfill.strategies.neighbours.window_bank import WindowBank
from latentfill.strategies.protocols.strategy import Strategy, StrategySpec, TrainingInputs
from latentfill.windows.cycles import clock_features, find_cycles
from latentfill.windows.hiding import SeriesHiding
from latentfill.windows.patterns import like_gaps, point
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows, window_starts
from real_files import read
from table_encoders import ENCODERS, StudentOfTeacher

PROTOCOL = "encoders"
NONE, BUILTIN = "none", "builtin"
DATA_SETS = ("ETTh1", "ETTh2", "airquality_uci", "beijing_pm25", "beijing_multisite")
SETTINGS = {"width": 32, "blocks": 3, "decoder_steps": 300, "decoder_batch": 24, "encoder_steps": 300, "device": "cpu"}
QUICK_ROWS = 600
MOST_WINDOWS = 300  # of a whole file that are filled and scored
ERRORS = ("decoder", "decoder without z", "neighbours", "kriging", "linear")

Hide = Callable[[np.random.Generator, FloatArray], BoolArray]


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """The cells that are hidden, in how many rows, and the windows that they are filled from."""

    rows: int | None  # first rows of the file that are used; None for all
    length: int  # steps per window
    hide: Hide


def blackouts(rng: np.random.Generator, values: FloatArray, *, steps: int, rate: float) -> BoolArray:
    """Runs of `steps` in all columns, until `rate` of the observed cells is hidden."""
    observed = ~np.isnan(values)
    hiding = SeriesHiding(observed, observed.sum(axis=0))
    while hiding.hidden.sum() < rate * observed.sum():
        start = int(rng.integers(len(values) - steps + 1))
        hiding.hide_rectangle(slice(start, start + steps), slice(None))
    return hiding.hidden


PATTERNS: Mapping[str, Pattern] = {
    "points": Pattern(rows=2000, length=96, hide=lambda rng, values: point(rng, values, 0.2, None)),
    "24 steps": Pattern(rows=2000, length=96, hide=partial(blackouts, steps=24, rate=0.2)),
    "a week": Pattern(rows=4000, length=240, hide=partial(blackouts, steps=168, rate=0.15)),
    "whole file": Pattern(rows=None, length=96, hide=lambda rng, values: like_gaps(rng, values, 0.1, None)),
}


def main() -> None:
    parser = parser_of(__doc__, DATA_SETS, seeds=(0, 1, 2))
    known = f"names as for `latentfill evaluate --encoders`, distilled:FOLDER, or {', '.join(ENCODERS)}"
    parser.add_argument("--encoders", type=comma_separated, default=(BUILTIN, *ENCODERS), help=known)
    parser.add_argument("--patterns", type=comma_separated, default=tuple(PATTERNS), help=f"of {', '.join(PATTERNS)}")
    arguments = parser.parse_args()
    rows: dict[str, list[Row]] = {name: [] for name in names_of(parser, arguments, DATA_SETS)}
    for seed, name, pattern in product(arguments.seeds, rows, arguments.patterns):
        rows[name] += measure(name, pattern, seed, arguments)
        write_results(PROTOCOL, name, {"rows": joined(name, rows[name], arguments)}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def joined(data: str, rows: Sequence[Row], arguments: argparse.Namespace) -> list[Row]:
    """The rows, and rows from the last results that were not measured again."""
    earlier = [row for record in read_results(PROTOCOL, [data], quick=arguments.quick) for row in record["rows"]]
    measured = {(row["encoder"], row["pattern"], row["seed"]) for row in rows}
    return [*(row for row in earlier if (row["encoder"], row["pattern"], row["seed"]) not in measured), *rows]


# --- measuring -----------------------------------------------------------------------------------


def measure(data: str, pattern: str, seed: int, arguments: argparse.Namespace) -> list[Row]:
    """The errors of a decoder without embeddings, and on each encoder."""
    of = PATTERNS[pattern]
    config = config_of(arguments, seed=seed, length=of.length, **SETTINGS)
    series = first_rows(read(data, arguments.data).series, QUICK_ROWS if arguments.quick else of.rows)
    hidden = of.hide(np.random.default_rng([seed, list(PATTERNS).index(pattern)]), series.values)
    case, rows = Case(series, hidden, config), []
    for name in (NONE, *(name for name in arguments.encoders if name != NONE)):
        rows.append({"encoder": label(name), "pattern": pattern, "seed": seed, **case.errors_on(name)})
        print(data, rows[-1], flush=True)
    return rows


def label(name: str) -> str:
    """The name of an encoder in the results."""
    kind = name.partition(":")[0]
    return {"timekd": "TimeKD's teacher", "distilled": "TimeKD's student"}.get(kind, kind)


def first_rows(series: Series, count: int | None) -> Series:
    """The first rows of a series, without columns that have few values there."""
    part = slice(count)
    values = series.values[part]
    kept = np.flatnonzero((~np.isnan(values)).mean(axis=0) > 0.3)
    time_stamps = None if series.time is None else series.time[part]
    columns = tuple(series.columns[c] for c in kept)
    return replace(series, values=values[:, kept], columns=columns, time=time_stamps, rows=series.rows[part])


class Case:
    """A series with hidden cells, and what is the same for all encoders."""

    def __init__(self, series: Series, hidden: BoolArray, config: Config) -> None:
        self.config, self.hidden = config, hidden
        self.visible = replace(series, values=np.where(hidden, np.nan, series.values))
        self.scaler = ColumnScaler.fit(self.visible.values, config.windows.scaling)
        self.truth = self.scaler.apply(series.values)
        clock = clock_features(self.visible, find_cycles(self.visible))
        self.scaled = ScaledSeries(self.scaler.apply(self.visible.values), clock)
        self.held_out: HeldOutSeries = hold_out(self.scaled, config, for_networks=True)
        starts = np.arange(series.n_steps - config.windows.length + 1)
        self.data = self.held_out.training_data(starts, config.windows.length)
        self.starts = self._scored_starts(series.n_steps)
        nothing = NoEncoder(pick_device(config.device))
        fitted, _ = KrigingStrategy.fit(self.spec(nothing), TrainingInputs(data=self.data, encoder=None))
        self.kriging = RememberingKriging(fitted.kriging)
        self.linear = Linear().fit(self.scaled.values).estimate(self.scaled.values)

    def _scored_starts(self, n_steps: int) -> Any:
        """Starts of the windows to fill; of a long series a part, evenly spaced, with what lies around."""
        length, stride = self.config.windows.length, self.config.windows.stride
        starts = window_starts(n_steps, length, stride)
        if len(starts) <= MOST_WINDOWS:
            return starts
        group = 2 * length // stride  # windows that follow each other
        every = -(-len(starts) // MOST_WINDOWS)
        return starts[(np.arange(len(starts)) // group) % every == 0]

    def spec(self, encoder: Encoder) -> StrategySpec:
        columns, phases = self.truth.shape[1], self.scaled.clock.shape[1]
        return StrategySpec(config=self.config, columns=columns, phases=phases, encoder_shape=encoder.shape)

    def open(self, name: str) -> Encoder:
        """The encoder with this name, trained on the series if it is one of those."""
        device, length = pick_device(self.config.device), self.config.windows.length
        if name == NONE:
            return NoEncoder(device)
        if name == BUILTIN:
            with seeded(self.config.seed):
                return BuiltinEncoder.trained(self.config, self.data, None, None)[0]
        embedder = opened(name, self.config)
        visible = replace(self.visible, values=self.scaler.invert(self.held_out.visible.values))
        embedder = fitted_to(embedder, visible, self.scaler, length)
        return LiveEncoder(embedder, self.scaler, self.visible, length=length, device=device)

    def errors_on(self, name: str) -> Row:
        """Mean squared errors of a decoder on this encoder, and the encoder's cost."""
        began = time.monotonic()
        encoder = self.open(name)
        opened = time.monotonic() - began
        inputs = TrainingInputs(data=self.data, encoder=encoder)
        decoder = self._decoder(encoder, inputs)
        errors = self._errors(decoder, encoder, ("kriging", "decoder"))
        if name == NONE:
            return {"linear": self._error(self.linear), **errors, "seconds": time.monotonic() - began}
        decoder.net.trust[1] = 0.0
        errors["decoder without z"] = self._errors(decoder, encoder, ("kriging", "decoder"))["decoder"]
        neighbours, _ = NeighboursStrategy.fit(self.spec(encoder), inputs)
        errors |= self._errors(neighbours, encoder, ("neighbours",))
        windows = self.scaled.cut(self.starts, self.config.windows.length)
        cost = {"opened": opened, "bytes": bytes_per_window(encoder.shape)}
        return {
            **errors,
            **cost,
            "embedding": seconds_per_window(encoder, windows),
            "seconds": time.monotonic() - began,
        }

    def _decoder(self, encoder: Encoder, inputs: TrainingInputs) -> DenoiseStrategy:
        """A trained decoder; without an encoder it has no neighbours either."""
        config = self.config.replace(neighbours=0) if isinstance(encoder, NoEncoder) else self.config
        spec = replace(self.spec(encoder), config=config)
        with seeded(config.seed):
            bank = WindowBank.of(self.data.windows, encoder, spec.device) if config.decoder.neighbours else None
            decoder = DenoiseStrategy(spec, self.kriging, bank)  # type: ignore[arg-type]
            decoder.train_decoder(inputs)
        return decoder

    def _errors(self, strategy: Strategy, encoder: Encoder, names: Sequence[str]) -> dict[str, float]:
        candidates = Candidates(strategy.estimate_names, {}, {}, [strategy], self.config.windows.length)
        estimates = candidates.estimate(self.scaled, self.starts, encoder).values
        return {name: self._error(estimate) for name, estimate in zip(names, estimates, strict=True)}

    def _error(self, estimate: FloatArray) -> float:
        """Mean squared error on the hidden cells in the windows; linear interpolation where there is no estimate."""
        inside = np.zeros(len(self.truth), bool)
        for start in self.starts:
            inside[start : start + self.config.windows.length] = True
        cells = self.hidden & inside[:, None]
        return float(np.mean((np.where(np.isnan(estimate), self.linear, estimate) - self.truth)[cells] ** 2))


def opened(name: str, config: Config) -> Embedder:
    """The encoder with this name; `distilled:FOLDER` is TimeKD's student of the language model in a folder."""
    kind, _, where = name.partition(":")
    if kind == "distilled":
        return StudentOfTeacher(model=where)
    if name in ENCODERS:
        return ENCODERS[name]()
    return make_embedder(name, config=config, length=config.windows.length, trust_code=True)


class RememberingKriging:
    """Kriging that remembers its estimates, as all decoders see the same windows."""

    def __init__(self, kriging: Any) -> None:
        self.kriging = kriging
        self.known: dict[tuple[int, bool], Kriged] = {}

    def estimate(self, windows: Windows, *, fast: bool = False) -> Kriged:
        key = hash(windows.values.tobytes()), fast
        if key not in self.known:
            self.known[key] = self.kriging.estimate(windows, fast=fast)
        return self.known[key]


# --- reporting -----------------------------------------------------------------------------------


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, DATA_SETS, quick=quick)
    rows = [{**row, "data": record["data"]} for record in records for row in record["rows"]]
    encoders = [name for name in dict.fromkeys(row["encoder"] for row in rows) if name != NONE]
    parts = [
        ratio_table(rows, encoders),
        "Squared errors of all methods, means over the seeds:",
        *(error_table(rows, pattern, encoders) for pattern in PATTERNS),
    ]
    return "\n\n".join([*parts, measured_line(records)])


def ratio_table(rows: Sequence[Row], encoders: Sequence[str]) -> str:
    """For each encoder: the geometric mean of its errors over those without an embedding, by pattern, and its cost."""
    heads = (
        "encoder",
        *PATTERNS,
        "all",
        "p",
        "cases",
        "over itself without z",
        "p of that",
        "neighbours alone, over kriging",
        "ms per window",
        "size",
    )
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for encoder in encoders:
        pairs = [(row, none) for row in rows if row["encoder"] == encoder for none in [beside(rows, row)] if none]
        logs = {
            p: [np.log(row["decoder"] / none["decoder"]) for row, none in pairs if row["pattern"] == p]
            for p in PATTERNS
        }
        every = np.concatenate(list(logs.values()))
        alone = np.mean([np.log(row["neighbours"] / none["kriging"]) for row, none in pairs])
        cells = [*(mean_ratio(logs[p]) for p in PATTERNS), f"**{mean_ratio(every)}**", p_value(every), str(len(every))]
        of_z = np.array([np.log(row["decoder"] / row["decoder without z"]) for row, _ in pairs])
        cells += [mean_ratio(of_z), p_value(of_z)]
        milliseconds, size = (float(np.median([row[key] for row, _ in pairs])) for key in ("embedding", "bytes"))
        cells += [f"{np.exp(alone):.1f}", f"{1000 * milliseconds:.2g}", f"{size / 1000:.1f} kB"]
        lines.append(f"| {encoder} | {' | '.join(cells)} |")
    return "\n".join(lines)


def beside(rows: Sequence[Row], row: Row) -> Row | None:
    """The row without an embedding on the same hidden cells."""
    same = ("data", "pattern", "seed")
    found = [none for none in rows if none["encoder"] == NONE and all(none[key] == row[key] for key in same)]
    return found[0] if found else None


def mean_ratio(logs: Sequence[float] | FloatArray) -> str:
    return f"{np.exp(np.mean(logs)):.3f}" if len(logs) else "-"


def p_value(logs: FloatArray) -> str:
    """Of a t-test that the logarithms have mean 0."""
    return f"{ttest_1samp(logs, 0).pvalue:.2f}" if len(logs) > 2 else "-"


def error_table(rows: Sequence[Row], pattern: str, encoders: Sequence[str]) -> str:
    """Mean squared errors by data set: linear interpolation, kriging, and the decoder without and with embeddings."""
    data_sets = [name for name in DATA_SETS if any(r["data"] == name and r["pattern"] == pattern for r in rows)]
    lines = [f"| {pattern} | {' | '.join(data_sets)} |", "|---" * (len(data_sets) + 1) + "|"]
    plain = (("linear interpolation", NONE, "linear"), ("kriging", NONE, "kriging"), ("no embedding", NONE, "decoder"))
    on_encoders = ((name, name, "decoder") for name in encoders)
    for title, encoder, key in (*plain, *on_encoders):
        chosen = [row for row in rows if row["encoder"] == encoder and row["pattern"] == pattern]
        cells = [mean_error([row[key] for row in chosen if row["data"] == name]) for name in data_sets]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def mean_error(errors: Sequence[float]) -> str:
    return f"{np.mean(errors):.4f}" if errors else "-"


if __name__ == "__main__":
    main()

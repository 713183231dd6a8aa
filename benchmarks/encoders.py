"""Comparison of encoders: how much each reduces the error, and an ablation of the decoder's inputs.

    python benchmarks/encoders.py [--quick] [--folder NAME] [--encoders none,builtin,...] [--rows 4000] [DATA ...]

The benchmark hides cells in the first rows of a file and fills them. All encoders fill the same cells, and embed the
windows without them. For the ablation, the decoder is trained again with embeddings that are all zeros, with the
embeddings of other windows, and without neighbours. Errors are over the hidden cells, in standard deviations of the
columns. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace

import numpy as np
import torch

from ablations import Ablation, AlteredEncoder, shuffled_z, without_z
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
from latentfill.core.config import Config
from latentfill.core.messages import counted
from latentfill.core.series import FloatArray, Series
from latentfill.embeddings.protocols.embedder import Embedder, RawWindows, fitted_to, reads_smoothed
from latentfill.embeddings.protocols.encoder import Encoded
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.embeddings.registry import make_embedder
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.fit import FitInputs, fit_series
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.fitting.strategy_fitter import StrategyFitter
from latentfill.imputation.validation.holdout import hold_out
from latentfill.scoring.encoder_table import BUILTIN, HEADINGS, NONE, encoder_rows
from latentfill.scoring.encoders import open_encoders
from latentfill.scoring.evaluate import Run, evaluate
from latentfill.scoring.scores import Score
from latentfill.scoring.spec import ScoringSpec
from latentfill.tables.table import Table
from latentfill.windows.cycles import clock_features
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows
from real_files import FILES, read
from table_encoders import ENCODERS

PROTOCOL = "encoders"
STRATEGIES = ("auto", "denoise", "neighbours")
FULL_INPUTS = "z and its neighbours"
QUICK_ROWS = 1500


def main() -> None:
    parser = parser_of(__doc__, FILES, seeds=(0, 1, 2))
    parser.add_argument(
        "--encoders",
        default=f"{NONE},{BUILTIN}",
        help=f"names as for `latentfill evaluate --encoders`, or {', '.join(ENCODERS)}",
    )
    parser.add_argument("--rows", type=int, default=4000, help="first rows of the file, 0 for all")
    parser.add_argument("--patterns", nargs="+", default=["point", "blackout"])
    parser.add_argument("--rate", type=float, default=0.2, help="share of the observed cells to hide")
    parser.add_argument("--folder", default=PROTOCOL, help="of the results, so that those of other encoders are kept")
    parser.add_argument("--no-ablation", action="store_true", help="compare encoders without the ablation")
    arguments = parser.parse_args()
    arguments.names = arguments.names or ["ETTh1"]
    for name in names_of(parser, arguments, FILES):
        table, config = load(name, arguments), config_of(arguments)
        for scores, rows in compare(table, config, arguments):
            about = {"settings": config.to_dict(), "file_rows": table.series.n_steps, "rows": rows}
            scores_as_json = {**about, "scores": [asdict(score) for score in scores]}
            write_results(arguments.folder, name, scores_as_json, arguments)
    write_table(arguments.folder, report(arguments.folder, quick=arguments.quick), arguments)


def compare(table: Table, config: Config, arguments: argparse.Namespace) -> Iterator[tuple[list[Score], list[Row]]]:
    """After each mask of hidden cells, all scores of the encoders and all rows of the ablation so far."""
    encoders = tuple(arguments.encoders.split(","))
    embedders = open_embedders(encoders, config)
    spec = ScoringSpec(
        strategies=STRATEGIES,
        patterns=tuple(arguments.patterns),
        rates=(arguments.rate,),
        seeds=tuple(arguments.seeds),
        encoders=encoders,
        embedders=embedders,
    )
    scores, rows = list[Score](), list[Row]()
    for run in evaluate(table, config, spec, on_progress=print):
        scores += run.scores
        for row in () if arguments.no_ablation else ablation_rows(run, table.series, config, encoders, embedders):
            print(row, flush=True)
            rows.append(row)
        for embedder in embedders.values():
            embedder.cached.clear()  # the next run hides other cells
        yield scores, rows


def load(name: str, arguments: argparse.Namespace) -> Table:
    """The first rows of a file."""
    table = read(name, arguments.data)
    rows = min(arguments.rows or QUICK_ROWS, QUICK_ROWS) if arguments.quick else arguments.rows
    part, series = slice(rows or None), table.series
    time = None if series.time is None else series.time[part]
    return replace(table, series=replace(series, values=series.values[part], time=time, rows=series.rows[part]))


class CachingEmbedder:
    """An embedder that stores embeddings, so that the same window is embedded only once for several fits."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.cached: dict[bytes, VectorArray] = {}
        for name in ("name", "settings", "weights_digest", "length", "horizon", "costly", "weights"):
            setattr(self, name, getattr(embedder, name))
        self.reads_smoothed = reads_smoothed(embedder)

    def fitted_to(self, series: Series, scaler: ColumnScaler, length: int) -> CachingEmbedder:
        """The embedder, trained on a series if it is one of those."""
        return CachingEmbedder(fitted_to(self.embedder, series, scaler, length))

    def embed(self, raw: RawWindows) -> VectorArray:
        times = raw.values if raw.time is None else raw.time
        pairs = zip(raw.values, times, strict=True)
        keys = [hashlib.blake2b(values.tobytes() + time.tobytes()).digest() for values, time in pairs]
        new = {key: at for at, key in enumerate(keys) if key not in self.cached}
        if new:
            self.cached |= dict(zip(new, self.embedder.embed(raw.take(np.array(list(new.values())))), strict=True))
        return np.stack([self.cached[key] for key in keys])


def open_embedders(names: Sequence[str], config: Config) -> dict[str, CachingEmbedder]:
    """The embedders with these names, by name."""
    own_names = (name for name in names if name not in (NONE, BUILTIN))
    return {
        name: CachingEmbedder(
            ENCODERS[name]() if name in ENCODERS else make_embedder(name, config=config, length=config.windows.length)
        )
        for name in own_names
    }


def zeros(encoded: Encoded, windows: Windows) -> Encoded:
    """Embeddings of zeros; the window's level replaces a decoded window."""
    return without_z(encoded, windows) if encoded.window is not None else Encoded(torch.zeros_like(encoded.z))


def shuffled(encoded: Encoded, windows: Windows) -> Encoded:
    """The embedding of another window of the batch."""
    if encoded.window is not None:
        return shuffled_z(encoded, windows)
    return Encoded(encoded.z.roll(len(encoded.z) // 2, 0))


ABLATED_INPUTS: dict[str, tuple[Callable[[Encoded, Windows], Encoded] | None, bool]] = {
    "z, no neighbours": (None, False),
    "shuffled z and its neighbours": (shuffled, True),
    "no z, no neighbours": (zeros, False),
}


def ablation_rows(
    run: Run, series: Series, config: Config, names: Sequence[str], embedders: Mapping[str, CachingEmbedder]
) -> Iterator[Row]:
    """A row for each encoder and each ablation of the decoder, on the cells hidden in a run."""
    score = run.scores[0]
    gappy = replace(series, values=np.where(run.hidden, np.nan, series.values))
    config = config.replace(strategy="denoise", seed=score.seed)
    for name, make in open_encoders(names, config, series, embedders).items():
        if name == NONE:
            continue
        fitted = fit_series(gappy, config, FitInputs(encoder=make))
        fills = {FULL_INPUTS: fitted, **{what: without_inputs(fitted, gappy, what) for what in ABLATED_INPUTS}}
        for what, model in fills.items():
            errors = errors_in_spreads(fill_series(model, gappy).values, run, series)
            yield {"encoder": name, "decoder": what, "pattern": score.pattern, "seed": score.seed, **errors}


def without_inputs(fitted: Fitted, series: Series, what: str) -> Fitted:
    """The same model, but with a decoder that is trained without some of its inputs on the same held-out series."""
    change, neighbours = ABLATED_INPUTS[what]
    config = fitted.config if neighbours else fitted.config.replace(neighbours=0)
    encoder = AlteredEncoder(fitted.encoder, change) if change else fitted.encoder
    scaled = ScaledSeries(fitted.scaler.apply(series.values), clock_features(series, fitted.cycles))
    held_out = hold_out(scaled, config, for_networks=True)
    ablation = Ablation(what, StrategyFitter(held_out, config), encoder)
    return replace(fitted, config=config, encoder=encoder, builtin=ablation.path)


def errors_in_spreads(filled: FloatArray, run: Run, series: Series) -> Row:
    """Errors over the hidden cells, in standard deviations of their columns."""
    spread = np.nanstd(series.values, axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    return errors_of(filled / spread, series.values / spread, run.hidden)


def report(folder: str = PROTOCOL, *, quick: bool = False) -> str:
    """The results in a folder as Markdown."""
    records = read_results(folder, FILES, quick=quick)
    parts = []
    for record in records:
        scores = [Score(**score) for score in record["scores"]]
        rows = f"{record['file_rows']} rows, {counted(len(record['seeds']), 'seed')}"
        for pattern in dict.fromkeys(score.pattern for score in scores):
            of_pattern = [score for score in scores if score.pattern == pattern]
            rate = 100 * float(np.mean([score.realised_rate for score in of_pattern]))
            parts.append(f"**{record['data']}**, {rows}, {pattern}, {rate:.1f} % hidden")
            parts.append(table_of(HEADINGS, (row.texts for row in encoder_rows(of_pattern))))
            parts.append(ablation_table([row for row in record["rows"] if row["pattern"] == pattern]))
    return "\n\n".join([*filter(None, parts), measured_line(records)])


def ablation_table(rows: Sequence[Row]) -> str:
    """Mean MSE of the decoder over the seeds: a row for each encoder, a column for each ablation."""
    decoders = list(dict.fromkeys(row["decoder"] for row in rows))
    lines = []
    for encoder in dict.fromkeys(row["encoder"] for row in rows):
        errors = [
            [r["mse"] for r in rows if (r["encoder"], r["decoder"]) == (encoder, decoder)] for decoder in decoders
        ]
        lines.append((encoder, *(f"{np.mean(of_decoder):.4f}" for of_decoder in errors)))
    return table_of(("decoder's MSE", *decoders), lines) if lines else ""


def table_of(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = ["| " + " | ".join(headings) + " |", "|---" * len(headings) + "|"]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


if __name__ == "__main__":
    main()

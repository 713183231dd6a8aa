"""Constants that were first chosen on scored cells, chosen again on rows that T, L, H, S, E and R do not score.

    python benchmarks/choices.py [--quick] [--seeds 0 1 2] [--data DIR] [CHOICE ...]

`CHOICES` lists the constants, the values to compare with the value in use, and where the latter was chosen first. On
"windows", a strategy learns from the train rows of ETT and fills windows of the validation rows: scattered cells (mean
of 12.5 to 50 %) and blackouts of 24 steps. On "files", it fills the first `FILE_ROWS` rows of Beijing stations other
than the one of protocol R, in which 10 % of the cells are hidden like the station's own gaps; all of these rows lie in
the train months of protocol S. Errors are shown as ratios to those with the value in use: a choice stands if no other
value is below 1 by more than the seeds differ. Results are written to benchmarks/results/.
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module

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
    results_of,
    write_results,
    write_table,
)
from latentfill.core.config import Config
from latentfill.core.series import Series
from latentfill.windows.hiding import hide_like_gaps
from methods import Ours
from protocol_l import blackout
from protocol_r import BAD, RATE, WORSE, groups_of, ratio, worse_than_linear
from protocol_t import RATES, points
from real_files import beijing_station
from whole_tables import fill

PROTOCOL = "choices"
EVERY = {"ETTh1": 16, "ETTh2": 16, "ETTm1": 64}  # every n-th validation window
BLACKOUT = 24  # steps
STATIONS = ("Dingling", "Tiantan", "Wanshouxigong")  # on which nothing was chosen before
FILE_ROWS = 8000
IN_USE = "in use"
_STRATEGIES, _VALIDATION = "latentfill.strategies", "latentfill.imputation.validation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A constant or a setting, and the values to compare with the one in use."""

    constants: tuple[str, ...] = ()  # "module:NAME" wherever the constant is held
    setting: str = ""  # the name of a setting, if it is not a constant
    others: tuple[object, ...]
    strategy: str  # that depends on it
    on: str  # "windows" or "files"
    before: str  # where the value in use was chosen first

    @property
    def in_use(self) -> object:
        """The value in use."""
        if self.setting:
            return Config().value(self.setting)
        module, _, name = self.constants[0].partition(":")
        return getattr(import_module(module), name)


ETT_TEST = "test windows of ETTh1 (T, L)"
ETT_ALL = "validation and test windows of ETT (T, L), files of R"
R_CELLS = "cells scored in R"
OTHER_FILES = "other files, which of them was not recorded"
CHOICES = {
    "kriging, steps of expectation maximisation": Choice(
        constants=(f"{_STRATEGIES}.kriging.column_group:EM_STEPS",),
        others=(1, 2, 5),
        strategy="kriging",
        on="windows",
        before=ETT_TEST,
    ),
    "kriging, variance of the level": Choice(
        constants=(f"{_STRATEGIES}.kriging.column_group:LEVEL_VARIANCE",),
        others=(0.1, 1.0, 100.0),
        strategy="kriging",
        on="windows",
        before=ETT_TEST,
    ),
    "kriging, clear gain of its settings": Choice(
        constants=(f"{_STRATEGIES}.kriging.column_group:CLEARLY",),
        others=(0.0, 2.0),
        strategy="kriging",
        on="windows",
        before="these validation windows",
    ),
    "kriging, harmonics of the day": Choice(
        constants=(f"{_STRATEGIES}.harmonics:HARMONICS", f"{_STRATEGIES}.kriging.kriging:HARMONICS"),
        others=(2, 4, 12),
        strategy="kriging",
        on="windows",
        before=ETT_TEST,
    ),
    "kriging, cells estimated together": Choice(
        constants=(f"{_STRATEGIES}.kriging.kriging:GROUP_CELLS",),
        others=(672,),
        strategy="kriging",
        on="files",
        before=R_CELLS,
    ),
    "kriging, steps per window": Choice(
        setting="length", others=(48, 192), strategy="kriging", on="files", before=R_CELLS
    ),
    "state space, ridge": Choice(
        constants=(f"{_STRATEGIES}.state_space.learning:RIDGE",),
        others=(100.0, 1000.0),
        strategy="state_space",
        on="files",
        before=OTHER_FILES,
    ),
    "state space, ridge of windows alone": Choice(
        constants=(f"{_STRATEGIES}.state_space.learning:RIDGE_ALONE",),
        others=(10.0, 300.0, 1000.0),
        strategy="state_space",
        on="windows",
        before="validation windows of ETT",
    ),
    "decoder, learning rate": Choice(
        setting="learning_rate", others=(1e-3, 6e-3), strategy="denoise", on="windows", before=ETT_TEST
    ),
    "decoder, dropout": Choice(setting="dropout", others=(0.2, 0.4), strategy="denoise", on="windows", before=ETT_TEST),
    "decoder, steps": Choice(
        setting="decoder_steps", others=(800, 2400), strategy="denoise", on="windows", before=ETT_TEST
    ),
    "decoder, balance of the loss": Choice(
        constants=("latentfill.nn.losses:BALANCE",),
        others=(0.5, 1.0),
        strategy="denoise",
        on="windows",
        before=ETT_TEST,
    ),
    "decoder, usual levels": Choice(
        constants=(f"{_STRATEGIES}.denoise.decoder:USUAL",),
        others=((0.0, 1.0), (0.25, 0.75)),
        strategy="denoise",
        on="windows",
        before=ETT_ALL,
    ),
    "decoder, distance that halves the trust": Choice(
        constants=(f"{_STRATEGIES}.denoise.decoder:UNFAMILIAR",),
        others=(0.25, 1.0),
        strategy="denoise",
        on="windows",
        before=ETT_ALL,
    ),
    "trees, doubt in their shrinkage": Choice(
        constants=(f"{_STRATEGIES}.boosted.shrinkage:DOUBT",),
        others=(0.0, 1.0),
        strategy="boosted",
        on="windows",
        before="windows after the rows that were learnt from, six files of T, L and R",
    ),
    "auto, caution by gap length": Choice(
        constants=(f"{_VALIDATION}.shrinkage:CAUTION",),
        others=((2.0, 2.0, 2.0, 0.5, 0.5, 0.5), (1.0, 1.0, 1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)),
        strategy="auto",
        on="files",
        before=R_CELLS,
    ),
    "auto, caution about easy gaps": Choice(
        constants=(f"{_VALIDATION}.shrinkage:RELATIVE_CAUTION",),
        others=(0.0, 1.0),
        strategy="auto",
        on="files",
        before=OTHER_FILES,
    ),
    "auto, clear advantage of a single strategy": Choice(
        constants=(f"{_VALIDATION}.ensemble:CLEAR",),
        others=(1.0, 3.0),
        strategy="auto",
        on="files",
        before=OTHER_FILES,
    ),
    "auto, correlation within a gap": Choice(
        constants=(f"{_VALIDATION}.ensemble:WITHIN_GAP",),
        others=(0.0, 1.0),
        strategy="auto",
        on="files",
        before=R_CELLS,
    ),
    "auto, cells of the wider group": Choice(
        constants=(f"{_VALIDATION}.ensemble:PRIOR_CELLS",),
        others=(30.0, 300.0),
        strategy="auto",
        on="files",
        before="22 tables, the files of R among them",
    ),
}


def main() -> None:
    parser = parser_of(__doc__, CHOICES, seeds=(0,))
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, CHOICES):
        choice, rows = CHOICES[name], list[Row]()
        for value in (IN_USE, *choice.others):
            for seed in arguments.seeds:
                with chosen(choice, value):
                    scored = list(score(choice, settings_of(choice, value), seed, arguments))
                rows += [{"value": shown(value), "seed": seed, **row} for row in scored]
                print(name, *rows[-len(scored) :], sep="\n  ", flush=True)
        about = {"before": choice.before, "on": choice.on, "in_use": shown(choice.in_use), "rows": rows}
        write_results(PROTOCOL, name, about, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


@contextmanager
def chosen(choice: Choice, value: object) -> Iterator[None]:
    """Within it, the constants of a choice have another value."""
    places = [(import_module(module), name) for module, _, name in (each.partition(":") for each in choice.constants)]
    usual = [getattr(module, name) for module, name in places]
    try:
        for (module, name), before in zip(places, usual, strict=True):
            setattr(module, name, before if value is IN_USE else type_like(before, value))
        yield
    finally:
        for (module, name), before in zip(places, usual, strict=True):
            setattr(module, name, before)


def type_like(before: object, value: object) -> object:
    """A value as an array, if the one that it replaces is an array."""
    return np.array(value) if isinstance(before, np.ndarray) else value


def settings_of(choice: Choice, value: object) -> dict[str, object]:
    """The settings that give a choice its value."""
    return {choice.setting: value} if choice.setting and value is not IN_USE else {}


def score(choice: Choice, settings: dict[str, object], seed: int, arguments: argparse.Namespace) -> Iterator[Row]:
    """Errors of the strategy that depends on a choice: a row for each data set and pattern."""
    if choice.on == "windows":
        for name in ett.FILES:
            yield from on_windows(choice.strategy, name, settings, seed, arguments)
    else:
        for station in STATIONS[: 1 if arguments.quick else None]:
            yield on_file(choice.strategy, station, settings, seed, arguments)


def on_windows(
    strategy: str, name: str, settings: dict[str, object], seed: int, arguments: argparse.Namespace
) -> Iterator[Row]:
    """MSE in validation windows of one ETT file: scattered cells (T) and blackouts (L)."""
    train, windows = ett.load(name, arguments.data, rows="validation")
    every = slice(None, None, EVERY[name] * (8 if arguments.quick else 1))
    ours = Ours(strategy, train, config_of(arguments, seed=seed, alone=True, **settings))
    some = windows.take(every)
    patterns = {"T": [points(windows, rate, seed) for rate in RATES], "L": [blackout(windows, BLACKOUT, seed)]}
    for pattern, masks in patterns.items():
        hidden = [mask[every] & some.observed for mask in masks]
        fills = [next(iter(ours.fill(some.without(mask)).values())) for mask in hidden]
        errors = [errors_of(each, some.values, mask)["mse"] for each, mask in zip(fills, hidden, strict=True)]
        share = float(np.mean([mask.mean() for mask in hidden]))
        yield {"data": name, "pattern": pattern, "mse": float(np.mean(errors)), "hidden_share": share}


def on_file(strategy: str, station: str, settings: dict[str, object], seed: int, arguments: argparse.Namespace) -> Row:
    """Squared error in a station's rows, as a ratio to linear interpolation, and how many groups are worse than it."""
    series = ett.first_rows(beijing_station(station, arguments.data), FILE_ROWS // (4 if arguments.quick else 1))
    hidden = hide_like_gaps(np.random.default_rng(seed), series.observed, RATE)
    gappy: Series = dataclasses.replace(series, values=np.where(hidden, np.nan, series.values))
    config = config_of(arguments, seed=seed, **settings)
    fills = {"latentfill": fill(gappy, strategy, config), "linear": fill(gappy, "linear", config)}
    groups = groups_of(series, hidden, fills, {})
    return {
        "data": station,
        "pattern": "like-gaps",
        "mse": ratio(groups, "latentfill"),
        "worse": len(worse_than_linear(groups, *WORSE)),
        "bad": len(worse_than_linear(groups, *BAD)),
        "hidden_share": float(hidden.sum() / series.observed.sum()),
    }


def shown(value: object) -> str:
    """A value as text."""
    return str(value.tolist() if isinstance(value, np.ndarray) else value)


def report(*, quick: bool = False) -> str:
    """The results as Markdown: ratios to the errors with the value in use, and groups that are worse than linear."""
    names = [name for name in CHOICES if (results_of(PROTOCOL, quick) / f"{name}.json").is_file()]
    records = read_results(PROTOCOL, names, quick=quick)
    lines = ["| choice | chosen first on | value | errors | groups worse by 2 %, 10 % |", "|---|---|---|---|---|"]
    for record in records:
        for value in dict.fromkeys(row["value"] for row in record["rows"]):
            label = f"**{record['in_use']}**" if value == IN_USE else value
            cells = [record["data"], record["before"], label, _ratios(record["rows"], value)]
            lines.append("| " + " | ".join([*cells, _worse(record["rows"], value)]) + " |")
    return "\n".join([*lines, "", measured_line(records)])


def _ratios(rows: list[Row], value: str) -> str:
    """For each data set and pattern, the error with a value over that with the value in use; the latter as it is."""
    texts = []
    for data, pattern in dict.fromkeys((row["data"], row["pattern"]) for row in rows):
        here = [row for row in rows if (row["data"], row["pattern"]) == (data, pattern)]
        usual = {row["seed"]: row["mse"] for row in here if row["value"] == IN_USE}
        errors = {row["seed"]: row["mse"] for row in here if row["value"] == value}
        ratios = [error if value == IN_USE else error / usual[seed] for seed, error in errors.items()]
        spread = f" ± {np.std(ratios, ddof=1):.3f}" if len(ratios) > 1 else ""
        texts.append(f"{data} {pattern} {np.mean(ratios):.4f}{spread}")
    return "; ".join(texts)


def _worse(rows: list[Row], value: str) -> str:
    """Over all files and seeds, how many groups are worse than linear interpolation; `-` for windows."""
    of_value = [row for row in rows if row["value"] == value and "worse" in row]
    return f"{sum(row['worse'] for row in of_value)}, {sum(row['bad'] for row in of_value)}" if of_value else "-"


if __name__ == "__main__":
    main()

"""Shared by protocols T, L, S and H: hide cells in windows, fill each window alone, and score these cells."""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from common import Row, add_strategies, comma_separated, errors_of, measured_line
from latentfill.core.config import Config
from latentfill.core.series import BoolArray, Series
from latentfill.windows.windows import Windows
from methods import BASELINES, SLOW_BASELINES, STRATEGIES, Choice, Method, methods_of

PEERS_HELP = "published models to train; rows of other models are kept from the last results"

BASELINES_HELP = (
    f"simple methods, by default {','.join(BASELINES)}; {', '.join(SLOW_BASELINES)} take hours for many columns"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the methods to compare."""
    add_strategies(parser, STRATEGIES)
    parser.add_argument("--baselines", type=comma_separated, default=BASELINES, metavar="NAME,...", help=BASELINES_HELP)
    parser.add_argument("--no-baselines", dest="baselines", action="store_const", const=(), help="leave them out")
    parser.add_argument(
        "--ablation", action="store_true", help="also the decoder without what z adds, and without any correction"
    )
    parser.add_argument("--peers", type=comma_separated, default=(), metavar="NAME,...", help=PEERS_HELP)
    parser.add_argument("--peer-seconds", type=float, help="training of each peer; default: the slowest of ours")
    parser.add_argument("--beside-seeds", type=int, nargs="+", help="seeds for --ablation and --peers; by default all")


def compare(
    series: Series,
    config: Config,
    windows: Windows,
    patterns: Mapping[str, BoolArray],
    arguments: argparse.Namespace,
    about: Row,
) -> list[Row]:
    """Fit the requested methods to `series`, and score them on scaled `windows` for each mask (N, L, C)."""
    rows = []
    for method in methods_of(series, config, windows.length, choice_of(arguments, config.seed)):
        for pattern, hidden in patterns.items():
            scored = _score(method, windows, hidden, {**about, "pattern": pattern, "seed": config.seed})
            for row in scored:
                errors = f"{row['mse']:.4f} / {row['mae']:.4f}"
                seconds = f"{method.train_seconds:.0f} s"
                hidden = f"{100 * row['hidden_share']:.1f} % hidden"
                print(*about.values(), config.seed, pattern, hidden, row["method"], errors, seconds, flush=True)
            rows += scored
    return rows


def choice_of(arguments: argparse.Namespace, seed: int) -> Choice:
    """The methods that the options of `add_arguments` choose for a seed."""
    beside = arguments.beside_seeds is None or seed in arguments.beside_seeds
    return Choice(
        strategies=arguments.strategies,
        baselines=tuple(name for name in arguments.baselines if not (arguments.quick and name in SLOW_BASELINES)),
        ablation=arguments.ablation and beside,
        peers=arguments.peers if beside else (),
        seconds=arguments.peer_seconds,
    )


def _score(method: Method, windows: Windows, hidden: BoolArray, about: Row) -> list[Row]:
    """A row for each estimate of a method, with its errors on the hidden cells."""
    scored = hidden & windows.observed
    gappy = windows.without(hidden)
    began = time.monotonic()
    estimates = method.fill(gappy)
    seconds = time.monotonic() - began
    return [
        {
            **about,
            "method": name,
            "kind": method.kind,
            **errors_of(estimate, windows.values, scored),
            "hidden_share": float(scored.mean()),
            "train_seconds": round(method.train_seconds, 1),
            "windows_per_second": round(float((scored & np.isfinite(estimate)).any(axis=(1, 2)).sum()) / seconds, 1),
            **method.about,
        }
        for name, estimate in estimates.items()
    ]


def means(rows: Iterable[Row], patterns: Iterable[str], name: str) -> list[Row]:
    """For each data set, method and seed that has all the `patterns`, a row with the mean of their errors."""
    names = list(patterns)
    groups: dict[tuple[object, ...], dict[object, Row]] = defaultdict(dict)
    for row in rows:
        groups[row["data"], row["method"], row["seed"]][row["pattern"]] = row
    return [
        {**by_pattern[names[0]], "pattern": name}
        | {key: float(np.mean([by_pattern[p][key] for p in names])) for key in ("mse", "mae", "hidden_share")}
        for by_pattern in groups.values()
        if all(pattern in by_pattern for pattern in names)
    ]


def table(records: Iterable[Row], published: Sequence[Row] = (), shown: Sequence[str] = ()) -> str:
    """Markdown: MSE / MAE over the seeds by data set, a row for each method and a column for each pattern.

    With `shown`, only these patterns; otherwise all of the rows. If a method was run with some of the seeds only, a
    second row of ours with the same seeds is added.
    """
    records = list(records)
    rows = [row for record in records for row in _with_method_names(record["rows"])]
    quoted = [{**row, "method": f"{row['method']}, {row['source']}"} for row in published]  # not measured here
    parts = []
    for data in dict.fromkeys(row["data"] for row in rows):
        measured = [row for row in rows if row["data"] == data]
        patterns = [p for p in dict.fromkeys(row["pattern"] for row in measured) if not shown or p in shown]
        parts.append(_table_of(data, patterns, [*measured, *(row for row in quoted if row["data"] == data)]))
    return "\n\n".join([*parts, measured_line(records)])


def _table_of(data: str, patterns: Sequence[str], rows: Sequence[Row]) -> str:
    """The table of one data set; its last row has the shares of hidden cells."""
    lines = [f"**{data}**", "", "| | " + " | ".join(map(str, patterns)) + " | training s | windows/s |"]
    lines.append("|---" * (len(patterns) + 3) + "|")
    for method in dict.fromkeys(row["method"] for row in rows):
        of_method = [row for row in rows if row["method"] == method]
        cells = [_cell([row for row in of_method if row["pattern"] == pattern]) for pattern in patterns]
        times = [_mean_of(of_method, key) for key in ("train_seconds", "windows_per_second")]
        lines.append(f"| {method}{_windows_remark(of_method, rows)} | " + " | ".join([*cells, *times]) + " |")
    shares = ([row["hidden_share"] for row in rows if row["pattern"] == p and "hidden_share" in row] for p in patterns)
    texts = [f"{100 * np.mean(share):.1f} %" for share in shares]
    return "\n".join([*lines, "| share of hidden cells | " + " | ".join([*texts, "", ""]) + " |"])


def _with_method_names(rows: Sequence[Row]) -> list[Row]:
    """The rows with method names for the table, and rows of ours once more for each smaller set of seeds."""
    seeds: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        seeds[_method_name(row)].add(row["seed"])
    ours = [row for row in rows if row["kind"] == "ours"]
    known = {row["seed"] for row in ours}
    labelled = []
    for fewer in dict.fromkeys(tuple(sorted(of_method)) for of_method in seeds.values()):
        label = (
            "" if set(fewer) == known else f", {'seed' if len(fewer) == 1 else 'seeds'} {', '.join(map(str, fewer))}"
        )
        others = [row for row in rows if tuple(sorted(seeds[_method_name(row)])) == fewer]
        again = [row for row in ours if label and row["seed"] in fewer and row not in others]
        labelled += [row | {"method": f"{_method_name(row)}{label}"} for row in [*again, *others]]
    return labelled


def _method_name(row: Row) -> str:
    """The name of the method, with the commit if the row was measured at an earlier commit."""
    return f"{row['method']} (at {row['commit']})" if "commit" in row else str(row["method"])


def _mean_of(rows: list[Row], key: str) -> str:
    """The mean of an entry as text, `-` if no row has it."""
    values = [float(row[key]) for row in rows if key in row]
    return f"{np.mean(values):.0f}" if values else "-"


def _windows_remark(rows: list[Row], others: list[Row]) -> str:
    """A remark with the share of windows, for a method that fills only some of them."""
    most: dict[object, int] = defaultdict(int)
    for row in others:
        most[row["pattern"]] = max(most[row["pattern"]], row.get("scored_cells", 0))
    share = max((row["scored_cells"] / most[row["pattern"]] for row in rows if row.get("scored_cells")), default=1.0)
    return f" ({100 * share:.0f} % of the windows)" if share < 0.99 else ""


def _cell(rows: list[Row]) -> str:
    """MSE / MAE as text: means over the seeds, and their standard deviations where there are several."""
    errors = [[float(row[key]) for row in rows if row.get(key) is not None] for key in ("mse", "mae")]
    return " / ".join(_mean_and_spread(values) for values in errors) if any(errors) else "-"


def _mean_and_spread(values: Sequence[float]) -> str:
    """The mean of errors as text, with their standard deviation if there are several; `-` for none."""
    if len(values) < 2:
        return f"{values[0]:.4f}" if values else "-"
    return f"{np.mean(values):.4f} ± {np.std(values, ddof=1):.4f}"

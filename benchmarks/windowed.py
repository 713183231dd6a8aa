"""Shared by protocols T, L and S: hide cells in windows, fill each window alone, and report errors on these cells."""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from common import Row, errors_of, measured_line, read_results
from latentfill.core.config import Config
from latentfill.core.series import BoolArray, Series
from latentfill.windows.windows import Windows
from methods import Method, methods_of

PEERS_HELP = "published models to train; rows of other models are kept from the last results"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that choose the methods to compare with."""
    parser.add_argument("--no-baselines", action="store_true", help="leave out the simple imputers")
    parser.add_argument(
        "--ablation", action="store_true", help="also decoders without z, with the z of other windows, ..."
    )
    parser.add_argument("--peers", nargs="*", default=[], metavar="NAME", help=PEERS_HELP)
    parser.add_argument("--peer-seconds", type=float, help="training time of each peer; by default as long as ours")
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
    beside = arguments.beside_seeds is None or config.seed in arguments.beside_seeds
    for method in methods_of(
        series,
        config,
        baselines=not arguments.no_baselines,
        ablation=arguments.ablation and beside,
        peers=arguments.peers if beside else [],
        seconds=arguments.peer_seconds,
    ):
        for pattern, hidden in patterns.items():
            scored = _score(method, windows, hidden, {**about, "pattern": pattern, "seed": config.seed})
            for row in scored:
                errors = f"{row['mse']:.4f} / {row['mae']:.4f}"
                print(*about.values(), config.seed, pattern, row["method"], errors, f"{method.train_seconds:.0f} s")
            rows += scored
    return rows


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
            "windows_per_second": round(len(windows) / seconds, 1),
            **method.about,
        }
        for name, estimate in estimates.items()
    ]


def with_earlier_rows(protocol: str, data: str, rows: list[Row], arguments: argparse.Namespace) -> list[Row]:
    """The rows, and rows of peers and ablations from the last results that were not measured again.

    Earlier rows are kept only for the same masks, identified by pattern, seed and share of hidden cells. They record
    the commit that they were measured at.
    """
    earlier = read_results(protocol, [data], quick=arguments.quick)
    measured = {row["method"] for row in rows}
    masks = {(row["pattern"], row["seed"], row["hidden_share"]) for row in rows}
    return rows + [
        {"commit": record["commit"]} | row
        for record in earlier
        for row in record["rows"]
        if row["kind"] in ("peer", "ablation")
        and row["method"] not in measured
        and (row["pattern"], row["seed"], row["hidden_share"]) in masks
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


def table(records: Iterable[Row], published: Sequence[Row] = ()) -> str:
    """Markdown: mean MSE / MAE over the seeds by data set, a row for each method and a column for each pattern.

    If a method was run with some of the seeds only, a second row of ours with the same seeds is added.
    """
    records = list(records)
    rows = [row for record in records for row in _with_method_names(record["rows"])]
    published = [
        {**row, "method": f"{row['method']}, published"} for row in published
    ]  # the name differs from models measured here
    parts = []
    for data in dict.fromkeys(row["data"] for row in rows):
        of_data = [row for row in [*rows, *published] if row["data"] == data]
        patterns = list(dict.fromkeys(row["pattern"] for row in rows if row["data"] == data))
        lines = [f"**{data}**", "", "| | " + " | ".join(map(str, patterns)) + " | training s | windows/s |"]
        lines.append("|---" * (len(patterns) + 3) + "|")
        for method in dict.fromkeys(row["method"] for row in of_data):
            of_method = [row for row in of_data if row["method"] == method]
            cells = [_cell([row for row in of_method if row["pattern"] == pattern]) for pattern in patterns]
            times = [_mean_of(of_method, key) for key in ("train_seconds", "windows_per_second")]
            lines.append(f"| {method}{_windows_remark(of_method, of_data)} | " + " | ".join([*cells, *times]) + " |")
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, measured_line(records)])


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
        again = [row for row in ours if row["seed"] in fewer] if label else []
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
    cells, most = ([row.get("scored_cells", 0) for row in group] for group in (rows, others))
    return f" ({100 * max(cells) / max(most):.0f} % of the windows)" if 0 < max(cells) < 0.99 * max(most) else ""


def _cell(rows: list[Row]) -> str:
    """Mean MSE / MAE as text."""
    errors = [[float(row[key]) for row in rows if row.get(key) is not None] for key in ("mse", "mae")]
    texts = [f"{np.mean(values):.4f}" if values else "-" for values in errors]
    return " / ".join(texts) if any(errors) else "-"

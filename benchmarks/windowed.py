"""Protocols T, L and S: windows with hidden cells, each filled alone, and the errors over those cells."""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from common import Row, errors_of, made_with, read_results
from latentfill.core.config import Config
from latentfill.core.series import BoolArray, Series
from latentfill.windows.windows import Windows
from methods import Method, methods_of

PEERS_HELP = "published models to train here; those of the last results that are not named are kept as they are"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is run beside our own."""
    parser.add_argument("--no-baselines", action="store_true", help="leave out the simple imputers")
    parser.add_argument("--ablation", action="store_true", help="also decoders without z, with another window's, ...")
    parser.add_argument("--peers", nargs="*", default=[], metavar="NAME", help=PEERS_HELP)
    parser.add_argument("--peer-seconds", type=float, help="of training for each; by default as long as ours took")
    parser.add_argument("--beside-seeds", type=int, nargs="+", help="seeds of --ablation and --peers; by default all")


def compare(
    series: Series,
    config: Config,
    windows: Windows,
    patterns: Mapping[str, BoolArray],
    arguments: argparse.Namespace,
    about: Row,
) -> list[Row]:
    """Fit everything asked for to `series` and score it on `windows` (scaled) under each mask (N, L, C).

    A mask may be for the first of the windows only: `windows` are then cut to its length.
    """
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
            found = _score(method, windows, hidden, {**about, "pattern": pattern, "seed": config.seed})
            for row in found:
                errors = f"{row['mse']:.4f} / {row['mae']:.4f}"
                print(*about.values(), config.seed, pattern, row["method"], errors, f"{method.train_seconds:.0f} s")
            rows += found
    return rows


def _score(method: Method, windows: Windows, hidden: BoolArray, about: Row) -> list[Row]:
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
    """The rows, and from the last results, on the same masks, those of peers and ablations that were not run anew.

    They get the commit they were measured at: they take as long as ours, each. A mask is known by the share it hides.
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
    wanted = list(patterns)
    groups: dict[tuple[object, ...], dict[object, Row]] = defaultdict(dict)
    for row in rows:
        groups[row["data"], row["method"], row["seed"]][row["pattern"]] = row
    return [
        {**found[wanted[0]], "pattern": name}
        | {key: float(np.mean([found[pattern][key] for pattern in wanted])) for key in ("mse", "mae", "hidden_share")}
        for found in groups.values()
        if all(pattern in found for pattern in wanted)
    ]


def table(records: Iterable[Row], published: Sequence[Row] = ()) -> str:
    """Markdown: per data set a row for each method, a column for each pattern, MSE / MAE, mean over the seeds.

    Methods that were run with some of the seeds only are set beside ours with these seeds.
    """
    records = list(records)
    rows = [row for record in records for row in _labelled(record["rows"])]
    published = [{**row, "method": f"{row['method']}, published"} for row in published]  # some are measured here too
    parts = []
    for data in dict.fromkeys(row["data"] for row in rows):
        own = [row for row in [*rows, *published] if row["data"] == data]
        patterns = list(dict.fromkeys(row["pattern"] for row in rows if row["data"] == data))
        lines = [f"**{data}**", "", "| | " + " | ".join(map(str, patterns)) + " | training s | windows/s |"]
        lines.append("|---" * (len(patterns) + 3) + "|")
        for method in dict.fromkeys(row["method"] for row in own):
            of_method = [row for row in own if row["method"] == method]
            cells = [_cell([row for row in of_method if row["pattern"] == pattern]) for pattern in patterns]
            times = [_mean_of(of_method, key) for key in ("train_seconds", "windows_per_second")]
            lines.append(f"| {method}{_fewer(of_method, own)} | " + " | ".join([*cells, *times]) + " |")
        parts.append("\n".join(lines))
    return "\n\n".join([*parts, made_with(records)])


def _labelled(rows: Sequence[Row]) -> list[Row]:
    """The rows with their method as the table calls it; ours again for each set of fewer seeds that others have."""
    seeds: dict[str, set[int]] = defaultdict(set)
    for row in rows:
        seeds[_dated(row)].add(row["seed"])
    ours = [row for row in rows if row["kind"] == "ours"]
    known = {row["seed"] for row in ours}
    labelled = []
    for fewer in dict.fromkeys(tuple(sorted(of_method)) for of_method in seeds.values()):
        label = (
            "" if set(fewer) == known else f", {'seed' if len(fewer) == 1 else 'seeds'} {', '.join(map(str, fewer))}"
        )
        others = [row for row in rows if tuple(sorted(seeds[_dated(row)])) == fewer]
        again = [row for row in ours if row["seed"] in fewer] if label else []
        labelled += [row | {"method": f"{_dated(row)}{label}"} for row in [*again, *others]]
    return labelled


def _dated(row: Row) -> str:
    """The method, with the commit if the row was measured at an earlier one."""
    return f"{row['method']} (at {row['commit']})" if "commit" in row else str(row["method"])


def _mean_of(rows: list[Row], key: str) -> str:
    found = [float(row[key]) for row in rows if key in row]
    return f"{np.mean(found):.0f}" if found else "-"


def _fewer(rows: list[Row], others: list[Row]) -> str:
    """A remark on a method that fills some of the windows only."""
    cells, most = ([row.get("scored_cells", 0) for row in found] for found in (rows, others))
    return f" ({100 * max(cells) / max(most):.0f} % of the windows)" if 0 < max(cells) < 0.99 * max(most) else ""


def _cell(rows: list[Row]) -> str:
    errors = [[float(row[key]) for row in rows if row.get(key) is not None] for key in ("mse", "mae")]
    texts = [f"{np.mean(found):.4f}" if found else "-" for found in errors]
    return " / ".join(texts) if any(errors) else "-"

"""Protocols T, L and S: windows with hidden cells, each filled alone, and the errors over those cells."""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from common import Row, errors_of
from latentfill.config import Config
from latentfill.series import BoolArray, Series
from latentfill.windows import Windows
from methods import Method, methods_of

PEER_SECONDS = 600.0  # of training, as much as ours may take


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is run beside our own."""
    parser.add_argument("--no-baselines", action="store_true", help="leave out the simple imputers")
    parser.add_argument("--ablation", action="store_true", help="also decoders without z, with another window's, ...")
    parser.add_argument("--peers", nargs="*", default=[], metavar="NAME", help="published models to train here")
    parser.add_argument("--peer-seconds", type=float, default=PEER_SECONDS)


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
    seconds = 20.0 if arguments.quick else arguments.peer_seconds
    for method in methods_of(
        series,
        config,
        baselines=not arguments.no_baselines,
        ablation=arguments.ablation,
        peers=arguments.peers,
        seconds=seconds,
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


def table(rows: list[Row], published: list[Row] = []) -> str:  # noqa: B006
    """Markdown: per data set a row for each method, a column for each pattern, MSE / MAE, mean over the seeds."""
    parts = []
    for data in dict.fromkeys(row["data"] for row in rows):
        own = [row for row in [*rows, *published] if row["data"] == data]
        patterns = list(dict.fromkeys(row["pattern"] for row in rows if row["data"] == data))
        lines = [f"**{data}**", "", "| | " + " | ".join(map(str, patterns)) + " | training s |"]
        lines.append("|---" * (len(patterns) + 2) + "|")
        for method in dict.fromkeys(row["method"] for row in own):
            of_method = [row for row in own if row["method"] == method]
            cells = [_cell([row for row in of_method if row["pattern"] == pattern]) for pattern in patterns]
            seconds = [float(row["train_seconds"]) for row in of_method if "train_seconds" in row]
            spent = f"{np.mean(seconds):.0f}" if seconds else "published"
            lines.append(f"| {method} | " + " | ".join(cells) + f" | {spent} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _cell(rows: list[Row]) -> str:
    texts = [
        f"{np.mean([float(row[key]) for row in rows if row.get(key) is not None]):.4f}"
        for key in ("mse", "mae")
        if any(row.get(key) is not None for row in rows)
    ]
    return " / ".join(texts) or "-"

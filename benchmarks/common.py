"""Shared by all benchmarks: command-line arguments, errors on cells, and reading and writing of results."""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from latentfill.core.config import AUTO, Config
from latentfill.core.series import BoolArray, FloatArray
from latentfill.core.strategy_table import STRATEGIES

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[1] / "shared" / "data"
QUICK_STEPS = {"encoder_steps": 60, "decoder_steps": 40}  # training steps with --quick
KEEP_HELP = "also keep the last results of strategies, baselines, patterns and seeds that are not measured again"
TRUTH = {"true": True, "false": False}

Row = dict[str, Any]  # a record in results/*.json, such as the errors of one method on one pattern of one data set


def parser_of(doc: str | None, names: Iterable[str], seeds: tuple[int, ...]) -> argparse.ArgumentParser:
    """An argument parser with the options of every benchmark."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "names", nargs="*", metavar="DATA", help=f"any of {', '.join(names)}; without a name all of them"
    )
    parser.add_argument("--data", type=Path, default=DATA, help="folder of the data sets")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(seeds), help="seeds of masks and models")
    parser.add_argument("--quick", action="store_true", help="train for few steps, to check that everything runs")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="a setting of the method")
    parser.add_argument(
        "--dry", action="store_true", help="print the results, but do not write them to benchmarks/results/"
    )
    return parser


def add_strategies(parser: argparse.ArgumentParser, default: tuple[str, ...]) -> None:
    """Add the options that choose strategies of latentfill by name, and keep the last results of others."""
    known = f"strategies of latentfill, any of {', '.join((AUTO, *STRATEGIES))}; by default {','.join(default)}"
    parser.add_argument("--strategies", type=strategy_names, default=default, metavar="NAME,...", help=known)
    parser.add_argument("--keep", action="store_true", help=KEEP_HELP)


def strategy_names(text: str) -> tuple[str, ...]:
    """The names in a list such as `kriging,denoise`; an error of the command line for an unknown one."""
    names = comma_separated(text)
    if unknown := [name for name in names if name not in (AUTO, *STRATEGIES)]:
        raise argparse.ArgumentTypeError(f"unknown strategy {', '.join(unknown)}; known: {', '.join(STRATEGIES)}")
    return names


def comma_separated(text: str) -> tuple[str, ...]:
    """The parts of a text such as `SAITS,BRITS`."""
    return tuple(part for part in text.split(",") if part)


def names_of(parser: argparse.ArgumentParser, arguments: argparse.Namespace, known: Iterable[str]) -> list[str]:
    """The data sets named on the command line, all without a name; an unknown name ends the program with an error."""
    unknown = [name for name in arguments.names if name not in known]
    if unknown:
        parser.error(f"unknown data set {', '.join(unknown)}; known: {', '.join(known)}")
    return arguments.names or list(known)


def config_of(arguments: argparse.Namespace, **settings: object) -> Config:
    """The default settings, changed by the `settings` of the protocol, then by --quick and --set."""
    given = {name: _value(text) for name, text in _pairs(arguments.set)}
    return Config(**{**settings, **(QUICK_STEPS if arguments.quick else {}), **given})


def errors_of(estimate: FloatArray, truth: FloatArray, cells: BoolArray) -> Row:
    """MSE and MAE over the `cells` that have an estimate, and the number of these cells."""
    error = (estimate - truth)[cells]
    error = error[np.isfinite(error)]
    return {"mse": float(np.mean(error**2)), "mae": float(np.mean(np.abs(error))), "scored_cells": len(error)}


def write_results(protocol: str, data: str, record: Mapping[str, object], arguments: argparse.Namespace) -> None:
    """Write the results of one data set, with the machine and the commit, to `results/PROTOCOL/DATA.json`."""
    if arguments.dry:
        return
    about = {"data": data, "commit": commit(), "machine": machine(), "seeds": arguments.seeds}
    path = results_of(protocol, arguments.quick) / f"{data}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**about, **record}, indent=1) + "\n")
    print(path, flush=True)


def read_results(protocol: str, names: Iterable[str], *, quick: bool = False) -> list[dict[str, Any]]:
    """The records that `write_results` wrote, in the order of `names`; data sets without a record are left out."""
    paths = [results_of(protocol, quick) / f"{name}.json" for name in names]
    return [json.loads(path.read_text()) for path in paths if path.is_file()]


def with_earlier_rows(protocol: str, data: str, rows: list[Row], arguments: argparse.Namespace) -> list[Row]:
    """The rows, and rows from the last results that were not measured again: peers and ablations, with --keep all.

    Earlier rows of a pattern and seed that were measured again are kept only for the same masks, identified by the
    share of hidden cells. They record the commit that they were measured at.
    """
    earlier = read_results(protocol, [data], quick=arguments.quick)
    kept = [{"commit": record["commit"]} | row for record in earlier for row in record["rows"]]
    if not arguments.keep:
        measured = {row["method"] for row in rows}
        masks = {_cells_of(row) for row in rows}
        kept = [row for row in kept if row["kind"] in ("peer", "ablation") and row["method"] not in measured]
        return rows + [row for row in kept if _cells_of(row) in masks]
    shares = {_cells_of(row)[:2]: row["hidden_share"] for row in rows}
    measured = {(row["method"], *_cells_of(row)[:2]) for row in rows}
    kept = [row for row in kept if shares.get(_cells_of(row)[:2], row["hidden_share"]) == row["hidden_share"]]
    return rows + [row for row in kept if (row["method"], *_cells_of(row)[:2]) not in measured]


def _cells_of(row: Row) -> tuple[object, ...]:
    """What identifies the hidden cells of a row: pattern, seed and share."""
    return row["pattern"], row["seed"], row["hidden_share"]


def write_table(protocol: str, text: str, arguments: argparse.Namespace) -> None:
    """Print the Markdown table of a protocol, and write it to `results/PROTOCOL.md`."""
    print(text)
    if not arguments.dry:
        results_of(protocol, arguments.quick).with_suffix(".md").write_text(text + "\n")


def results_of(protocol: str, quick: bool) -> Path:
    """The folder of a protocol's results."""
    return HERE / "results" / ("quick" if quick else "") / protocol


def measured_line(records: Iterable[Mapping[str, Any]]) -> str:
    """A line with the machines and commits at which the records were measured."""
    records = list(records)
    if not records:
        return "Not measured yet."
    machines = {f"{about['machine']['cores']} cores, {about['machine']['cpu']}" for about in records}
    commits = ", ".join(f"{about['data']} at {about['commit']}" for about in records)
    return f"{'; '.join(sorted(machines))}; {commits}."


def commit() -> str:
    """The current commit, with the suffix "-dirty" if code that results depend on has uncommitted changes."""

    def git(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["git", *words], capture_output=True, text=True, cwd=HERE)

    changed = git("diff", "--quiet", "HEAD", "--", ":/src", ":/benchmarks/*.py", ":/constraints.txt").returncode
    return git("rev-parse", "--short", "HEAD").stdout.strip() + ("-dirty" if changed else "")


def machine() -> dict[str, object]:
    """Processor, cores and Python of this machine."""
    return {"cpu": _cpu(), "cores": os.cpu_count(), "python": platform.python_version()}


def _pairs(items: list[str]) -> list[tuple[str, str]]:
    """Names and values of items such as `seed=1`."""
    return [(name, value) for name, _, value in (item.partition("=") for item in items)]


def _value(text: str) -> bool | int | float | str:
    """A number or a truth value where the text is one, else the text itself, such as the name of a strategy."""
    if text in TRUTH:
        return TRUTH[text]
    for number in (int, float):
        try:
            return number(text)
        except ValueError:
            pass
    return text


def _cpu() -> str:
    """The name of the processor, as far as the system gives it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()

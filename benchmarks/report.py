"""Write the results into the documents: the tables into the pages of docs/ and docs/notes/, a summary into README.md.

    python benchmarks/report.py

In each document, the text between `<!-- NAME -->` and `<!-- end of NAME -->` is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import causal
import choices
import data_sets
import distillation
import doubt
import encoders
import ett
import fuzz
import gpu
import intervals
import kills
import language_models
import long_files
import many_series
import mutants
import new_station
import plan
import promises
import protocol_e
import protocol_h
import protocol_l
import protocol_r
import protocol_s
import protocol_t
import rough_fill
import speed
import strategies
import time_to_result
import totals
import training_time
import value_of_z
import wide
from common import Row, read_results
from methods import BASELINES
from published import PROTOCOL_H, PROTOCOL_S, PROTOCOL_T, best_published
from real_files import FILES

ROOT = Path(__file__).resolve().parents[1]
MODULES = (
    protocol_t,
    protocol_l,
    protocol_h,
    protocol_s,
    protocol_e,
    protocol_r,
    wide,
    many_series,
    data_sets,
    long_files,
    strategies,
    causal,
    intervals,
    totals,
    doubt,
    training_time,
    time_to_result,
    speed,
    gpu,
    language_models,
    distillation,
    encoders,
    new_station,
    value_of_z,
    rough_fill,
    choices,
    promises,
    mutants,
    kills,
    fuzz,
    plan,
)
DEFAULT, DECODER = "auto", "latentfill"  # the methods of ours in the summary
PROTOCOLS = {module.PROTOCOL: module for module in MODULES}


def main() -> None:
    for path, text in documents().items():
        path.write_text(text)
        print(path)


def documents() -> dict[Path, str]:
    """The text of each document with the tables of the current results; fails unless each table has one place."""
    tables = {name: module.report() for name, module in PROTOCOLS.items()} | {"summary": summary()}
    paths = [
        ROOT / "README.md",
        ROOT / "docs" / "accuracy.md",
        ROOT / "docs" / "encoders.md",
        ROOT / "docs" / "reliability.md",
        ROOT / "docs" / "scale.md",
        *sorted((ROOT / "docs" / "notes").glob("*.md")),
    ]
    texts = {path: path.read_text() for path in paths}
    for name, table in tables.items():
        places = [path for path, text in texts.items() if place_of(name).search(text)]
        assert len(places) == 1, f"<!-- {name} --> with <!-- end of {name} --> must stand in one document, not {places}"
        texts[places[0]] = place_of(name).sub(lambda _, table=table: f"\n{table}\n\n", texts[places[0]])
    return texts


def place_of(name: str) -> re.Pattern[str]:
    """The text between the markers of a table."""
    return re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end of {name} -->)", re.DOTALL)


def summary() -> str:
    """A table with the errors of latentfill, linear interpolation, the best simple method and the best published model.

    On windows, latentfill's are those of the default and of the decoder that `--effort thorough` adds.
    """
    lines = ["| | default | decoder | linear | best simple method | best published |", "|---|---|---|---|---|---|"]
    lines += [
        _line(f"{record['data']}, scattered cells, {rates}, MSE", record, rates, "mse", PROTOCOL_T)
        for rates in ("mean 12.5-50 %", "mean 10-70 %")
        for record in read_results(protocol_t.PROTOCOL, ett.FILES)
    ]
    lines += [
        _line(f"{record['data']}, all columns missing for 24 steps, MSE", record, "24 steps", "mse", [])
        for record in read_results(protocol_l.PROTOCOL, ett.FILES)
    ]
    lines += [
        _line(f"{record['data']}, windows of 512 steps, {pattern}, MSE", record, pattern, "mse", PROTOCOL_H)
        for record in read_results(protocol_h.PROTOCOL, ett.FILES)
        for pattern in protocol_h.SHOWN
    ]
    lines += [
        _line(f"{record['data']} of TSI-Bench, {pattern}, MAE", record, pattern, "mae", PROTOCOL_S)
        for record in read_results(protocol_s.PROTOCOL, protocol_s.BENCHMARKS)
        for pattern in protocol_s.PATTERNS
    ]
    lines += [_line_of_file(record) for record in read_results(protocol_r.PROTOCOL, FILES)]
    return "\n".join(line for line in lines if line)


def _line(title: str, record: Row, pattern: str, error: str, published: list[Row]) -> str:
    """One line of the summary, empty without our results: `error` names the metric."""
    rows = [row for row in record["rows"] if row["pattern"] == pattern]
    means = {name: np.mean([row[error] for row in rows if row["method"] == name]) for name in map(_name, rows)}
    if not means.keys() & {DEFAULT, DECODER}:
        return ""
    default, decoder, linear = (f"{means[name]:.4f}" if name in means else "-" for name in (DEFAULT, DECODER, "linear"))
    simple = _best({name: mean for name, mean in means.items() if name in BASELINES}, 4)
    best = best_published(published, record["data"], pattern, error)
    return f"| {title} | **{default}** | {decoder} | {linear} | {simple} | {best} |"


def _line_of_file(record: Row) -> str:
    """The line of a whole file: ratios to linear interpolation."""
    ratios = {name: [file.get(f"ratio: {name}") for file in record["files"]] for name in (*BASELINES, "latentfill")}
    means = {name: np.mean(values) for name, values in ratios.items() if None not in values}
    simple = _best({name: mean for name, mean in means.items() if name in BASELINES}, 2)
    return f"| {record['data']}, whole file, MSE as a ratio | **{means['latentfill']:.2f}** | - | 1 | {simple} | - |"


def _name(row: Row) -> str:
    return str(row["method"])


def _best(errors: Mapping[str, float], decimals: int) -> str:
    """The smallest error with its method; `-` without any."""
    if not errors:
        return "-"
    name = min(errors, key=errors.__getitem__)
    return f"{errors[name]:.{decimals}f} ({name})"


if __name__ == "__main__":
    main()

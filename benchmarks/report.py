"""Write the results into the documents: all tables into docs/accuracy.md, a summary into README.md.

    python benchmarks/report.py

In each document, the text between `<!-- NAME -->` and `<!-- end of NAME -->` is replaced.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

import distillation
import encoders
import ett
import intervals
import language_models
import protocol_l
import protocol_r
import protocol_s
import protocol_t
import speed
import strategies
import training_time
from common import Row, read_results
from published import PROTOCOL_S, PROTOCOL_T

ROOT = Path(__file__).resolve().parents[1]
MODULES = (
    protocol_t,
    protocol_l,
    protocol_s,
    protocol_r,
    strategies,
    intervals,
    training_time,
    speed,
    language_models,
    distillation,
    encoders,
)
PROTOCOLS = {module.PROTOCOL: module for module in MODULES}


def main() -> None:
    for path, text in documents().items():
        path.write_text(text)
        print(path)


def documents() -> dict[Path, str]:
    """The text of each document with the tables of the current results."""
    tables = {name: module.report() for name, module in PROTOCOLS.items()}
    return {
        ROOT / "docs" / "accuracy.md": replaced(ROOT / "docs" / "accuracy.md", tables),
        ROOT / "README.md": replaced(ROOT / "README.md", {"summary": summary()}),
    }


def replaced(path: Path, texts: Mapping[str, str]) -> str:
    """The document with each text between its markers; fails if the markers are missing."""
    document = path.read_text()
    for name, text in texts.items():
        place = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- end of {name} -->)", re.DOTALL)
        assert place.search(document), f"{path} has no <!-- {name} --> with <!-- end of {name} -->"
        document = place.sub(lambda _, text=text: f"\n{text}\n\n", document)
    return document


def summary() -> str:
    """A table with the errors of latentfill, linear interpolation and the best published model, by benchmark."""
    lines = ["| | latentfill | linear | best published |", "|---|---|---|---|"]
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
        _line(f"ETT_h1 of TSI-Bench, {pattern}, MAE", record, pattern, "mae", PROTOCOL_S)
        for record in read_results(protocol_s.PROTOCOL, [protocol_s.NAME])
        for pattern in protocol_s.PATTERNS
    ]
    for record in read_results(protocol_r.PROTOCOL, protocol_r.FILES):
        ratio = np.mean([file["ratio: latentfill"] for file in record["files"]])
        lines.append(f"| {record['data']}, whole file, MSE as a ratio | **{ratio:.2f}** | 1 | - |")
    return "\n".join(lines)


def _line(title: str, record: Row, pattern: str, error: str, published: list[Row]) -> str:
    """One line of the summary: `error` names the metric."""
    ours, linear = (
        np.mean([row[error] for row in record["rows"] if row["pattern"] == pattern and row["method"] == method])
        for method in ("latentfill", "linear")
    )
    known = [
        (row[error], row["method"])
        for row in published
        if row["data"] == record["data"] and row["pattern"] == pattern and row[error] is not None
    ]
    best = "{:.3f} ({})".format(*min(known)) if known else "-"
    return f"| {title} | **{ours:.4f}** | {linear:.4f} | {best} |"


if __name__ == "__main__":
    main()

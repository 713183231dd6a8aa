"""What `latentfill plan` says beside what `latentfill impute` takes: time, processor time and peak memory.

    python benchmarks/plan.py [--quick] [--data DIR] [TABLE ...]

Each table is planned and filled by processes of their own, with the same settings, one after the other. Made tables
have a tenth of their cells missing in runs; `factors` and `wide` share eight factors, `walks` know nothing of each
other. None of them has the shape of a table that the costs were fitted to. A ratio is the estimate over the
measurement; that of the time depends on what else the machine does meanwhile, that of processor time does not. Results
are written to benchmarks/results/plan.json and plan.md.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np

import ett
from common import HERE, Row, commit, machine, measured_line, names_of, parser_of
from latentfill.core.series import FloatArray
from latentfill.windows.hiding import hide_like_gaps
from made_tables import hourly, persistent, related, unrelated
from processes import run, write

PROTOCOL = "plan"
WITHIN = 1.5  # factor that estimates are meant to keep


class Task(NamedTuple):
    """A table to plan and to fill."""

    values: Callable[[np.random.Generator], FloatArray]  # (T, C), before cells are hidden
    settings: tuple[str, ...] = ()


def daily(n_steps: int, columns: int) -> Callable[[np.random.Generator], FloatArray]:
    """Columns with a daily cycle of their own, and noise that persists."""

    def make(rng: np.random.Generator) -> FloatArray:
        hours, phases = np.arange(n_steps)[:, None], rng.random(columns)
        return 3 * np.sin(2 * np.pi * (hours / 24 + phases)) + persistent(rng, n_steps, columns, 0.9)

    return make


TASKS: Mapping[str, Task] = {
    "one": Task(daily(8000, 1)),
    "three": Task(daily(2000, 3)),
    "eight": Task(daily(6000, 8)),
    "thirty": Task(lambda rng: related(rng, 4000, 30)),
    "walks": Task(lambda rng: unrelated(rng, 3000, 50)),
    "factors": Task(lambda rng: related(rng, 2000, 120)),
    "wide": Task(lambda rng: related(rng, 100, 1500)),
    "short": Task(lambda rng: related(rng, 60, 40)),
    "long": Task(daily(150_000, 3), ("--strategy", "linear")),
    "quick": Task(daily(5000, 20), ("--effort", "quick")),
    "bounds": Task(daily(5000, 4), ("--intervals", "0.9", "--samples", "3")),
}
DATA_SETS = ("ETTh1",)


def main() -> None:
    parser = parser_of(__doc__, (*TASKS, *DATA_SETS), seeds=(0,))
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        print("not counted, as it compiles the modules:", measure("one", folder, arguments), flush=True)
        for name in names_of(parser, arguments, (*TASKS, *DATA_SETS)):
            rows.append(measure(name, folder, arguments))
            print(rows[-1], flush=True)
    record = {"data": "plan", "commit": commit(), "machine": machine(), "rows": rows}
    print(table(record))
    if not (arguments.dry or arguments.quick):
        (HERE / "results" / "plan.json").write_text(json.dumps(record, indent=1) + "\n")
        (HERE / "results" / "plan.md").write_text(table(record) + "\n")


def measure(name: str, folder: Path, arguments: argparse.Namespace) -> Row:
    """The estimates and the measurements of a table."""
    source, target, settings = folder / "table.csv", folder / "filled.csv", ()
    if name in DATA_SETS:
        source = arguments.data / ett.FILES[name][0]
    else:
        values = gappy(TASKS[name], arguments)
        settings = TASKS[name].settings
        write(hourly(len(values)), values, source)
    latentfill = (sys.executable, "-m", "latentfill")
    said = subprocess.run((*latentfill, "plan", str(source), *settings, "--json"), capture_output=True, text=True)
    plan = json.loads(said.stdout)
    took = run((*latentfill, "impute", str(source), "-o", str(target), *settings, "-q"), folder)
    written = sum(path.stat().st_size for path in folder.glob("filled*"))
    for path in folder.glob("filled*"):
        path.unlink()
    return {
        **{"table": name, "shape": [plan["rows"], plan["columns"]], "settings": " ".join(settings), **took},
        **{"estimated_" + key: plan[key] for key in ("seconds", "cpu_seconds")},
        **{"estimated_peak_megabytes": round(plan["memory_bytes"] / 2**20), "written_bytes": written},
        "estimated_bytes": plan["disk_bytes"],
    }


def gappy(task: Task, arguments: argparse.Namespace) -> FloatArray:
    """The values of a table with a tenth of the cells missing; a part of the rows with --quick."""
    rng = np.random.default_rng(arguments.seeds[0])
    values = np.round(task.values(rng), 4)
    values = values[:300] if arguments.quick else values
    hidden = hide_like_gaps(rng, np.ones(values.shape, dtype=bool), 0.1)
    return np.where(hidden, np.nan, values)


def report() -> str:
    """The last results as Markdown."""
    return table(json.loads((HERE / "results" / "plan.json").read_text()))


def table(record: Row) -> str:
    """The results as Markdown."""
    measures = {"seconds": "seconds", "cpu_seconds": "CPU seconds", "peak_megabytes": "peak MB"}
    heads = [part for words in measures.values() for part in (words, "estimated", "ratio")]
    lines = [f"| table | rows x columns | settings | {' | '.join(heads)} |", "|---" * (3 + len(heads)) + "|"]
    within = dict.fromkeys(measures, 0)
    for row in record["rows"]:
        cells = []
        for key in measures:
            ratio = row[f"estimated_{key}"] / row[key]
            within[key] += 1 / WITHIN <= ratio <= WITHIN
            cells += [
                f"{row[key]:.{0 if key == 'peak_megabytes' else 1}f}",
                f"{row[f'estimated_{key}']:.1f}",
                f"{ratio:.2f}",
            ]
        shape = " x ".join(map(str, row["shape"]))
        lines.append(f"| {row['table']} | {shape} | {row['settings'] or 'default'} | {' | '.join(cells)} |")
    counts = ", ".join(f"{words} {within[key]}" for key, words in measures.items())
    told = f"Of {len(record['rows'])} tables within a factor of {WITHIN}: {counts}."
    return "\n".join([*lines, "", told, "", measured_line([record])])


if __name__ == "__main__":
    main()

"""The time, memory and disk that filling a long file block by block needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from latentfill.core.config import Config
from latentfill.core.machine import available_disk, available_memory, measured_speed
from latentfill.imputation.planning.costs import BASE, BYTES_PER_CELL, Size, costs_of
from latentfill.imputation.planning.plan import Plan, disk_bytes
from latentfill.imputation.streaming.scan import Scan, cells_at_once, side_by_side

READINGS = 2.0  # all rows are read once more than in a whole table, without being written
PER_ROW = ("reading and writing", "doubtful readings and kinds", "filling")  # what all rows cost, not only the sample
HELD = 3  # blocks whose rows are in memory beside those that are filled


def plan_long(scan: Scan, config: Config, folder: Path) -> Plan:
    """The plan for a file that has been read once, and is written into a folder."""
    observed = ~np.isnan(scan.reader.found.values.values)
    sample = Size(observed=observed, missing=int(np.count_nonzero(~observed)))
    cost, speed = costs_of(sample, config), measured_speed()
    times = scan.n_rows / len(observed)
    parts = {name: seconds * (times if name in PER_ROW else 1.0) for name, seconds in cost.seconds.items()}
    parts["reading and writing"] *= READINGS
    parts = {name: each * speed.slowness for name, each in (parts | {"starting": BASE.seconds}).items()}
    spent, blocks = sum(parts.values()), side_by_side(scan.reader.stream) + HELD
    return Plan(
        rows=scan.n_rows,
        columns=len(scan.reader.columns),
        missing=scan.n_missing,
        series=1,
        seconds=round(spent * speed.waiting, 2),
        cpu_seconds=round(spent, 2),
        seconds_by_part={name: round(seconds * speed.waiting, 2) for name, seconds in parts.items()},
        memory_bytes=int(cost.memory + BYTES_PER_CELL * cells_at_once(scan.reader.stream) * blocks),
        available_memory_bytes=available_memory(),
        disk_bytes=disk_bytes(
            scan.n_rows * len(scan.reader.columns),
            scan.n_missing,
            len(scan.reader.columns),
            config,
            int(scan.reader.stream.file_bytes) or scan.reader.stream.path.stat().st_size,
        ),
        available_disk_bytes=available_disk(folder),
        skipped=cost.skipped,
        in_blocks=True,
    )

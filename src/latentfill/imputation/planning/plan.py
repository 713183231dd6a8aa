"""The time, memory and disk that filling a table needs, and the refusal of what does not fit in memory."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.machine import available_disk, available_memory, measured_speed
from latentfill.imputation.planning.costs import BASE, Size, costs_of, read_bytes
from latentfill.tables.table import Table

MEGABYTE = 1e6
SUMMARY, SUMMARY_OF_COLUMN = 4000, 1500  # bytes of the JSON summary
UNPACKED = 5  # usual size of a gzipped table of numbers without its compression, as a multiple
BINARY = (".parquet", ".pq", ".feather", ".arrow", ".orc", ".xlsx", ".xls", ".ods", ".h5", ".hdf5")
SHARE = 0.95  # of the memory that is left; the rest is for what the estimate misses
ADVICE = (
    "Fill fewer columns at a time (--columns), series of a stacked table by themselves (--by), or give --effort quick, "
    "which keeps the cheapest strategies; or fit a model to some of the rows and `latentfill apply` it to the others. "
    "--ignore-memory tries all the same."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What filling a table needs on this machine."""

    rows: int
    columns: int  # that are filled, of all series
    missing: int  # cells
    series: int
    seconds: float  # until the output is written
    cpu_seconds: float
    seconds_by_part: Mapping[str, float]  # reading, each strategy, testing ...
    memory_bytes: int  # largest at any time
    available_memory_bytes: int | None  # None if unknown
    disk_bytes: int
    available_disk_bytes: int | None
    skipped: Mapping[str, str]  # strategies that do not suit the table, with the reason
    in_blocks: bool = False  # whether the table is long: filled block by block, by a model of stretches of it

    @property
    def fits(self) -> bool:
        """Whether the work fits in the memory that is left."""
        return self.available_memory_bytes is None or self.memory_bytes <= SHARE * self.available_memory_bytes

    def to_dict(self) -> dict[str, object]:
        """The plan as JSON values."""
        return {**asdict(self), "fits": self.fits}


def make_plan(tables: Sequence[Table], config: Config, file_bytes: int, folder: Path) -> Plan:
    """The plan for the series of a table, which was read from `file_bytes` and is written into `folder`."""
    sizes = [_size(table, file_bytes // len(tables)) for table in tables]
    costs = [costs_of(size, config) for size in sizes]
    speed = measured_speed()
    parts: dict[str, float] = {}
    for cost in costs:
        for name, seconds in cost.seconds.items():
            parts[name] = parts.get(name, 0.0) + seconds * speed.slowness
    parts["starting"] = BASE.seconds * speed.slowness
    spent = sum(parts.values())
    return Plan(
        rows=sum(table.n_rows for table in tables),
        columns=len(dict.fromkeys(name for table in tables for name in table.filled_columns)),
        missing=sum(int(np.isnan(table.as_read).sum()) for table in tables),
        series=len(tables),
        seconds=round(spent * speed.waiting, 2),
        cpu_seconds=round(spent, 2),
        seconds_by_part={name: round(seconds * speed.waiting, 2) for name, seconds in parts.items()},
        memory_bytes=int(max(cost.memory for cost in costs) + read_bytes(file_bytes)),
        available_memory_bytes=available_memory(),
        disk_bytes=_disk_bytes(tables, config, file_bytes),
        available_disk_bytes=available_disk(folder),
        skipped=costs[0].skipped if len(costs) == 1 else {},
    )


def refuse_too_large(table: Table, config: Config) -> None:
    """Raise an `InputError` for a table whose model does not fit in memory, unless the settings say to try."""
    available = available_memory()
    if config.ignore_memory or available is None:
        return
    needed = costs_of(_size(table, 0), config).memory - BASE.memory
    if needed > SHARE * available:
        rows, columns = table.series.values.shape
        raise InputError(
            f"filling {rows} rows of {columns} columns needs about {megabytes(needed)} of memory, and "
            f"{megabytes(available)} are left. {ADVICE}"
        )


def refuse_large_file(file_bytes: int, config: Config, name: object) -> None:
    """Raise an `InputError` for a file that is too large to be read into memory."""
    available = available_memory()
    if not config.ignore_memory and available is not None and read_bytes(file_bytes) > SHARE * available:
        raise InputError(
            f"reading {name} needs about {megabytes(read_bytes(file_bytes))} of memory, and {megabytes(available)} are "
            "left. Divide it into files of fewer rows, or give a Parquet file of only the columns to fill. "
            "--ignore-memory tries all the same."
        )


def file_bytes(data: object) -> int:
    """Bytes of the text that a table is read from; 0 for what is no file, or one whose cells are not texts."""
    paths = data if isinstance(data, list | tuple) else [data]
    return sum(_text_bytes(Path(each)) for each in paths if isinstance(each, str | os.PathLike))


def _text_bytes(path: Path) -> int:
    """Bytes of a text file without its compression."""
    if not os.path.isfile(path) or path.suffix.lower() in BINARY:
        return 0
    packed = UNPACKED if path.suffix.lower() == ".gz" else 1
    return packed * path.stat().st_size


def megabytes(count: float) -> str:
    """Bytes in words, such as `350 MB` or `1.5 GB`."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{max(count / MEGABYTE, 0.1):.{0 if count >= 1e7 else 1}f} MB"


def _size(table: Table, file_bytes: int) -> Size:
    return Size(observed=table.series.observed, missing=int(np.isnan(table.as_read).sum()), file_bytes=file_bytes)


def _disk_bytes(tables: Sequence[Table], config: Config, file_bytes: int) -> int:
    """Bytes of the filled table, its samples and its summary."""
    cells = sum(table.as_read.size for table in tables)
    missing = sum(int(np.isnan(table.as_read).sum()) for table in tables)
    columns = len(dict.fromkeys(name for table in tables for name in table.filled_columns))
    return disk_bytes(cells, missing, columns, config, file_bytes)


def disk_bytes(cells: int, missing: int, columns: int, config: Config, file_bytes: int) -> int:
    """The same for a table of so many cells, with the size of the text that it is read from."""
    width = min(20.0, file_bytes / max(cells - missing, 1))  # of a cell with its delimiter
    copies = 1 + (config.output.samples or 0)
    bounds = 2 * cells * (width + 1) if config.output.intervals is not None else 0.0
    return int(copies * (file_bytes + missing * (width - 1)) + bounds + SUMMARY + SUMMARY_OF_COLUMN * columns)

"""`latentfill.plan`: the time, memory and disk that filling data needs, before it is begun."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from latentfill.api.arrays import open_frame
from latentfill.api.imputer_settings import ImputerSettings
from latentfill.core.config import Config
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.planning.plan import Plan, file_bytes, make_plan
from latentfill.imputation.streaming.long_file import LongFile
from latentfill.imputation.streaming.plan_long import plan_long
from latentfill.imputation.streaming.when import open_long


def plan(data: object, *, config: Config | None = None, **settings: Unpack[ImputerSettings]) -> Plan:
    """The time, memory and disk that ``latentfill.impute(data, **settings)`` would need on this machine.

    The data are read, and a small piece of work is timed; nothing is fitted. The estimates are meant to be right within
    a factor of 1.5; ``seconds_by_part`` says which strategies cost them, ``fits`` whether the memory suffices.

    Raises
    ------
    InputError
        If the data cannot be read or a setting cannot be used.

    Examples
    --------
    >>> hours = pd.date_range("2024-01-01", periods=48, freq="h")
    >>> plan = latentfill.plan(pd.DataFrame({"load": 10.0 + np.arange(48) % 24}, index=hours))
    >>> plan.rows, plan.columns, plan.missing, plan.fits
    (48, 1, 0, True)
    """
    imputer = Imputer(config, **settings)
    if isinstance(data, str | Path):
        return plan_with(imputer, data, Path(data).parent)
    opened = open_frame(data, imputer.options)
    return plan_with(imputer.with_options(opened.options), opened.content, Path())


def plan_with(imputer: Imputer, data: object, folder: Path) -> Plan:
    """The plan for data that a new imputer reads, whose result is written into a folder."""
    path = Path(data) if isinstance(data, str) else data
    if (stream := open_long(imputer, path)) is not None and (file := LongFile.of(stream, imputer)) is not None:
        return plan_long(file.scan, imputer.config, folder)
    if imputer.options.by:
        groups = imputer.read_groups(data).groups
        tables = [group.table for group in groups if group.table is not None]
    else:
        tables = [imputer.read(data, fresh=True)]
    return make_plan(tables, imputer.config, file_bytes(data), folder)

"""`latentfill plan`: the time, memory and disk that `impute` needs, before it is run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentfill.cli.command_settings import make_imputer
from latentfill.cli.console import plain
from latentfill.cli.options import (
    COLUMNS,
    GRID,
    LONG,
    MEMORY,
    METHOD,
    OUTPUT,
    READING,
    RUNNING,
    SERIES,
    STORED,
    WITH,
    Source,
    one_table,
    with_options,
)

if TYPE_CHECKING:
    from latentfill.imputation.planning.plan import Plan

LEAST_SHARE = 0.03  # of the time, of a part that is named


@with_options(READING, WITH, COLUMNS, SERIES, LONG, GRID, STORED, METHOD, RUNNING, MEMORY, OUTPUT)
def plan(
    source: Source,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="OUT", help="Where the filled table would be written.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
    **given: Any,
) -> None:
    """Print the time, memory and disk that `impute` would need with the same settings; nothing is fitted.

    The exit code is 1 if the memory or the disk does not suffice.
    """
    from latentfill.api.plan import plan_with
    from latentfill.cli.console import make_console
    from latentfill.cli.shown import print_json

    data = one_table(source)
    made = plan_with(make_imputer(given), data, (output or source[0]).parent)
    if as_json:
        print_json(made.to_dict())
    else:
        console = make_console(stderr=False)
        for line in lines_of(made):
            console.print(plain(line), highlight=False, soft_wrap=True)
    if not made.fits or (made.available_disk_bytes or made.disk_bytes) < made.disk_bytes:
        raise typer.Exit(1)


def lines_of(plan: Plan) -> Iterator[str]:
    """The plan in words."""
    from latentfill.core.messages import counted
    from latentfill.imputation.planning.plan import ADVICE, megabytes

    series = f" in {plan.series} series" if plan.series > 1 else ""
    rows, columns, missing = counted(plan.rows, "row"), counted(plan.columns, "column"), counted(plan.missing, "cell")
    yield f"Table: {rows} of {columns} to fill{series}, {missing} missing"
    if plan.in_blocks:
        yield "The table is long: a model of stretches of it fills it block by block (impute, fit and apply)"
    parts = sorted(plan.seconds_by_part.items(), key=lambda part: -part[1])
    named = [f"{name} {duration(each)}" for name, each in parts if each >= LEAST_SHARE * plan.seconds]
    yield f"Time: about {duration(plan.seconds)} ({', '.join(named)})"
    yield f"Memory: about {megabytes(plan.memory_bytes)}{_left(plan.available_memory_bytes)}"
    yield f"Disk: about {megabytes(plan.disk_bytes)}{_left(plan.available_disk_bytes)}"
    if not plan.fits:
        yield f"This does not fit in memory. {ADVICE}"


def duration(seconds: float) -> str:
    """Seconds in words, such as `3.5 s`, `4 min` or `2.5 h`."""
    if seconds < 100:
        return f"{seconds:.{1 if seconds < 10 else 0}f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def _left(available: int | None) -> str:
    from latentfill.imputation.planning.plan import megabytes

    return "" if available is None else f" of {megabytes(available)} that are left"

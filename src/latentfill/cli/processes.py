"""Commands that torch's launcher starts in several processes: these train together, and the first one writes."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from latentfill.core.config import Config
from latentfill.core.errors import InputError

TRAINING = ("fit", "impute")  # commands that may run in several processes


def launched() -> int:
    """The number of processes that the launcher says it has started; 1 without a launcher."""
    size, rank = (os.environ.get(name, "") for name in ("WORLD_SIZE", "RANK"))
    return int(size) if size.isdecimal() and rank.isdecimal() else 1


def name_of_process() -> str:
    """What stands before the messages of this process: nothing for the first one."""
    rank = os.environ.get("RANK", "0")
    return "" if launched() == 1 or rank == "0" else f"process {int(rank) + 1} of {launched()}: "


def refuse_several(arguments: Sequence[str]) -> None:
    """Raise an `InputError` if a command that does not train was started in several processes."""
    command = next((each for each in arguments if not each.startswith("-")), "")
    if command not in TRAINING:
        check_one_process(f"`latentfill {command}`")


def check_one_process(what: str) -> None:
    """Raise an `InputError` if `what`, which works in one process, was started in several."""
    if launched() > 1:
        raise InputError(
            f"{what} works in one process, and {launched()} were started. Start it without torchrun (or unset "
            f"WORLD_SIZE); {' and '.join(TRAINING)} can train in several, with one output."
        )


@contextmanager
def training_together(config: Config) -> Iterator[bool]:
    """Join the processes that were started together, if there are several; yields whether this one is the first.

    All of them do the same work and share that of training; only the first one writes and prints.
    """
    if launched() == 1:
        yield True
        return
    if config.time_budget is not None:
        raise InputError(
            "a time budget (--time-budget) is for one process, as several would not spend it alike: leave it out."
        )
    from latentfill.nn.distributed import joined

    with joined(config.device) as processes:
        yield processes.rank == 0

"""Progress bars while networks are trained and windows embedded."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from latentfill.embeddings.embed_progress import EmbedProgress
    from latentfill.nn.training import ProgressCallback, TrainingProgress


@contextmanager
def progress_bars(console: Console, quiet: bool) -> Iterator[ProgressCallback | None]:
    """A callback that draws one bar per stage of training, with the loss and the time left."""
    if quiet:
        yield None
        return
    columns = [
        TextColumn("{task.description:<16}"),
        BarColumn(),
        TextColumn("{task.completed:>5.0f}/{task.total:.0f} steps  loss {task.fields[loss]:.4f}  {task.fields[left]}"),
    ]
    bars = Progress(*columns, console=console)
    tasks: dict[str, TaskID] = {}

    def show(at: TrainingProgress) -> None:
        if at.stage not in tasks:
            bars.start()
            tasks[at.stage] = bars.add_task(at.stage, total=at.steps, loss=at.loss, left="")
        left = f"at most {_duration(at.seconds_left)} left" if at.step < at.steps else "done"
        bars.update(tasks[at.stage], total=at.steps, completed=at.step, loss=at.loss, left=left)

    try:
        yield show
    finally:
        if tasks:
            bars.stop()


@contextmanager
def embedding_bar(console: Console, quiet: bool) -> Iterator[Callable[[EmbedProgress], None] | None]:
    """A callback that draws how many windows are embedded, how many a second, and the time left."""
    if quiet:
        yield None
        return
    text = "{task.completed:.0f}/{task.total:.0f} windows  {task.fields[speed]}"
    bar = Progress(TextColumn("embedding"), BarColumn(), TextColumn(text), console=console)
    tasks: list[TaskID] = []

    def show(made: EmbedProgress) -> None:
        if not tasks:
            bar.start()
            tasks.append(bar.add_task("", total=made.total, speed=""))
        left = f", {_duration(made.seconds_left)} left" if made.done < made.total else ""
        speed = f"{made.per_second:.1f} a second{left}" if made.per_second else ""
        bar.update(tasks[0], completed=made.done, speed=speed)

    try:
        yield show
    finally:
        if tasks:
            bar.stop()


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"

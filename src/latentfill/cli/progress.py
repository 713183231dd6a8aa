"""Progress bars for training networks and for embedding windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

if TYPE_CHECKING:
    from latentfill.embeddings.embed_progress import EmbedProgress
    from latentfill.nn.progress import ProgressCallback, TrainingProgress


@contextmanager
def progress_bars(console: Console, quiet: bool) -> Iterator[ProgressCallback | None]:
    """Yield a callback that draws one bar per stage of training, with the loss and the time left; None if `quiet`."""
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

    def show(progress: TrainingProgress) -> None:
        stage, loss = progress.stage, progress.loss
        if stage not in tasks:
            bars.start()
            tasks[stage] = bars.add_task(stage, total=progress.steps, loss=loss, left="")
        left = f"at most {_duration(progress.seconds_left)} left" if progress.step < progress.steps else "done"
        bars.update(tasks[stage], total=progress.steps, completed=progress.step, loss=loss, left=left)

    try:
        yield show
    finally:
        if tasks:
            bars.stop()


@contextmanager
def series_bar(console: Console, quiet: bool) -> Iterator[Callable[[str, int, int], None] | None]:
    """Yield a callback that draws a bar of filled series, with the name of the current one; None if `quiet`."""
    if quiet:
        yield None
        return
    text = TextColumn("{task.completed:.0f}/{task.total:.0f} series  {task.fields[name]}")
    bar = Progress(TextColumn("filling"), BarColumn(), text, console=console)
    task = bar.add_task("", total=1, name="")

    def show(name: str, number: int, total: int) -> None:
        bar.start()
        bar.update(task, total=total, completed=number, name=escape(name))

    try:
        yield show
    finally:
        bar.stop()


@contextmanager
def embedding_bar(console: Console, quiet: bool) -> Iterator[Callable[[EmbedProgress], None] | None]:
    """Yield a callback that draws a bar of embedded windows, with their rate and the time left; None if `quiet`."""
    if quiet:
        yield None
        return
    text = "{task.completed:.0f}/{task.total:.0f} windows  {task.fields[speed]}"
    bar = Progress(TextColumn("embedding"), BarColumn(), TextColumn(text), console=console)
    tasks: list[TaskID] = []

    def show(progress: EmbedProgress) -> None:
        if not tasks:
            bar.start()
            tasks.append(bar.add_task("", total=progress.total, speed=""))
        left = f", {_duration(progress.seconds_left)} left" if progress.done < progress.total else ""
        speed = f"{progress.per_second:.1f} per second{left}" if progress.per_second else ""
        bar.update(tasks[0], completed=progress.done, speed=speed)

    try:
        yield show
    finally:
        if tasks:
            bar.stop()


def _duration(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"

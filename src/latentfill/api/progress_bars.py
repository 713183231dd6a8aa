"""Progress bars for fitting, for filling many series and for embedding windows, on a terminal and in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn

from latentfill.core.stages import hearing_stages

if TYPE_CHECKING:
    from latentfill.embeddings.embed_progress import EmbedProgress
    from latentfill.imputation.imputer import Imputer
    from latentfill.nn.progress import ProgressCallback, TrainingProgress


@contextmanager
def progress_bars(console: Console, quiet: bool) -> Iterator[ProgressCallback | None]:
    """Yield a callback that draws one bar per stage of training, with the loss and the time left; None if `quiet`.

    Where lines can be drawn anew, on a terminal or in a notebook, the current stage of other work is shown too.
    """
    if quiet:
        yield None
        return
    text = TextColumn("{task.fields[text]}")
    bars = Progress(TextColumn("{task.description:<16}"), BarColumn(), text, console=console)
    tasks: dict[str, TaskID] = {}

    def show(progress: TrainingProgress) -> None:
        stage = progress.stage
        left = f"at most {_duration(progress.seconds_left)} left" if progress.step < progress.steps else "done"
        told = f"{progress.step:>5}/{progress.steps} steps  loss {progress.loss:.4f}  {left}"
        if stage not in tasks:
            bars.start()
            tasks[stage] = bars.add_task(stage, total=progress.steps, text=told)
        bars.update(tasks[stage], total=progress.steps, completed=progress.step, text=told)

    try:
        with _stage_line(bars) if console.is_terminal or console.is_jupyter else nullcontext():
            yield show
    finally:
        if bars.live.is_started:
            bars.stop()


@contextmanager
def notebook_bars(imputer: Imputer) -> Iterator[None]:
    """Within it, bars are drawn in a notebook while the imputer works, unless it has a callback of its own."""
    console = Console()
    if imputer.progress is not None or not console.is_jupyter:
        yield
        return
    try:
        with progress_bars(console, quiet=False) as imputer.progress:
            yield
    finally:
        imputer.progress = None


@contextmanager
def _stage_line(bars: Progress) -> Iterator[None]:
    """A line with the current stage, which is taken away at the end."""
    line: list[TaskID] = []

    def show(stage: str) -> None:
        if not line:
            bars.start()
            line.append(bars.add_task("", total=None, text=""))
        bars.update(line[0], text=stage)

    with hearing_stages(show):
        try:
            yield
        finally:
            for task in line:
                bars.remove_task(task)


@contextmanager
def series_bar(console: Console, quiet: bool, of: str = "series") -> Iterator[Callable[[str, int, int], None] | None]:
    """Yield a callback that draws a bar of what is filled, with the name of the current one; None if `quiet`."""
    if quiet:
        yield None
        return
    text = TextColumn(f"{{task.completed:.0f}}/{{task.total:.0f}} {of}  {{task.fields[name]}}")
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
def row_bar(console: Console, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a callback that draws a bar of filled rows; None if `quiet`."""
    if quiet:
        yield None
        return
    text = TextColumn("{task.completed:,.0f}/{task.total:,.0f} rows")
    bar = Progress(TextColumn("filling"), BarColumn(), text, console=console)
    task = bar.add_task("", total=1)

    def show(number: int, total: int) -> None:
        bar.start()
        bar.update(task, total=total, completed=number)

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

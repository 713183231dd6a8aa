"""`latentfill demo`: fill a generated sample table and compare with the true values."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from latentfill.cli.console import make_console
from latentfill.cli.options import Quiet


def demo(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Folder for the sample, the true values and the filled table.")
    ] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Seed of the sample and of the training.")] = 0,
    quiet: Quiet = False,
) -> None:
    """Generate a sample table with gaps, fill it, and compare with the true values."""
    from latentfill.api.progress_bars import progress_bars
    from latentfill.cli.display import show_demo
    from latentfill.scoring.demo import run_demo

    with progress_bars(make_console(), quiet) as progress:
        outcome = run_demo(output, seed, progress)
    if not quiet:
        show_demo(make_console(stderr=False), outcome)

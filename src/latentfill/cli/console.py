"""The two consoles: notes and progress on stderr, results on stdout."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

PIPE_WIDTH = 140  # characters; a pipe has no width of its own, and tables should stay whole


def make_console(*, stderr: bool = True) -> Console:
    """A console for notes and progress, or, without `stderr`, for results."""
    console = Console(stderr=stderr)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def say(text: str, quiet: bool = False) -> None:
    """One plain line on stderr, as it is, unless `quiet`."""
    if not quiet:
        make_console().print(text, highlight=False, soft_wrap=True, markup=False)


def show_notes(notes: Sequence[str], quiet: bool = False, console: Console | None = None) -> None:
    """What a user should know, a line each, on stderr or another console, unless `quiet`."""
    console = console or make_console()
    for note in () if quiet else notes:
        console.print(f"[yellow]note:[/yellow] {escape(note)}", highlight=False)

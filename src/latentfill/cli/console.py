"""Consoles of the commands: notes and progress go to stderr, results to stdout."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape

from latentfill.core.messages import LONGEST_VALUE, printable, shortened

PIPE_WIDTH = 140  # characters per line in a pipe, which has no width; wide enough for the tables


def make_console(*, stderr: bool = True) -> Console:
    """A console on stderr for notes and progress; with `stderr=False`, a console on stdout for results."""
    console = Console(stderr=stderr)
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    return console


def say(text: str, quiet: bool = False) -> None:
    """Print `text` as one line without formatting on stderr; nothing if `quiet`."""
    if not quiet:
        make_console().print(printable(text), highlight=False, soft_wrap=True, markup=False)


def plain(text: str) -> str:
    """A text of the user for the terminal, which neither rich nor the terminal reads as commands."""
    return escape(printable(text))


def plain_name(name: str) -> str:
    """The name of a column, series or strategy for a cell of a table."""
    return plain(shortened(name, LONGEST_VALUE))


def show_notes(notes: Sequence[str], quiet: bool = False, console: Console | None = None) -> None:
    """Print each note on a line, on stderr or the given console; nothing if `quiet`."""
    console = console or make_console()
    for note in () if quiet else notes:
        console.print(f"[yellow]note:[/yellow] {plain(note)}", highlight=False)

"""What a command that fills tables prints: nothing but errors, the usual, everything, or JSON."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Self

from latentfill.cli.options import Given, Options, option
from latentfill.core.errors import InputError

SHOWING: Final[Options] = {
    "quiet": option("Printing", bool, "--quiet", "-q", help="Print errors only.", default=False),
    "verbose": option(
        "Printing",
        bool,
        "--verbose",
        "-v",
        help="Print the summary of every column, and what was tried and left out.",
        default=False,
    ),
    "as_json": option(
        "Printing",
        bool,
        "--json",
        help="Print the summary as JSON on standard output, and nothing else but errors.",
        default=False,
    ),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """What is printed beside errors."""

    notes: bool  # notes, progress and the summary, on standard error
    everything: bool  # every column of the summary, and what was left out
    as_json: bool  # the summary as JSON, on standard output

    @classmethod
    def of(cls, given: Given) -> Self:
        """From the options; an `InputError` for options that contradict each other."""
        flags = {"--quiet": given["quiet"], "--verbose": given["verbose"], "--json": given["as_json"]}
        chosen = [flag for flag, is_given in flags.items() if is_given]
        if len(chosen) > 1:
            raise InputError(f"{' and '.join(chosen)} ask for different outputs: leave out all but one.")
        return cls(not (given["quiet"] or given["as_json"]), given["verbose"], given["as_json"])

    @property
    def quiet(self) -> bool:
        """Whether only errors go to standard error."""
        return not self.notes


NOTHING: Final = Shown(notes=False, everything=False, as_json=False)


def print_json(value: object) -> None:
    """Print JSON values on standard output."""
    print(json.dumps(value, indent=1))

"""How a command ends that cannot do its work: one message on stderr, an exit code, and with --debug the traceback."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from latentfill.cli.processes import name_of_process
from latentfill.core.errors import LatentFillError
from latentfill.core.messages import printable

DEBUG = "--debug"
REFUSED = 2  # exit code for what the user can solve, as for an unknown option
FAULT = 70  # exit code for a fault of the program; EX_SOFTWARE of sysexits.h
NO_MEMORY = "The work does not fit in memory. `latentfill plan` says how much it needs, and how to need less."


def without_debug(arguments: Sequence[str]) -> tuple[list[str], bool]:
    """The arguments of a command line without --debug, which may stand anywhere before `--`; and whether it did."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    options = [each for each in arguments[:end] if each != DEBUG]
    return [*options, *arguments[end:]], len(options) < end


@contextmanager
def failures_told(*, debug: bool) -> Iterator[None]:
    """End the program with one message if the block raises an error."""
    try:
        yield
    except LatentFillError as error:
        _end(f"error: {error}", REFUSED, debug=debug)
    except MemoryError:
        _end(f"error: {NO_MEMORY}", REFUSED, debug=debug)
    except OSError as error:
        _end(f"error: {printable(_of_system(error))}", REFUSED, debug=debug)
    except Exception as error:
        _end(f"error: {_fault(error)}", FAULT, debug=debug)


def _of_system(error: OSError) -> str:
    """The message about what the system refuses, such as a path that is too long, or a full disk."""
    where = f"{error.filename} cannot be used: " if error.filename else "the system refuses the work: "
    return f"{where}{error.strerror or error}. Check the path, its permissions and the space that is left."


def _fault(error: Exception) -> str:
    """The message about an exception that nobody foresaw."""
    return printable(
        f"This is a fault of latentfill: {type(error).__name__}: {error}. Run again with {DEBUG} for details and "
        "report it."
    )


def _end(message: str, code: int, *, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    print(f"{name_of_process()}{message}", file=sys.stderr)
    sys.exit(code)

"""What becomes of an input that somebody gives: it is used, or refused with a message; anything else is a crash."""

from __future__ import annotations

import io
import logging
import os
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from hypothesis.strategies import SearchStrategy

from latentfill.core.errors import LatentFillError
from latentfill.core.messages import LONGEST

USED, REFUSED = "used", "refused"
SEEDS = Path(__file__).parent / "seeds"
COMMANDS_TO_THE_TERMINAL = frozenset("\x1b\x07\x00\r\x9b")

logging.getLogger("latentfill").addHandler(logging.NullHandler())  # so that Python prints no log


@dataclass(frozen=True)
class Target:
    """A place where inputs arrive."""

    name: str  # also of the folder of its seeds
    outcome: Callable[[bytes], str]  # `USED` or `REFUSED`; whatever else happens is raised
    inputs: SearchStrategy[bytes]

    @property
    def seeds(self) -> list[bytes]:
        """Inputs to begin with."""
        return [path.read_bytes() for path in sorted((SEEDS / self.name).glob("*"))]


def outcome_of(work: Callable[[], object]) -> str:
    """Whether the work is done or refused, with a message that fits the screen; warnings and output are lost."""
    try:
        with warnings.catch_warnings(), redirect_stdout(_console()), redirect_stderr(_console()):
            warnings.simplefilter("ignore")
            work()
    except LatentFillError as error:
        check_message(str(error))
        return REFUSED
    return USED


def check_message(message: str) -> None:
    """Raise an error for a message without an end, or with characters that command the terminal."""
    assert 0 < len(message) < 2 * LONGEST, f"a message of {len(message)} characters"
    assert not COMMANDS_TO_THE_TERMINAL & set(message), f"a control character in {message!r}"


def _console() -> io.TextIOWrapper:
    """A place for output that also takes bytes, as the standard output does."""
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace")


@contextmanager
def folder_with(**files: bytes) -> Iterator[Path]:
    """A new folder with these files, whose names have `__` for a dot; it is the current one inside the block."""
    before = Path.cwd()
    with tempfile.TemporaryDirectory(prefix="latentfill-fuzzing-") as name:
        for file, content in files.items():
            (Path(name) / file.replace("__", ".")).write_bytes(content)
        os.chdir(name)
        try:
            yield Path(name)
        finally:
            os.chdir(before)


def run_command(arguments: list[str]) -> None:
    """Run a command line; what it refuses by itself, such as an unknown option, is a `LatentFillError` too."""
    from latentfill.cli.failures import without_debug
    from latentfill.cli.main import app

    try:
        app(without_debug(arguments)[0])
    except SystemExit as end:
        code = end.code
    else:
        return
    assert code in (0, 1, 2, None), f"exit code {code}"
    if code:
        raise LatentFillError("refused by the command line")


def fill_file(name: str, **settings: object) -> None:
    """Read a table of the current folder, fill it as quickly as possible, and write it."""
    from latentfill.imputation.imputer import Imputer

    imputer = Imputer(**{"strategy": "linear", **settings})
    table = imputer.read(name)
    filled = imputer.fit(table).fill(table)
    filled.write("filled.csv")
    filled.to_frame()

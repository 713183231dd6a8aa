"""Outputs that cannot be written: an error that says why, and another place that keeps the work."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from latentfill.core.errors import InputError, UnwritableError


@contextmanager
def refusing_unwritable(path: Path) -> Iterator[None]:
    """Turn an `OSError` in the block into an `UnwritableError` that says why `path` cannot be written."""
    try:
        yield
    except OSError as error:  # such as a full disk, or a name that is too long
        raise UnwritableError(
            f"{path} cannot be written: {error.strerror or error}. Choose a folder that you may write to."
        ) from error


def _places() -> Iterator[str]:
    with suppress(OSError):  # no temporary directory can be written to
        yield tempfile.gettempdir()
    yield os.path.expanduser("~")


def keep_elsewhere(write: Callable[[Path], None], what: str = "What was made is complete and") -> str:
    """Let `write` write into a new folder of the temporary directory, or of the home; a sentence that says where."""
    reasons = []
    for place in _places():
        try:
            folder = Path(tempfile.mkdtemp(prefix="latentfill-", dir=place))
        except OSError as error:
            reasons.append(f"{place}: {error.strerror or error}")
            continue
        try:
            write(folder)
        except (OSError, InputError) as error:
            shutil.rmtree(folder, ignore_errors=True)
            reasons.append(f"{place}: {error}")
        else:
            return f"{what} is kept in {folder}: move it where you want it."
    return f"What was made could not be kept elsewhere either ({'; '.join(reasons)})."

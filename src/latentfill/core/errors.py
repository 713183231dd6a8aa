"""Exceptions for everything that a user can cause; each message says what is wrong and how to solve it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

from latentfill.core.spelling import in_python


class LatentFillError(Exception):
    """Base of all errors that latentfill raises on purpose.

    Where the message names flags, a traceback also shows how they are written in Python.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        if keywords := in_python(" ".join(map(str, args))):
            self.add_note(keywords)


class InputError(LatentFillError, ValueError):
    """A file, table or setting that cannot be used as it is."""


class MemoryLimitError(InputError):
    """A file that needs more memory than the limit to be read."""


class UntrustedCodeError(InputError):
    """A file or module whose code would be run, and that was not said to be trusted."""


class UnwritableError(InputError):
    """An output that cannot be written, such as on a full disk."""


class UnknownColumnError(InputError):
    """A named column that is not in the table."""


class RepeatedTimeError(InputError):
    """A time stamp that occurs in several rows of a series."""


class EmbeddingMismatchError(InputError):
    """Stored embeddings that do not belong to the windows they are paired with."""


class OracleEmbeddingError(EmbeddingMismatchError):
    """Embeddings that may have been computed from the cells to be scored."""


class NotFittedError(LatentFillError):
    """An imputer or strategy that is used before it is fitted."""


class ModelFormatError(LatentFillError):
    """A model folder that is incomplete, from another format, or inconsistent."""


def did_you_mean(kind: str, name: str, known: Iterable[str]) -> str:
    """Message about an unknown name, with the most similar known names (ignoring case) and all known names."""
    known = list(known)
    folded = {candidate.casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    likely = [folded[close[0]]] if close else [candidate for candidate in known if candidate.endswith(f"_{name}")]
    hint = f": did you mean {' or '.join(map(repr, likely))}?" if likely else ""
    return f"unknown {kind} {name!r}{hint} (known: {', '.join(known)})"

"""Everything a user can cause ends in one of these; each message says what was wrong and the way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class LatentFillError(Exception):
    """Base of all errors that latentfill raises on purpose."""


class InputError(LatentFillError, ValueError):
    """A file, table or setting that cannot be used as it is."""


class UnknownColumnError(InputError):
    """A column that was named and is not in the table."""


class EmbeddingMismatchError(InputError):
    """Stored embeddings that do not belong to the windows they are paired with."""


class OracleEmbeddingError(EmbeddingMismatchError):
    """Embeddings that may have seen the cells that are to be scored."""


class NotFittedError(LatentFillError):
    """Something was asked to fill before it was fitted."""


class ModelFormatError(LatentFillError):
    """A model folder that is incomplete, from another format, or inconsistent."""


def did_you_mean(kind: str, name: str, known: Iterable[str]) -> str:
    """Words for an unknown name: the closest known one in any case, if there is one, and all of them."""
    known = list(known)
    folded = {one.casefold(): one for one in known}
    close = difflib.get_close_matches(name.casefold(), folded, n=1)
    hint = f"did you mean {folded[close[0]]!r}? " if close else ""
    return f"unknown {kind} {name!r}: {hint}(known: {', '.join(known)})"

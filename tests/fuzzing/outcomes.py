"""What may come of a damaged file: it works with finite results, or is refused by an error of this package."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

from latentfill.core.errors import LatentFillError

Outcome = Literal["works", "refused"]


def outcome_of(use: Callable[[], object]) -> Outcome:
    """Whether `use` works or is refused; any other exception is raised, as it is a fault."""
    try:
        with _without_warnings():
            use()
    except LatentFillError:
        return "refused"
    return "works"


@contextmanager
def _without_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield

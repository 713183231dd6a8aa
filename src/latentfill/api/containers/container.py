"""`Container`: a kind of data that is no table. It says what is its own, what to read of it, and makes it anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from latentfill.core.libraries import library_of
from latentfill.tables.options import TableOptions


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """What is read of some data, and the way back into their kind."""

    content: object  # a frame, a path, an array (T, C) or (N, L, C), or `Splits` of such arrays
    options: TableOptions  # how the content is read
    back: Callable[[Any], Any] = lambda filled: filled  # makes the kind of the data from the filled content
    takes_rows: bool = True  # whether rows that the grid lacks can be added
    takes_columns: bool = True  # whether columns of interval bounds can be added
    has_names: bool = True  # whether the data name their columns

    def then(self, inner: Opened) -> Opened:
        """The same data, whose content was opened in turn."""
        return Opened(
            inner.content,
            inner.options,
            lambda filled: self.back(inner.back(filled)),
            self.takes_rows and inner.takes_rows,
            self.takes_columns and inner.takes_columns,
            self.has_names and inner.has_names,
        )


class Container(Protocol):
    """A kind of data. Its library is never imported: an object of it comes with it."""

    def is_mine(self, data: object) -> bool:
        """Whether the data are of this kind."""

    def open(self, data: Any, options: TableOptions) -> Opened:
        """What is read of the data, and the way back; an `InputError` for data that cannot be read."""


def is_mapping(data: object) -> bool:
    """Whether data are a mapping of names to arrays, and no object of a library that happens to be a mapping too."""
    return isinstance(data, Mapping) and library_of(type(data)) not in ("h5py", "scipy", "xarray")


def filling_all(options: TableOptions, names: Sequence[str]) -> TableOptions:
    """The options with all columns to be filled, unless they say otherwise, also those that look like counters."""
    left = {*options.leave, *options.by, *(options.time or ())}
    return replace(options, columns=options.columns or tuple(name for name in names if name not in left))


def counting_steps(options: TableOptions) -> TableOptions:
    """The options for data without time stamps, whose steps are equally long."""
    return replace(options, time=())


def free_name(name: str, taken: Sequence[str]) -> str:
    """The name, with as many underscores behind it as make it differ from those taken."""
    while name in taken:
        name += "_"
    return name

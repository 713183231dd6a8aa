"""What `latentfill.Imputer.fill` returns: a filled table that also shows itself."""

from __future__ import annotations

from dataclasses import fields
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Self

from latentfill.imputation import imputation as base

if TYPE_CHECKING:
    import altair


class Imputation(base.Imputation):
    """A filled table.

    Its parts are frames of the kind that was given (a pyarrow table if a file was read), with the same rows and index.
    """

    __slots__ = ()

    @classmethod
    def of(cls, result: base.Imputation) -> Self:
        """The same filled table."""
        return cls(*(getattr(result, each.name) for each in fields(base.Imputation)))

    def plot(self, column: str | None = None) -> altair.TopLevelMixin:
        """A figure: the map of the missing cells, or one column over time.

        Parameters
        ----------
        column
            Name of the column to show with its readings, filled values and intervals; the map if not given.

        Returns
        -------
        An altair chart, see `latentfill.plots` for more of them. Raises an `InputError` without the extra ``report``.
        """
        from latentfill import plots

        return plots.missingness(self) if column is None else plots.filled_series(self, column)

    def report(self, path: str | PathLike[str]) -> None:
        """Write a page of HTML: a verdict, what was missing, how far to trust the fills, and an explorer of all gaps.

        Parameters
        ----------
        path
            File for the page, which needs no network. If it was filled with ``compare=True``, it also shows what each
            strategy alone would have filled.

        Raises
        ------
        InputError
            Without the extra ``report``, or if the file cannot be written.
        """
        from latentfill.core.files import write_bytes
        from latentfill.core.output_paths import check_file_path
        from latentfill.report.imputation_page import imputation_page

        check_file_path(Path(path))
        write_bytes(path, imputation_page(self))

"""The covariates of each series of a stacked table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, name_columns
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.imputer import Imputer
from latentfill.tables.covariates import OtherTable, read_others
from latentfill.tables.groups import Group, GroupedTable


@dataclass(slots=True, eq=False)
class StackedImputers:
    """An imputer for each series, with the covariates that it can use."""

    by_number: dict[int, Imputer] = field(default_factory=dict)  # by number of the group, of those that were read
    lacking: dict[str, list[str]] = field(default_factory=dict)  # series without rows, by name of the covariates
    problems: dict[str, str] = field(default_factory=dict)  # why a series cannot use its covariates, by its name

    @classmethod
    def of(cls, imputer: Imputer, table: GroupedTable) -> StackedImputers:
        """Imputers with the settings of `imputer`.

        A table of covariates that has all columns `by` gives each series its own rows, any other all rows to every
        series. Raises an `InputError` if no series can use its covariates.
        """
        others = [(other, other.by_series(imputer.options.by)) for other in read_others(imputer.covariates)]
        imputers = cls()
        for number, group in enumerate(table.groups):
            if group.table is not None:
                imputers.by_number[number] = imputers._of_series(imputer, group, others)
        if imputers.problems and len(imputers.problems) == len(imputers.by_number):
            raise InputError(next(iter(imputers.problems.values())))
        return imputers

    def _of_series(
        self,
        imputer: Imputer,
        group: Group,
        others: list[tuple[OtherTable, dict[tuple[str, ...], OtherTable] | None]],
    ) -> Imputer:
        covariates = []
        for other, parts in others:
            own = other if parts is None else parts.get(group.labels)
            if own is None:
                self.lacking.setdefault(other.name, []).append(group.name)
            else:
                covariates.append(own)
        settings: dict[str, Any] = {"progress": imputer.progress, **imputer.options_of_one_series()}
        with_covariates = Imputer(imputer.config, covariates=covariates, **settings)
        try:
            assert group.table is not None
            with_covariates.align(group.table)
        except InputError as error:
            self.problems[group.name] = str(error)
            return Imputer(imputer.config, **settings)
        return with_covariates

    def notes(self, filled: Mapping[int, Imputation]) -> Iterator[str]:
        """Notes about series that are filled without covariates, and about what covariates bring."""
        for name, series in self.lacking.items():
            yield f"{name} has no rows of the series {name_columns(series)}, filled without it."
        for series_name, problem in list(self.problems.items())[:SHOWN]:
            yield f"{series_name} is filled without covariates: {problem}"
        gains = [each.summary["covariates"] for each in filled.values() if "covariates" in each.summary]
        if gains:
            used = sum(isinstance(gain, Mapping) and bool(gain["used"]) for gain in gains)
            yield f"The covariates lower the error on held-out cells in {used} of {len(filled)} series."

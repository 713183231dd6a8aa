"""The covariates of each series of a stacked table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from latentfill.core.errors import InputError
from latentfill.core.messages import SHOWN, name_columns, quoted
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.imputer import Imputer
from latentfill.tables.covariates import OtherTable, read_others
from latentfill.tables.groups import Group, GroupedTable


@dataclass(slots=True, eq=False)
class StackedImputers:
    """An imputer for each series, with the covariates that it can use."""

    imputer: Imputer
    covariates: dict[int, list[OtherTable]] = field(default_factory=dict)  # by number of the group
    lacking: dict[str, list[str]] = field(default_factory=dict)  # series without rows, by name of the covariates
    problems: dict[str, str] = field(default_factory=dict)  # why a series cannot use its covariates, by its name

    @classmethod
    def of(cls, imputer: Imputer, table: GroupedTable) -> StackedImputers:
        """Imputers with the settings of `imputer`.

        A table of covariates that has all columns `by` gives each series its own rows, any other all rows to every
        series. Raises an `InputError` if no series can use its covariates.
        """
        others = [(other, other.by_series(imputer.options.by)) for other in read_others(imputer.covariates)]
        imputers = cls(imputer)
        read = [number for number, group in enumerate(table.groups) if group.table is not None]
        for number in read if others else ():
            imputers._find_covariates(number, table.groups[number], others)
        if imputers.problems and len(imputers.problems) == len(read):
            raise InputError(next(iter(imputers.problems.values())))
        for name, series in imputers.lacking.items():
            if len(series) == len(read):
                raise InputError(
                    f"{name} (--with) has rows of none of the series, such as {quoted(series[0])}: its columns "
                    f"{name_columns(imputer.options.by)} have other labels. Write them alike, or remove these columns, "
                    "so that its rows are matched by time alone."
                )
        return imputers

    def of_series(self, number: int) -> Imputer:
        """The imputer of the group with this number."""
        return self.imputer.of_one_series(self.covariates.get(number, ()))

    def _find_covariates(
        self, number: int, group: Group, others: list[tuple[OtherTable, dict[tuple[str, ...], OtherTable] | None]]
    ) -> None:
        """Set the covariates of a series, or why it can use none."""
        covariates = []
        for other, parts in others:
            own = other if parts is None else parts.get(group.labels)
            if own is None:
                self.lacking.setdefault(other.name, []).append(group.name)
            else:
                covariates.append(own)
        try:
            assert group.table is not None
            self.imputer.of_one_series(covariates).align(group.table)
        except InputError as error:
            self.problems[group.name] = str(error)
        else:
            self.covariates[number] = covariates

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

"""The entry point for programs: fit a model to a table, fill tables with it, save and load it."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import asdict, replace
from typing import Any, Self, cast

from numpy.typing import ArrayLike

from latentfill.core.column_order import column_order, in_order
from latentfill.core.config import Config
from latentfill.core.errors import EmbeddingMismatchError, InputError, NotFittedError, UnknownColumnError
from latentfill.core.messages import quoted
from latentfill.core.series import Series
from latentfill.core.stages import tell_stage
from latentfill.embeddings.protocols.record import Pairing
from latentfill.embeddings.stored.arrays import IN_MEMORY, divide_embeddings
from latentfill.embeddings.stored.digests import vectors_digest
from latentfill.embeddings.stored.split_windows import train_rows
from latentfill.imputation.causal.fill import PastModels
from latentfill.imputation.causal.refusals import refuse_looking_ahead
from latentfill.imputation.causal.summary import summarise_past
from latentfill.imputation.decisions import Decisions, refuse
from latentfill.imputation.doubt.find import find_doubt
from latentfill.imputation.doubt.readings import DoubtfulReadings
from latentfill.imputation.doubt.trusted import without
from latentfill.imputation.filling.explain import explain_series
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.best_fit import fit_best, refuse_beside_covariates
from latentfill.imputation.fitting.fit import FitInputs
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.fitting.with_covariates import with_covariates
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.planning.plan import file_bytes, refuse_large_file, refuse_too_large
from latentfill.imputation.saving.model_weights import model_id
from latentfill.imputation.saving.past_weights import past_id
from latentfill.imputation.summary.summary import summarise
from latentfill.imputation.user_settings import changes_to_fitted, divide_settings
from latentfill.nn.progress import ProgressCallback
from latentfill.strategies.candidates import needs_encoder
from latentfill.tables.backends.native import NativeFrame
from latentfill.tables.backends.table_files import write_columns
from latentfill.tables.covariates import Covariates, align_covariates, listed, read_others, refuse_itself
from latentfill.tables.groups import GroupedTable, read_groups
from latentfill.tables.options import AUTO, NONE, TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.table import Table

log = logging.getLogger(__name__)


class Imputer:
    """Fits, fills, saves and loads; see `latentfill.Imputer`, which adds the interface of scikit-learn to it."""

    _not_fitted: type[NotFittedError] = NotFittedError  # what is raised without a model

    def __init__(
        self,
        config: Config | None = None,
        *,
        progress: ProgressCallback | None = None,
        covariates: object = None,
        starts: ArrayLike | None = None,
        **settings: Any,
    ) -> None:
        self._arrays, settings = divide_embeddings(settings, starts)
        self.config, self._options = divide_settings(config, settings)
        self._refuse_pivot_with_stored()
        self.progress = progress
        self.covariates = listed(covariates)
        self._paired: tuple[Table, Pairing] | None = None  # fitted table, its stored embeddings
        self._aligned: tuple[Table, Covariates | None] | None = None  # table to fit, all covariates at its steps

    @property
    def options(self) -> TableOptions:
        """How to read tables, as the user says."""
        return self._options

    def _refuse_pivot_with_stored(self) -> None:
        if self.options.pivot and self._uses_row_numbers:
            raise InputError(
                "stored embeddings and splits refer to rows of a wide table, and pivot is for a long one: leave out "
                "pivot (--pivot), or the embeddings and the split."
            )

    def fit(self, data: object) -> Self:
        """Fit a model to a pandas, polars or pyarrow frame, the path of a file, or a `Table`; returns itself."""
        table = self.read(data, fresh=True)
        refuse_too_large(table, self.config)
        tell_stage("looking for doubtful readings and kinds of columns")
        self._forget()
        if self.config.causal:
            return self._fit_to_past(table)
        config, series = self.config, table.series
        if "neighbours" in config.strategies:
            from latentfill.strategies.neighbours.search.indexed import check_search  # here, because it imports torch

            check_search(config.neighbours)
        if self.covariates:
            refuse_beside_covariates(config)
        covariates = self.align(table, fresh=True)
        if config.stored.embeddings and not needs_encoder(config.strategies):
            raise InputError(
                f"strategy {quoted(config.strategy)} does not use embeddings. Leave out the stored embeddings, or "
                "choose a "
                "strategy that uses them: denoise, neighbours, latent or auto."
            )
        paired = self._pair(table) if config.stored.embeddings else Pairing(config.stored.plan)
        config = config.with_plan(paired.plan)
        inputs = FitInputs(
            embeddings=paired.splits,
            donor_table=self._donor_table(table),
            covariates=covariates,
            train_rows=train_rows(paired.plan, series.n_steps),
            progress=self.progress,
        )
        self.fitted_: Fitted = fit_best(series, config, inputs)
        self._paired = (table, paired)
        self.model_id_ = model_id(self.fitted_)
        self.digests_ = {split: vectors_digest(stored) for split, stored in paired.splits.items()}
        return self

    def _forget(self) -> None:
        """Drop the model of an earlier fit."""
        for name in ("fitted_", "past_"):
            self.__dict__.pop(name, None)

    def transform(self, data: object) -> NativeFrame:
        """The data with its gaps filled, as the same kind of frame; a path gives a pyarrow table."""
        return self.fill(data).to_frame()

    def fit_transform(self, data: object) -> NativeFrame:
        """`fit` and `transform` in one."""
        table = self.read(data, fresh=True)
        return self.fit(table).transform(table)

    def fill(self, data: object, *, decisions: Decisions | None = None, compare: bool = False) -> Imputation:
        """Fill the data; it must have the columns that the model was fitted on, in any order.

        A model that was fitted with covariates needs tables that have them: those of `covariates`. Fills that the
        `decisions` refuse are left empty. With `compare`, the result also has what each candidate alone would have
        filled, which a causal model does not tell.
        """
        if hasattr(self, "past_"):
            return self._fill_from_past(self.read(data), decisions)
        fitted = self._check_fitted()
        read = self.read(data)
        covariates = self.align(read)
        ordered = with_covariates(in_order(read.series, fitted.columns), covariates, fitted.covariates)
        doubt = find_doubt(ordered)
        of_read = doubt.in_columns(column_order(read.series.columns, fitted.columns))
        doubtful = DoubtfulReadings.of(read, fitted.config.output.blank_doubtful, of_read)
        table = doubtful.blanked
        if doubtful.replaced.any():
            ordered = with_covariates(in_order(table.series, fitted.columns), covariates, fitted.covariates)
        check_stamps(table.series.time is not None, stamped=fitted.stamped)
        began = time.monotonic()
        tell_stage("filling")
        paired = self._stored_embeddings(read)
        filled = fill_series(fitted, ordered, paired.splits, without(ordered, doubt.wrong), compare=compare)
        filled = filled.in_order(table.series.columns, fitted.columns)
        filled = filled.keeping(table.suspected, table.as_read).replacing(doubtful.replaced)
        filled, refused = refuse(filled, table, decisions)
        seconds = round(time.monotonic() - began, 2)
        summary = doubtful.added_to(summarise(fitted, table, self.options, filled, paired, covariates))
        summary = refused.added_to(summary)
        return Imputation(table, filled, summary | {"model": self.model_id_, "fill_seconds": seconds}, doubtful)

    def _fit_to_past(self, table: Table) -> Self:
        """Learn from growing histories of the table, so that it can be filled from the past alone."""
        refuse_looking_ahead(self.config, with_covariates=bool(self.covariates))
        self.past_ = PastModels.fit(table.series, self.config)
        self._paired = (table, Pairing(self.config.stored.plan))
        self.model_id_ = past_id(self.past_.last) if self.past_.models else "none"
        return self

    def _fill_from_past(self, table: Table, decisions: Decisions | None) -> Imputation:
        """Fill a table from the past alone; a table other than the fitted one by what was learnt from all of that."""
        began, series = time.monotonic(), in_order(table.series, self.past_.columns)
        check_stamps(table.series.time is not None, stamped=self.past_.stamped)
        is_own = self._paired is not None and self._paired[0] is table
        filled = self.past_.fill_own(series) if is_own else self.past_.fill_other(series)
        filled = filled.in_order(table.series.columns, self.past_.columns).keeping(table.suspected, table.as_read)
        filled, refused = refuse(filled, table, decisions)
        summary = refused.added_to(summarise_past(self.past_, table, self.options, filled))
        seconds = round(time.monotonic() - began, 2)
        return Imputation(table, filled, summary | {"model": self.model_id_, "fill_seconds": seconds})

    def check_explains(self) -> None:
        """Raise an `InputError` unless a wide table is filled with the strategy `neighbours`, which has neighbours."""
        if self.options.pivot:
            raise InputError("explanations name rows of a wide table: leave out pivot (--pivot), or --explain.")
        if "neighbours" not in self.config.strategies:
            raise InputError(
                "only the strategy neighbours can explain its estimates. Choose it (--strategy neighbours), or add it "
                "to the candidates of auto (--candidates linear,kriging,denoise,neighbours)."
            )

    def explain(self, data: object, path: str | os.PathLike[str]) -> None:
        """Write a CSV or Parquet file with the neighbours that each missing cell is filled from.

        `explain_series` describes its columns. Raises an `InputError` unless the strategy `neighbours` is used.
        """
        self.check_explains()
        fitted = self._check_fitted()
        table = self.read(data)
        ordered = with_covariates(in_order(table.series, fitted.columns), self.align(table), fitted.covariates)
        write_columns(explain_series(fitted, ordered), path)

    def read(self, data: object, *, fresh: bool = False) -> Table:
        """Read `data` as a table and log its notes; a fitted imputer reads only its columns, unless `fresh` is set."""
        if isinstance(data, Table):
            return data
        table = self._read(data, self._reading_options(), fresh=fresh)
        for note in table.notes:
            log.info("%s", note)
        return table

    def read_groups(self, data: object) -> GroupedTable:
        """Read `data` as a table that stacks several series, which the setting `by` tells apart."""
        refuse_itself(data, self.covariates)
        refuse_large_file(file_bytes(data), self.config, data)
        return read_groups(data, self.options)

    def _read(self, data: object, options: TableOptions, *, fresh: bool) -> Table:
        if options.by:
            raise InputError(
                f"by={options.by} splits the table into several series, and an Imputer fits and fills one. Use "
                "latentfill.impute(data, by=...), or fit an Imputer to each."
            )
        refuse_itself(data, self.covariates)
        refuse_large_file(file_bytes(data), self.config, data)
        fitted = self._fitted
        if fitted is None or fresh:
            return read_table(data, options)
        with self.reading_columns_of_model():
            table = read_table(data, replace(options, columns=fitted.columns, leave=()))
            return table.with_known_labels(fitted.labels)

    @contextmanager
    def reading_columns_of_model(self) -> Iterator[None]:
        """A block that reads the columns of the fitted model; the error for a table without them tells of the model."""
        try:
            yield
        except UnknownColumnError as error:
            raise InputError(
                f"The table lacks columns that the model was fitted with: {error} Fill a table that has them, or fit "
                "a model on tables like this one."
            ) from error

    def adopt(self, fitted: Fitted) -> None:
        """Take over a model that was fitted to a part of a table."""
        self._forget()
        self.fitted_ = fitted
        self.model_id_, self.digests_ = model_id(fitted), {}

    def _reading_options(self) -> TableOptions:
        """How to read tables.

        Stored embeddings and splits refer to row numbers, so with them no row may be added. From the past alone, no
        value is taken for a marker of a missing one because of later values.
        """
        if self.config.causal and AUTO not in self.options.missing:
            return replace(self.options, missing=(*self.options.missing, NONE))
        if not self._uses_row_numbers:
            return self.options
        if self.options.grid:
            raise InputError(
                "stored embeddings and splits refer to row numbers of the file, so no row can be added: leave out grid "
                "(--grid), or the embeddings and the split."
            )
        return replace(self.options, regular=False)

    @property
    def _uses_row_numbers(self) -> bool:
        """Whether settings refer to row numbers of the table."""
        return bool(self.config.stored.embeddings) or self.config.stored.plan.split != "none"

    def of_one_series(self, covariates: Sequence[object] = ()) -> Imputer:
        """An imputer that is not fitted, with the same settings, for one series of a stacked table."""
        imputer = Imputer(self.config, progress=self.progress, covariates=list(covariates))
        imputer._options = replace(self.options, by=())
        return imputer

    def with_options(self, options: TableOptions) -> Self:
        """The same imputer, which reads tables with other options."""
        imputer = copy(self)
        imputer._options = options
        return imputer

    def of_part(self) -> Imputer:
        """An imputer that is not fitted, with the same settings, for a process that fills a part of the series."""
        imputer = Imputer(self.config)
        imputer._options = self.options
        return imputer

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a folder; see `latentfill.imputation.saving.model_folder`."""
        from latentfill.imputation.saving.model_folder import save_model  # here, because it imports torch
        from latentfill.imputation.saving.past_folder import save_past

        options = {name: value for name, value in asdict(self.options).items() if name != "regular"}
        if hasattr(self, "past_"):
            save_past(self.past_, path, options)
            return
        fitted = self._check_fitted()
        save_model(fitted, path, {"table": options, "embedding_digests": self.digests_})

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str],
        *,
        progress: ProgressCallback | None = None,
        covariates: object = None,
        starts: ArrayLike | None = None,
        **settings: Any,
    ) -> Self:
        """A fitted imputer from a model folder.

        `settings` may change only what the fit does not depend on: how to read a table, the output (such as `intervals`
        and `max_gap`), `embeddings` and `device`. Raises an `InputError` for any other setting. A model that was fitted
        with `covariates` needs them again.
        """
        from latentfill.imputation.saving.model_folder import load_model  # here, because it imports torch
        from latentfill.imputation.saving.past_folder import is_past

        arrays, settings = divide_embeddings(settings, starts)
        method, reading = changes_to_fitted(settings)
        if is_past(path):
            return cls._load_past(path, method, reading, covariates)
        fitted, extra = load_model(path, cast(str | None, method.get("device")))
        of_model = {name: value for name, value in method.items() if name not in ("embeddings", "seed")}
        fitted = replace(fitted, config=fitted.config.replace(**of_model))
        config = fitted.config.replace(**method)
        imputer = cls(config, progress=progress, covariates=covariates, **{**extra["table"], **reading})
        imputer.fitted_ = fitted
        imputer.model_id_ = model_id(fitted)
        imputer.digests_ = extra["embedding_digests"]
        imputer._arrays = arrays
        return imputer

    @classmethod
    def _load_past(
        cls, path: str | os.PathLike[str], method: Mapping[str, object], reading: Mapping[str, Any], covariates: object
    ) -> Self:
        """An imputer with a saved model that fills from the past alone."""
        from latentfill.imputation.saving.past_folder import load_past  # here, because it imports torch

        past, table = load_past(path)
        imputer = cls(past.config.replace(**method), covariates=covariates, **{**table, **reading})
        refuse_looking_ahead(imputer.config, with_covariates=bool(imputer.covariates))
        imputer.past_ = replace(past, config=imputer.config.replace(seed=past.config.seed))
        imputer.model_id_ = past_id(past.last)
        return imputer

    def align(self, table: Table, *, fresh: bool = False) -> Covariates | None:
        """The covariates at the steps of a table, for a fitted imputer those of its model, unless `fresh` is set.

        None if there are none, or if the model does not use them. Raises an `InputError` for covariates that cannot be
        used.
        """
        if self._aligned is not None and self._aligned[0] is table:
            return self._aligned[1]
        if fresh or not hasattr(self, "fitted_"):
            self._aligned = (table, self._align(table))
            return self._aligned[1]
        gain = self.fitted_.gain
        if self.covariates and gain is None:
            raise InputError(
                "the model was fitted without covariates: leave them out (--with, covariates=), or fit again with them."
            )
        return self._align(table, gain.columns) if gain is not None and gain.used else None

    def _align(self, table: Table, wanted: Sequence[str] = ()) -> Covariates | None:
        """The covariates at the steps of a table, or all but the `wanted` ones; None if none are given."""
        if not self.covariates:
            return None
        return align_covariates(read_others(self.covariates), table.series, self.options.timezone, wanted)

    def _donor_table(self, table: Table) -> Series | None:
        """The series of the donor table, read with the options of `table`; None without a donor table."""
        if self.config.neighbours.donor_table is None:
            return None
        columns = table.series.columns
        donor = read_table(self.config.neighbours.donor_table, replace(self.options, columns=columns, leave=())).series
        if (donor.time is None) != (table.series.time is None):
            raise InputError(
                f"the donor table {self.config.neighbours.donor_table} and the table must both have time stamps, or "
                "neither."
            )
        return in_order(donor, columns)

    def _stored_embeddings(self, table: Table) -> Pairing:
        """The stored embeddings to fill from.

        Raises an `EmbeddingMismatchError` if they differ from those that the model was fitted with.
        """
        if not self.config.stored.embeddings or not self.digests_:
            return Pairing(self.config.stored.plan)
        if self._paired and self._paired[0] is table:
            return self._paired[1]
        paired = self._pair(table)
        different = [
            split
            for split, digest in self.digests_.items()
            if split not in paired.splits or vectors_digest(paired.splits[split]) != digest
        ]
        if different:
            raise EmbeddingMismatchError(
                f"the embeddings at {self.config.stored.embeddings} differ from those that the model was "
                f"fitted with (split {', '.join(different)}). They need not share a space: fit again with these "
                "embeddings, or fill without embeddings (--embeddings none)."
            )
        return paired

    def _pair(self, table: Table) -> Pairing:
        """The stored embeddings of the settings with the windows of a table."""
        from latentfill.embeddings.pairing import pair_embeddings, pair_stored  # here, because they import SciPy

        if self._arrays is not None:
            return pair_stored(self._arrays, table.series, self.config.stored)
        if self.config.stored.embeddings == IN_MEMORY:
            raise InputError("the model was fitted on embeddings in memory: give them again (embeddings=array).")
        return pair_embeddings(self.config, table.series, table.name)

    @property
    def _fitted(self) -> Fitted | PastModels | None:
        """The fitted model; None if there is none."""
        fitted: Fitted | PastModels | None = getattr(self, "past_", None) or getattr(self, "fitted_", None)
        return fitted

    def _check_fitted(self) -> Fitted:
        """The fitted model; raises a `NotFittedError` if there is none."""
        if not hasattr(self, "fitted_"):
            raise self._not_fitted("this Imputer has not been fitted: call fit(data) first, or Imputer.load(path).")
        return self.fitted_


def check_stamps(has_stamps: bool, *, stamped: bool) -> None:
    """Raise an `InputError` for a table with time stamps if the model was fitted without any, and the other way."""
    if has_stamps != stamped:
        raise InputError(
            f"the model was fitted {'with' if stamped else 'without'} time stamps and the table has "
            f"{'none' if stamped else 'some'}; name its time column, or fit again."
        )


def model_for_many(imputer: Imputer) -> Fitted:
    """The model of a fitted imputer, if it can fill many series; else an `InputError` says why not."""
    if hasattr(imputer, "past_"):
        raise InputError("a causal model fills one series at a time: fit a model without --causal.")
    fitted = imputer._check_fitted()
    if fitted.stored or imputer.config.stored.embeddings:
        raise InputError("stored embeddings belong to one series: fill many with a model that was fitted without them.")
    if fitted.covariates or imputer.covariates:
        raise InputError("covariates are aligned to one series: fill many with a model that was fitted without them.")
    return fitted

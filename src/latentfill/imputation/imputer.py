"""Fit on a table, fill a table: one call per stage, in order."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import EmbeddingMismatchError, InputError, NotFittedError, UnknownColumnError, did_you_mean
from latentfill.core.series import FloatArray, Series
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.digests import vectors_digest
from latentfill.embeddings.stored.pairing import adopt_split_plan, pair_embeddings
from latentfill.embeddings.stored.split_windows import train_rows
from latentfill.imputation.fill import explain_series, fill_series
from latentfill.imputation.fit import Fitted, bank_offset, fit_series
from latentfill.imputation.model_folder import load_model, model_id, save_model
from latentfill.imputation.result import Filled
from latentfill.imputation.summary import summarise
from latentfill.nn.training import ProgressCallback
from latentfill.strategies.candidates import needs_encoder
from latentfill.tables.backends.table_files import write_columns
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.table import Table, output_rows
from latentfill.tables.write import fill_frame, write_table

LIMITS = (
    "intervals",
    "samples",
    "max_gap",
    "minimum",
    "maximum",
    "non_negative",
)  # settings that a fitted model does not depend on

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Imputation:
    """A filled table."""

    table: Table
    filled: Filled
    summary: dict[str, object]  # JSON values

    def to_frame(self, *, precision: int | None = None) -> Any:
        """The filled table as a frame of the kind that was read (a pyarrow table if it was a file).

        With intervals, `NAME_lower` and `NAME_upper` follow for every value column.
        """
        return fill_frame(self.table, self.filled.values, precision=precision, extras=self._bounds)

    def write(self, path: str | os.PathLike[str], *, precision: int | None = None, bounds: bool = True) -> None:
        """The filled table as CSV or Parquet, by the name of the file; with its `bounds` where there are intervals."""
        extras = self._bounds if bounds else {}
        write_table(self.table, self.filled.values, path, precision=precision, extras=extras)

    def write_bounds(self, path: str | os.PathLike[str]) -> None:
        """`NAME_lower` and `NAME_upper` of every value column, a row per row of the filled table."""
        write_columns(self._by_name(self._bounds), path)

    def write_codes(self, path: str | os.PathLike[str]) -> None:
        """Where each cell comes from, a row per row of the filled table.

        For every value column its code (see `latentfill.Code`), the absolute error to expect (`NAME_expected`) and,
        with intervals, `NAME_lower` and `NAME_upper`; last, the id of the model.
        """
        _, steps = output_rows(self.table)
        names = self.table.series.columns
        codes = {name: self.filled.codes[steps, c] for c, name in enumerate(names)}
        measures = {"expected": self.filled.expected, **self._bounds}
        model = {"model": np.full(len(steps), self.summary["model"])}
        write_columns({**codes, **self._by_name(measures), **model}, path)

    def write_sample(self, number: int, path: str | os.PathLike[str], *, precision: int | None = None) -> None:
        """One of the completed tables that reflect the uncertainty, `number` from 0."""
        assert self.filled.samples is not None
        write_table(self.table, self.filled.samples[number], path, precision=precision)

    @property
    def _bounds(self) -> dict[str, FloatArray]:
        """The intervals by what their columns are called."""
        if self.filled.lower is None or self.filled.upper is None:
            return {}
        return {"lower": self.filled.lower, "upper": self.filled.upper}

    def _by_name(self, arrays: Mapping[str, FloatArray]) -> dict[str, FloatArray]:
        """Columns of arrays (T, C), by name and suffix, a row per row of the filled table."""
        _, steps = output_rows(self.table)
        names = self.table.series.columns
        return {f"{name}_{suffix}": a[steps, c] for c, name in enumerate(names) for suffix, a in arrays.items()}


class Imputer:
    """Fills the missing values of a multivariate time series.

    Parameters
    ----------
    config
        All settings of the method; or give single ones by name, e.g. ``Imputer(length=48, seed=1)``.
    progress
        Called with a `Progress` while training.
    **settings
        Fields of `Config` and of `TableOptions` (how to read the data: ``time``, ``missing``, ``leave`` ...).

    Examples
    --------
    >>> filled = Imputer(seed=1).fit(df).transform(df)  # doctest: +SKIP
    """

    def __init__(
        self, config: Config | None = None, *, progress: ProgressCallback | None = None, **settings: Any
    ) -> None:
        self.config, self.options = _settings(config, settings)
        self.progress = progress
        self._paired: tuple[Table, dict[str, Embeddings]] | None = None

    def fit(self, data: Any) -> Imputer:
        """Learn from a pandas, polars or pyarrow frame, the path of a file, or a `Table`."""
        table = self.read(data, fresh=True)
        config, series = self.config, table.series
        if config.embeddings and not needs_encoder(config.strategies):
            raise InputError(
                f"strategy {config.strategy!r} does not use embeddings. Leave out the stored ones, or choose one that "
                "does: denoise, neighbours, latent or auto."
            )
        vectors = pair_embeddings(config, series, table.name) if config.embeddings else {}
        config = adopt_split_plan(config, (one.provenance for one in vectors.values()))
        self._paired = (table, vectors)
        self.fitted_: Fitted = fit_series(
            series,
            config,
            embeddings=vectors,
            train_rows=train_rows(config, series.n_steps),
            bank=self._bank(table),
            progress=self.progress,
        )
        self.model_id_ = model_id(self.fitted_)
        self.digests_ = {split: vectors_digest(of_split) for split, of_split in vectors.items()}
        return self

    def transform(self, data: Any) -> Any:
        """The data with its gaps filled, as the same kind of frame; a path gives a pyarrow table."""
        return self.fill(data).to_frame()

    def fit_transform(self, data: Any) -> Any:
        """`fit` and `transform` in one."""
        table = self.read(data, fresh=True)
        return self.fit(table).transform(table)

    def fill(self, data: Any) -> Imputation:
        """The filled data with codes and summary; the columns must be those of the fit."""
        fitted = self._check_fitted()
        table = self.read(data)
        series = table.series
        order = _column_order(fitted.columns, series.columns)
        if (series.time is not None) != fitted.stamped:
            raise InputError(
                f"the model was fitted {'with' if fitted.stamped else 'without'} time stamps and the table has "
                f"{'none' if fitted.stamped else 'some'}; name its time column, or fit again."
            )
        began = time.monotonic()
        vectors = self._vectors(table)
        ordered = replace(series, values=series.values[:, order], columns=fitted.columns)
        filled = fill_series(fitted, ordered, vectors).take_columns(np.argsort(order))
        seconds = round(time.monotonic() - began, 2)
        return Imputation(
            table,
            filled,
            summarise(fitted, table, self.options, filled, vectors)
            | {"model": self.model_id_, "fill_seconds": seconds},
        )

    def check_explains(self) -> None:
        """Refuse settings under which nothing can be explained."""
        if "neighbours" not in self.config.strategies:
            raise InputError(
                "only the strategy neighbours can explain itself. Choose it (--strategy neighbours), or add it to "
                "those that auto weighs (--candidates linear,kriging,denoise,neighbours)."
            )

    def explain(self, data: Any, path: str | os.PathLike[str]) -> None:
        """Write which neighbours stand behind each cell that was missing; the strategy neighbours alone can tell.

        A row for each neighbour of a cell: `row` (from 0 after the header) and `column` of the cell, `neighbour_row`
        and `source` (the table that was fitted to, or the bank) of the one that speaks, the `value` that it says,
        brought to the level of the window, and its `weight`; the weights of a cell sum to one. Steps that are no row of
        a table have row -1.
        """
        fitted = self._check_fitted()
        self.check_explains()
        table = self.read(data)
        series = table.series
        order = _column_order(fitted.columns, series.columns)
        found = explain_series(fitted, replace(series, values=series.values[:, order], columns=fitted.columns))
        offset = bank_offset(fitted.n_steps, fitted.config.length)
        of_bank = found.neighbour >= offset
        own = np.where(of_bank, 0, found.neighbour)
        rows = series.rows if fitted.n_steps == series.n_steps else np.arange(fitted.n_steps)
        columns = {
            "row": series.rows[found.step],
            "column": np.array(fitted.columns)[found.column],
            "neighbour_row": np.where(of_bank, found.neighbour - offset, rows[own]),
            "source": np.where(of_bank, "bank", "table"),
            "value": found.value,
            "weight": found.weight,
        }
        write_columns(columns, path)

    def read(self, data: Any, *, fresh: bool = False) -> Table:
        """`data` as a table, understood as the settings say; unless `fresh`, with the columns of an earlier fit."""
        if isinstance(data, Table):
            return data
        table = self._read(data, fresh=fresh)
        for note in table.notes:
            log.warning("%s", note)
        return table

    def _read(self, data: Any, *, fresh: bool) -> Table:
        options = self.options
        if self.config.embeddings or self.config.split != "none":
            if options.grid:
                raise InputError(
                    "stored embeddings and split plans count the rows of the file, so none can be added: leave out "
                    "grid (--grid), or the embeddings and the split."
                )
            options = replace(options, regular=False)  # stored windows are counted in rows
        if not hasattr(self, "fitted_") or fresh:
            return read_table(data, options)
        try:
            return read_table(data, replace(options, columns=self.fitted_.columns, leave=()))
        except UnknownColumnError as error:
            raise InputError(
                f"The table lacks columns that the model was fitted with: {error} Fill a table that has them, or fit "
                "a model on tables like this one."
            ) from error

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a folder; see `latentfill.imputation.model_folder`."""
        options = {name: value for name, value in asdict(self.options).items() if name != "regular"}
        extra = {"table": options, "embedding_digests": self.digests_ if self._check_fitted() else {}}
        save_model(self._check_fitted(), path, extra)

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, progress: ProgressCallback | None = None, **settings: Any
    ) -> Imputer:
        """A fitted imputer from a model folder.

        `settings` are fields of `TableOptions`, `embeddings`, `device`, and what is made of the estimates:
        `intervals`, `samples`, `max_gap`, `minimum`, `maximum`, `non_negative`.
        """
        fitted, extra = load_model(path, settings.get("device"))
        limits = {name: settings.pop(name) for name in LIMITS if name in settings}
        fitted = replace(fitted, config=replace(fitted.config, **limits))
        embeddings = settings.pop("embeddings", fitted.config.embeddings)
        lists = {key: tuple(v) if isinstance(v, list) else v for key, v in extra["table"].items()}
        imputer = cls(replace(fitted.config, embeddings=embeddings), progress=progress, **{**lists, **settings})
        imputer.fitted_ = fitted
        imputer.model_id_ = model_id(fitted)
        imputer.digests_ = extra["embedding_digests"]
        return imputer

    def _bank(self, table: Table) -> Series | None:
        """The series whose windows are neighbours too, read like the table that is fitted to."""
        if self.config.bank is None:
            return None
        if "neighbours" not in self.config.strategies:
            raise InputError(
                "a bank is of use to the strategy neighbours only. Choose it (--strategy neighbours), add it to those "
                "that auto weighs (--candidates linear,kriging,denoise,neighbours), or leave out the bank."
            )
        columns = table.series.columns
        other = read_table(self.config.bank, replace(self.options, columns=columns, leave=())).series
        if (other.time is None) != (table.series.time is None):
            raise InputError(f"the bank {self.config.bank} and the table must both have time stamps, or neither.")
        order = _column_order(columns, other.columns)
        return replace(other, values=other.values[:, order], columns=columns)

    def _vectors(self, table: Table) -> dict[str, Embeddings]:
        """The stored embeddings to fill from: those the decoders were fitted to, and no others."""
        if not self.config.embeddings or not self.digests_:
            return {}
        if self._paired and self._paired[0] is table:
            return self._paired[1]
        vectors = pair_embeddings(self.config, table.series, table.name)
        foreign = [
            split
            for split, digest in self.digests_.items()
            if split not in vectors or vectors_digest(vectors[split]) != digest
        ]
        if foreign:
            raise EmbeddingMismatchError(
                f"the embeddings at {self.config.embeddings} are not those the model was fitted with (split "
                f"{', '.join(foreign)}). Two sets need not share a space: fit again with these, or fill without them "
                "(--embeddings none)."
            )
        return vectors

    def _check_fitted(self) -> Fitted:
        if not hasattr(self, "fitted_"):
            raise NotFittedError("this Imputer has not been fitted: call fit(data) first, or Imputer.load(path).")
        return self.fitted_


def impute(data: Any, **settings: Any) -> Any:
    """Fit on `data` and fill it, in one call; see `Imputer`."""
    return Imputer(**settings).fit_transform(data)


def _settings(config: Config | None, settings: Mapping[str, Any]) -> tuple[Config, TableOptions]:
    """Named settings divided between the method and the reading of tables."""
    of_table = {f.name for f in fields(TableOptions)} - {"regular"}
    of_method = {f.name for f in fields(Config)}
    unknown = [name for name in settings if name not in of_table | of_method]
    if unknown:
        known = sorted(of_table | of_method)
        raise InputError("settings: " + "; ".join(did_you_mean("setting", name, known) for name in unknown))
    method = {name: value for name, value in settings.items() if name in of_method}
    table = {name: value for name, value in settings.items() if name in of_table}
    problems: list[str] = []
    made_config, made_options = config or Config(), TableOptions()
    length = method.get("length")
    if isinstance(length, int) and length < made_config.stride:
        method.setdefault("stride", max(1, length // 4))  # windows that overlap as those of the default length do
    try:
        made_config = replace(made_config, **method)
    except InputError as error:
        problems.append(str(error))
    try:
        made_options = TableOptions(**table)
    except InputError as error:
        problems.append(str(error))
    if problems:
        raise InputError("; ".join(problems))
    return made_config, made_options


def _column_order(fitted: tuple[str, ...], found: tuple[str, ...]) -> list[int]:
    """Where each fitted column stands among those found; other columns are an error."""
    missing = [name for name in fitted if name not in found]
    surplus = [name for name in found if name not in fitted]
    if missing or surplus:
        differences = [f"it lacks {', '.join(missing)}"] * bool(missing)
        differences += [f"it also has {', '.join(surplus)}"] * bool(surplus)
        raise InputError(
            f"the table's value columns are not those the model was fitted on: {' and '.join(differences)}. "
            "Name the columns to fill, or fit a model on tables with these columns."
        )
    return [found.index(name) for name in fitted]

"""The entry point for programs: fit a model to a table, fill tables with it, save and load it."""

from __future__ import annotations

import logging
import os
import time
from dataclasses import asdict, replace
from typing import Any

from latentfill.core.config import Config
from latentfill.core.errors import EmbeddingMismatchError, InputError, NotFittedError, UnknownColumnError
from latentfill.core.series import Series
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.digests import vectors_digest
from latentfill.embeddings.stored.pairing import adopt_split_plan, pair_embeddings
from latentfill.embeddings.stored.split_windows import train_rows
from latentfill.imputation.columns import in_order
from latentfill.imputation.filling.explain import explain_series
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.fit import FitInputs, fit_series
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.imputation import Imputation
from latentfill.imputation.saving.model_folder import load_model, save_model
from latentfill.imputation.saving.model_weights import model_id
from latentfill.imputation.summary.summary import summarise
from latentfill.imputation.user_settings import METHOD, divided, refuse_refit
from latentfill.nn.training import ProgressCallback
from latentfill.strategies.candidates import needs_encoder
from latentfill.tables.backends.native import NativeFrame
from latentfill.tables.backends.table_files import write_columns
from latentfill.tables.options import TableOptions
from latentfill.tables.read import read_table
from latentfill.tables.table import Table

log = logging.getLogger(__name__)


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
        self.config, self.options = divided(config, settings)
        self.progress = progress
        self._paired: tuple[Table, dict[str, Embeddings]] | None = None  # the embeddings of the table fitted to

    def fit(self, data: object) -> Imputer:
        """Fit a model to a pandas, polars or pyarrow frame, the path of a file, or a `Table`; returns itself."""
        table = self.read(data, fresh=True)
        config, series = self.config, table.series
        if config.stored.embeddings and not needs_encoder(config.strategies):
            raise InputError(
                f"strategy {config.strategy!r} does not use embeddings. Leave out the stored ones, or choose one that "
                "does: denoise, neighbours, latent or auto."
            )
        vectors = pair_embeddings(config, series, table.name) if config.stored.embeddings else {}
        config = adopt_split_plan(config, (of_split.provenance for of_split in vectors.values()))
        inputs = FitInputs(
            embeddings=vectors,
            donor_table=self._donor_table(table),
            train_rows=train_rows(config, series.n_steps),
            progress=self.progress,
        )
        self.fitted_: Fitted = fit_series(series, config, inputs)
        self._paired = (table, vectors)
        self.model_id_ = model_id(self.fitted_)
        self.digests_ = {split: vectors_digest(of_split) for split, of_split in vectors.items()}
        return self

    def transform(self, data: object) -> NativeFrame:
        """The data with its gaps filled, as the same kind of frame; a path gives a pyarrow table."""
        return self.fill(data).to_frame()

    def fit_transform(self, data: object) -> NativeFrame:
        """`fit` and `transform` in one."""
        table = self.read(data, fresh=True)
        return self.fit(table).transform(table)

    def fill(self, data: object) -> Imputation:
        """The filled data with cell codes and summary; the columns must be those of the fit, in any order."""
        fitted = self._check_fitted()
        table = self.read(data)
        ordered = in_order(table.series, fitted.columns)
        if (table.series.time is not None) != fitted.stamped:
            raise InputError(
                f"the model was fitted {'with' if fitted.stamped else 'without'} time stamps and the table has "
                f"{'none' if fitted.stamped else 'some'}; name its time column, or fit again."
            )
        began = time.monotonic()
        vectors = self._stored_embeddings(table)
        filled = fill_series(fitted, ordered, vectors).in_order(table.series.columns, fitted.columns)
        seconds = round(time.monotonic() - began, 2)
        summary = summarise(fitted, table, self.options, filled, vectors)
        return Imputation(table, filled, summary | {"model": self.model_id_, "fill_seconds": seconds})

    def check_explains(self) -> None:
        """Raise an `InputError` if the strategy `neighbours`, the only one that can be explained, is not used."""
        if "neighbours" not in self.config.strategies:
            raise InputError(
                "only the strategy neighbours can explain itself. Choose it (--strategy neighbours), or add it to "
                "those that auto weighs (--candidates linear,kriging,denoise,neighbours)."
            )

    def explain(self, data: object, path: str | os.PathLike[str]) -> None:
        """Write the neighbours that each missing cell is filled from to a CSV or Parquet file.

        The columns are those of `explain_series`. Only the strategy `neighbours` has them.
        """
        fitted = self._check_fitted()
        self.check_explains()
        table = self.read(data)
        write_columns(explain_series(fitted, in_order(table.series, fitted.columns)), path)

    def read(self, data: object, *, fresh: bool = False) -> Table:
        """`data` as a table, read as the settings say; unless `fresh`, with the columns of the fit if there was one."""
        if isinstance(data, Table):
            return data
        table = self._read(data, fresh=fresh)
        for note in table.notes:
            log.warning("%s", note)
        return table

    def _read(self, data: object, *, fresh: bool) -> Table:
        options = self._reading_options()
        if not hasattr(self, "fitted_") or fresh:
            return read_table(data, options)
        try:
            return read_table(data, replace(options, columns=self.fitted_.columns, leave=()))
        except UnknownColumnError as error:
            raise InputError(
                f"The table lacks columns that the model was fitted with: {error} Fill a table that has them, or fit "
                "a model on tables like this one."
            ) from error

    def _reading_options(self) -> TableOptions:
        """How to read tables; stored embeddings and splits count rows, so with them no row may be added."""
        if not self.config.stored.embeddings and self.config.stored.split == "none":
            return self.options
        if self.options.grid:
            raise InputError(
                "stored embeddings and splits count the rows of the file, so none can be added: leave out grid "
                "(--grid), or the embeddings and the split."
            )
        return replace(self.options, regular=False)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the fitted model to a folder; see `latentfill.imputation.saving.model_folder`."""
        fitted = self._check_fitted()
        options = {name: value for name, value in asdict(self.options).items() if name != "regular"}
        save_model(fitted, path, {"table": options, "embedding_digests": self.digests_})

    @classmethod
    def load(
        cls, path: str | os.PathLike[str], *, progress: ProgressCallback | None = None, **settings: Any
    ) -> Imputer:
        """A fitted imputer from a model folder.

        `settings` are those that a fitted model does not depend on: how to read a table, what to make of the estimates
        (such as `intervals` and `max_gap`), `embeddings` and `device`; another one is an `InputError`.
        """
        refuse_refit(settings)
        method = {name: settings.pop(name) for name in list(settings) if name in METHOD}
        fitted, extra = load_model(path, method.get("device"))
        of_estimates = {name: value for name, value in method.items() if name not in ("embeddings", "seed")}
        fitted = replace(fitted, config=fitted.config.replace(**of_estimates))
        config = fitted.config.replace(**method)
        lists = {key: tuple(v) if isinstance(v, list) else v for key, v in extra["table"].items()}
        imputer = cls(config, progress=progress, **{**lists, **settings})
        imputer.fitted_ = fitted
        imputer.model_id_ = model_id(fitted)
        imputer.digests_ = extra["embedding_digests"]
        return imputer

    def _donor_table(self, table: Table) -> Series | None:
        """The donor table's series, read like the table that is fitted to; None without."""
        if self.config.neighbours.donor_table is None:
            return None
        if "neighbours" not in self.config.strategies:
            raise InputError(
                "a donor table (--donor-table) is of use to the strategy neighbours only. Choose it (--strategy "
                "neighbours), add it to those that auto weighs (--candidates linear,kriging,denoise,neighbours), or "
                "leave out the donor table."
            )
        columns = table.series.columns
        donor = read_table(self.config.neighbours.donor_table, replace(self.options, columns=columns, leave=())).series
        if (donor.time is None) != (table.series.time is None):
            raise InputError(
                f"the donor table {self.config.neighbours.donor_table} and the table must both have time stamps, or "
                "neither."
            )
        return in_order(donor, columns)

    def _stored_embeddings(self, table: Table) -> dict[str, Embeddings]:
        """The stored embeddings to fill from, by split; raises an error if they are not those of the fit."""
        if not self.config.stored.embeddings or not self.digests_:
            return {}
        if self._paired and self._paired[0] is table:
            return self._paired[1]
        vectors = pair_embeddings(self.config, table.series, table.name)
        other = [
            split
            for split, digest in self.digests_.items()
            if split not in vectors or vectors_digest(vectors[split]) != digest
        ]
        if other:
            raise EmbeddingMismatchError(
                f"the embeddings at {self.config.stored.embeddings} are not those the model was fitted with (split "
                f"{', '.join(other)}). Two sets need not share a space: fit again with these, or fill without them "
                "(--embeddings none)."
            )
        return vectors

    def _check_fitted(self) -> Fitted:
        """The fitted model; raises a `NotFittedError` if there is none."""
        if not hasattr(self, "fitted_"):
            raise NotFittedError("this Imputer has not been fitted: call fit(data) first, or Imputer.load(path).")
        return self.fitted_


def impute(data: object, **settings: Any) -> NativeFrame:
    """Fit on `data` and fill it, in one call; see `Imputer`."""
    return Imputer(**settings).fit_transform(data)

"""`latentfill.Imputer`: the imputer with all that scikit-learn asks of an estimator.

It is apart from `imputation.imputer`, which runs the commands, because scikit-learn takes a second to import.
"""

from __future__ import annotations

from collections.abc import Sequence
from inspect import Parameter, Signature
from os import PathLike
from typing import Any, Self, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.exceptions import NotFittedError as SklearnNotFittedError
from sklearn.utils.validation import _check_feature_names_in

from latentfill.api.arrays import checked_array, is_array, opened_array, refuse_many
from latentfill.api.containers.container import Opened
from latentfill.api.containers.opening import open_covariates, open_data
from latentfill.api.hidden_score import hidden_score
from latentfill.api.imputer_settings import ImputerSettings
from latentfill.api.progress_bars import notebook_bars
from latentfill.api.result import Imputation
from latentfill.core.config import Config
from latentfill.core.errors import InputError, NotFittedError
from latentfill.core.fill_warning import tell_user
from latentfill.imputation import imputer as base
from latentfill.imputation.decisions import Decisions
from latentfill.imputation.user_settings import METHOD, READING, settings_by_name
from latentfill.nn.progress import ProgressCallback
from latentfill.tables.table import Table

OWN = ("config", "progress", "covariates", "starts")  # parameters that are no settings


class ImputerNotFittedError(NotFittedError, SklearnNotFittedError):  # type: ignore[misc]
    """An imputer that is used before it is fitted, also for those who catch the error of scikit-learn."""


class Imputer(TransformerMixin, BaseEstimator, base.Imputer):  # type: ignore[misc]
    """Fills the missing values of a multivariate time series; an estimator of scikit-learn.

    Parameters
    ----------
    config
        All settings of the method. Single settings can be given by name instead: ``Imputer(length=48, seed=1)``.
    progress
        Called with a `TrainingProgress` while networks are trained. In a notebook, bars are drawn if there is none.
    covariates
        Other tables to predict the data from, one or a list: paths, frames, `Series` ... Each has a clock of its own;
        their columns are aligned to the steps of the data and never filled.
    starts
        First row (N,) of the window of each embedding, if `embeddings` is an array of windows that do not begin at
        consecutive rows, or at every `embedding_stride`-th.
    **settings
        Settings of `Config` and of `TableOptions` (how to read the data: ``time``, ``missing``, ``leave`` ...). For
        ``embeddings`` also an array or a tensor of windows (N, D) or (N, C, D), or of steps (T, D) or (C, T, D), or a
        mapping of splits to such arrays.

    Attributes
    ----------
    n_features_in_
        Number of columns of the data that the imputer was fitted to.
    feature_names_in_
        Their names, if they have any.

    Examples
    --------
    >>> hours = pd.date_range("2024-01-01", periods=48, freq="h")
    >>> df = pd.DataFrame({"load": 10.0 + np.arange(48) % 24}, index=hours)
    >>> df.iloc[5] = np.nan
    >>> result = latentfill.Imputer(strategy="linear").fit(df).fill(df)
    >>> result
    <Imputation of 48 rows and 1 column: cells observed 47, linear 1>
    >>> result.gaps[["column", "length"]].to_dict("records")
    [{'column': 'load', 'length': 1}]
    """

    _not_fitted = ImputerNotFittedError

    def __init__(
        self,
        config: Config | None = None,
        *,
        progress: ProgressCallback | None = None,
        covariates: object = None,
        starts: ArrayLike | None = None,
        **settings: Unpack[ImputerSettings],
    ) -> None:
        base.Imputer.__init__(self, config, progress=progress, covariates=covariates, starts=starts, **settings)
        self.covariates = open_covariates(self.covariates)
        own = {"config": config, "progress": progress, "covariates": covariates, "starts": starts}
        given = {name: value for name, value in own.items() if value is not None}
        self._given: dict[str, Any] = given | settings_by_name(settings)
        self._told: set[str] = set()  # notes that the user has been told since the data of the fit were read

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """All settings by name, as they were given; those that were not given as they are in force."""
        method = {name: self.config.value(each.name) for name, each in METHOD.items() if name == each.name}
        reading = {each.name: getattr(self.options, each.field) for each in READING.values()}
        return {**dict.fromkeys(OWN), **reading, **method, **self._given}

    def set_params(self, **params: Any) -> Self:
        """Change settings by name; the model stays as it was fitted. Nothing is changed if a value is refused."""
        own = {name: params.pop(name) for name in OWN if name in params}
        changed = type(self)(**(self._given | own | settings_by_name(params)))
        self.__dict__.update(vars(changed))
        return self

    def __sklearn_clone__(self) -> Self:
        """An imputer with the settings that were given, so that the others still follow from them."""
        return type(self)(**{name: clone(value, safe=False) for name, value in self._given.items()})

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """The settings and the model, without the tables that are kept to save reading them again."""
        return {**super().__getstate__(), "_paired": None, "_aligned": None}

    def fit(self, X: object, y: object = None) -> Self:
        """Fit a model to one series: a frame, the path of a file, a `Table`, an array (T, C) ...; returns itself."""
        opened = self._open(X, fresh=True)
        return self._fit(opened, self._table(opened, fresh=True))

    def transform(self, X: object) -> Any:
        """The data with its gaps filled, as the same kind of data; a path gives a pyarrow table."""
        self._check_model()
        opened = self._open(X)
        return opened.back(self.fill(self._table(opened)).to_frame())

    def fit_transform(self, X: object, y: object = None) -> Any:
        """`fit` and `transform` in one."""
        opened = self._open(X, fresh=True)
        table = self._table(opened, fresh=True)
        return opened.back(self._fit(opened, table).fill(table).to_frame())

    def score(self, X: object, y: object = None) -> float:
        """Negative mean squared error on cells that are hidden in the data, in standard deviations of their columns.

        A tenth of the observed cells is hidden in gaps like those of the data, the same ones for every model of a
        seed. 0 is perfect, larger is better.
        """
        self._check_model()
        if self.config.stored.embeddings:
            raise InputError("stored embeddings may have seen the cells that a score hides: score without them.")
        return hidden_score(self, self.read(X))

    def read(self, data: object, *, fresh: bool = False) -> Table:
        """Read `data` as a table; a fitted imputer reads only its columns, unless `fresh` is set."""
        return self._table(self._open(data, fresh=fresh), fresh=fresh)

    def _open(self, data: object, *, fresh: bool = False) -> Opened:
        """What is read of the data; of an array, a frame whose columns are numbered."""
        bounds = self.config.output.intervals is not None
        opened = open_data(data, self._reading_options(), bounds=bounds)
        refuse_many(opened, self.options)
        if not is_array(opened.content) or opened.options.by:
            return opened
        return opened.then(opened_array(checked_array(self, opened.content, fresh=fresh), opened.options))

    def _table(self, opened: Opened, *, fresh: bool = False) -> Table:
        """The table in what was opened, with its notes told."""
        if isinstance(opened.content, Table):
            return opened.content
        table = self._read(opened.content, opened.options, fresh=fresh)
        if fresh:
            self._told = set()
        self._tell(table.notes)
        return table

    def _fit(self, opened: Opened, table: Table) -> Self:
        with notebook_bars(self):
            super().fit(table)
        self._keep_names(table, are_named=opened.has_names)
        return self

    def fill(
        self, data: object, *, decisions: Decisions | str | PathLike[str] | None = None, compare: bool = False
    ) -> Imputation:
        """Fill the data and tell the notes, each once, as a `FillWarning`; see `transform` for a frame instead.

        Parameters
        ----------
        data
            A frame, the path of a file, a `Table` or an array (steps, columns).
        decisions
            Fills to leave empty: a file that the report of a filled table saved.
        compare
            Whether the result also has what each candidate alone would have filled; a report shows it.
        """
        read = Decisions.read(decisions) if isinstance(decisions, str | PathLike) else decisions
        imputation = super().fill(data, decisions=read, compare=compare)
        self._tell(imputation.notes)
        return Imputation.of(imputation)

    def _tell(self, notes: Sequence[str]) -> None:
        """Tell the notes that have not been told."""
        tell_user(note for note in notes if note not in self._told)
        self._told.update(notes)

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> NDArray[np.object_]:
        """Names of the columns of a filled table: those that came in, and the bounds of intervals."""
        self._check_model()
        if not hasattr(self, "n_features_in_"):
            raise self._not_fitted("a loaded model knows only the columns that it fills: fit, to know all names.")
        return np.array([*_check_feature_names_in(self, input_features), *self._names_of_bounds], dtype=object)

    def _check_model(self) -> None:
        """Raise an error without a model, before the data is read."""
        if self._fitted is None:
            self._check_fitted()

    def _keep_names(self, table: Table, *, are_named: bool) -> None:
        """Keep what scikit-learn asks for: the number and the names of the columns."""
        names = np.array(table.source.names, dtype=object)
        self.n_features_in_ = len(names)
        self.__dict__.pop("feature_names_in_", None)
        if are_named:
            self.feature_names_in_ = names
        self._names_of_bounds = [] if self.config.output.intervals is None else _bound_names(table)


def _bound_names(table: Table) -> list[str]:
    """Names of the columns of interval bounds in a filled table."""
    bounded = [name for name in table.filled_columns if name not in table.series.labels]
    return [f"{name}_{side}" for name in bounded for side in ("lower", "upper")]


def _signature() -> Signature:
    """The signature with each setting by name, for `help()` and for scikit-learn, which reads it."""
    positional = [Parameter(name, Parameter.POSITIONAL_OR_KEYWORD) for name in ("self", "config")]
    settings = {each.name: each.default for each in (*READING.values(), *METHOD.values())}
    defaults = dict.fromkeys(OWN[1:]) | settings
    named = [Parameter(name, Parameter.KEYWORD_ONLY, default=value) for name, value in defaults.items()]
    return Signature([positional[0], positional[1].replace(default=None), *named])


Imputer.__init__.__signature__ = _signature()  # type: ignore[attr-defined]

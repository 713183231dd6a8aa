"""The train, validation and test windows of a student, and the teacher's vectors of the train windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.messages import counted
from latentfill.core.series import IntArray, Series
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.embeddings.stored.split_windows import starts_by_split, variable_columns
from latentfill.embeddings.timekd.forecasts import ForecastWindows
from latentfill.embeddings.timekd.teacher_vectors import TeacherVectors
from latentfill.windows.scaling import ColumnScaler

TRAIN_END, VAL_END = 7, 8  # tenths of the windows, if there is no split plan; the rest are test windows


@dataclass(frozen=True, slots=True, eq=False)
class DistilData:
    """Windows of the embedded columns of a series, in units of a scaler fitted to the rows of the train windows."""

    train: ForecastWindows  # with a teacher, only windows with an embedding
    val: ForecastWindows  # for early stopping
    test: ForecastWindows
    teacher: TeacherVectors | None  # embeddings of the train windows, in the same order

    @property
    def scored(self) -> dict[str, ForecastWindows]:
        """The windows whose forecasts are scored, by split."""
        return {"val": self.val, "test": self.test}

    def without_teacher(self) -> DistilData:
        """The same windows for a student without a teacher."""
        return replace(self, teacher=None)


def distil_data(series: Series, embeddings: Mapping[str, Embeddings] | None, config: Config) -> DistilData:
    """The data of a student, under the split plan of `config`; without a teacher if `embeddings` is None."""
    starts = split_windows(config, series.n_steps)
    windows = _forecast_windows(series, starts, config)
    if embeddings is None:
        return DistilData(**windows, teacher=None)
    stored = _train_embeddings(embeddings, series)
    common, index = _in_common(starts["train"], stored)
    windows["train"] = replace(windows["train"], starts=common)
    return DistilData(**windows, teacher=TeacherVectors.of(stored, index))


def embedded_columns(series: Series, config: Config) -> Series:
    """The series with only the columns that have embeddings, in the order of the series."""
    kept = sorted(variable_columns(config.stored.plan, series.columns))
    return replace(series, values=series.values[:, kept], columns=tuple(series.columns[i] for i in kept))


def split_windows(config: Config, n_rows: int) -> dict[str, IntArray]:
    """First rows of the windows of "train", "val" and "test" under the split plan.

    Without a split plan, these are the first 70 %, the next 10 % and the last 20 % of the windows, without windows at
    the borders that share rows (including forecast rows) with another split.
    """
    plan = config.stored.plan
    if plan.pred_len < 1:
        raise InputError(
            "a student learns to forecast, so pred_len must be at least 1, got 0. Make the teacher's embeddings with "
            "pred_len steps after each window (--pred-len)."
        )
    starts = starts_by_split(replace(plan, embedding_stride=1), n_rows)
    if WHOLE in starts:
        starts = _apart(starts[WHOLE], plan.seq_len + plan.pred_len)
    if not len(starts["train"]):
        seq_len, pred_len = plan.seq_len, plan.pred_len
        raise InputError(
            f"the series has {n_rows} rows, which leaves no window of {seq_len + pred_len} (seq_len={seq_len} + "
            f"pred_len={pred_len}) to train on. Use shorter windows, or a longer series."
        )
    return starts


def _apart(starts: IntArray, rows: int) -> dict[str, IntArray]:
    """`starts` of windows of `rows` rows, divided into splits that share no row."""
    train_end, val_end = (tenths * len(starts) // 10 for tenths in (TRAIN_END, VAL_END))
    return {
        "train": starts[: max(train_end - (rows - 1), 0)],
        "val": starts[train_end:val_end],
        "test": starts[val_end + rows - 1 :],
    }


def _forecast_windows(series: Series, starts: Mapping[str, IntArray], config: Config) -> dict[str, ForecastWindows]:
    """The windows of each split, scaled by a scaler fitted to the rows of the train windows."""
    plan = config.stored.plan
    train_rows = int(starts["train"][-1]) + plan.seq_len + plan.pred_len
    scaler = ColumnScaler.fit(series.values[:train_rows], config.windows.scaling)
    scaled = scaler.where_flat(ColumnScaler.fit(series.values, config.windows.scaling)).apply(series.values)
    return {split: ForecastWindows(scaled, rows, plan.seq_len, plan.pred_len) for split, rows in starts.items()}


def _train_embeddings(embeddings: Mapping[str, Embeddings], series: Series) -> Embeddings:
    """The embeddings of the train windows, checked to have one vector per column."""
    if not embeddings:
        raise InputError(
            "there are no embeddings of a teacher: give them (--embeddings), or train without a teacher (--no-teacher)."
        )
    stored = embeddings.get("train", embeddings.get(WHOLE))
    if stored is None:
        raise EmbeddingMismatchError(f"there are no embeddings of the train windows, only of {', '.join(embeddings)}.")
    vectors = stored.vectors.shape[1]
    if vectors != len(series.columns):
        raise EmbeddingMismatchError(
            f"{stored.provenance.source} has {counted(vectors, 'vector')} for each window, but the table has "
            f"{counted(len(series.columns), 'column')}; a student learns from one vector for each column."
        )
    return stored


def _in_common(starts: IntArray, stored: Embeddings) -> tuple[IntArray, IntArray]:
    """The starts of the train windows that have an embedding, and their indices in `stored`."""
    common, _, index = np.intersect1d(starts, stored.starts, assume_unique=True, return_indices=True)
    if not len(common):
        raise EmbeddingMismatchError(
            f"{stored.provenance.source} holds none of the {len(starts)} windows to train on, which start at positions "
            f"{starts[0]} to {starts[-1]}."
        )
    return common, index

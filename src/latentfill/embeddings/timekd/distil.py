"""Distilling: TimeKD's student trained against stored embeddings, and what its teacher is worth."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.messages import counted
from latentfill.core.series import IntArray, Series
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.fingerprint import sketch
from latentfill.embeddings.stored.opening import WHOLE
from latentfill.embeddings.stored.pairing import adopt_split_plan
from latentfill.embeddings.stored.split_windows import starts_by_split, variable_columns
from latentfill.embeddings.timekd.forecasts import ForecastErrors, ForecastWindows, forecast_errors
from latentfill.embeddings.timekd.student import DistilledStudent
from latentfill.embeddings.timekd.student_training import DistilSettings, TeacherVectors, fit_student, student_shape
from latentfill.nn.runtime import pick_device
from latentfill.nn.training import History, ProgressCallback
from latentfill.windows.scaling import ColumnScaler

__all__ = ["DistilSettings", "Distilled", "Outcome", "distil", "split_windows"]

TRAIN_END, VAL_END = 7, 8  # tenths of the windows, where no split plan says which are which; the rest is for the test
EVALUATED = ("val", "test")


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A trained student, how training went, and how far its forecasts are off."""

    student: DistilledStudent
    history: History
    errors: Mapping[str, ForecastErrors]  # by split

    def to_dict(self) -> dict[str, object]:
        """Errors by split and history."""
        return {"forecast": self.forecast, "history": asdict(self.history)}

    @property
    def forecast(self) -> dict[str, object]:
        """Errors by split."""
        return {split: asdict(found) for split, found in self.errors.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Distilled:
    """A student, and beside it one that had no teacher, so that the effect of the teacher is a number."""

    outcome: Outcome
    alone: Outcome | None  # the student without a teacher, trained on the same windows; None if it was not asked for
    about: Mapping[str, object]  # what was learnt from

    @property
    def student(self) -> DistilledStudent:
        """The student, which keeps what it learnt from and its errors, but not how long that took: same bytes again."""
        without = None if self.alone is None else self.alone.forecast
        about = {**self.about, "forecast": self.outcome.forecast, "forecast_without_teacher": without}
        return replace(self.outcome.student, about=_plain(about))

    def to_dict(self) -> dict[str, object]:
        """Plain JSON values: what was learnt from, forecast errors in scaled units, and histories."""
        without = None if self.alone is None else self.alone.to_dict()
        record = {**self.about, **self.outcome.to_dict(), "without_teacher": without}
        return {name: _plain(value) for name, value in record.items()}


def distil(
    series: Series,
    embeddings: Mapping[str, Embeddings],
    config: Config,
    settings: DistilSettings,
    progress: ProgressCallback | None = None,
) -> Distilled:
    """Train a student on the train windows of the split plan of `config`, and score its forecasts.

    `embeddings` are those of `pair_embeddings(config, series, name)`; they may know the future of their windows, for
    that is what the student learns from. Windows without one are left out of training. Training stops early by
    forecasts of the validation windows. Errors are in units of a scaler that is fitted to the train rows.
    """
    config = adopt_split_plan(config, (one.provenance for one in embeddings.values()))
    told = _embedded_columns(series, config)
    windows = _forecast_windows(told, split_windows(config, told.n_steps), config)
    taught, teacher = windows["train"], None
    if settings.teacher:
        stored = _stored(embeddings, told)
        common, at = _in_common(taught.starts, stored)
        taught, teacher = replace(taught, starts=common), TeacherVectors.of(stored, at)
    outcome = _outcome(taught, teacher, windows, config, settings, progress)
    compared = settings.compare and teacher is not None
    alone = _outcome(taught, None, windows, config, settings, progress) if compared else None
    about: dict[str, object] = {
        "teacher": None if teacher is None else teacher.embeddings.provenance.to_dict(),
        "settings": asdict(settings),
        "plan": {name: getattr(config, name) for name in ("seed", "split", "seq_len", "pred_len", "scaling")},
        "windows": {"train": len(taught), **{split: len(windows[split]) for split in EVALUATED}},
        "columns": list(told.columns),
        "table_digest": table_digest(series),
        "table_sketch": sketch(series.values),
    }
    return Distilled(outcome, alone, about)


def split_windows(config: Config, n_rows: int) -> dict[str, IntArray]:
    """Rows at which the windows to train on, to stop by and to score start: all those of the split plan.

    Without a plan the first 70 % of the windows, the next 10 % and the last 20 %, so far apart that no row, the
    forecast ones included, lies in windows of two of them.
    """
    if config.pred_len < 1:
        raise InputError(
            "a student learns by forecasting, so pred_len must be at least 1, got 0. Make the embeddings of its "
            "teacher with the steps it is to forecast kept free (--pred-len)."
        )
    plan = starts_by_split(replace(config, embedding_stride=1), n_rows)
    if WHOLE in plan:
        starts, apart = plan[WHOLE], config.seq_len + config.pred_len - 1
        train, val = (tenths * len(starts) // 10 for tenths in (TRAIN_END, VAL_END))
        plan = {
            "train": starts[: max(train - apart, 0)],
            "val": starts[train:val],
            "test": starts[val + apart :],
        }
    if not len(plan["train"]):
        raise InputError(
            f"the series has {n_rows} rows, which leaves no window of {config.seq_len + config.pred_len} "
            f"(seq_len={config.seq_len} + pred_len={config.pred_len}) to train on. Use smaller ones, or a longer "
            "series."
        )
    return plan


def _embedded_columns(series: Series, config: Config) -> Series:
    """The series with the columns that the embeddings describe, in its own order."""
    kept = sorted(variable_columns(config, series))
    return replace(series, values=series.values[:, kept], columns=tuple(series.columns[at] for at in kept))


def _forecast_windows(series: Series, starts: Mapping[str, IntArray], config: Config) -> dict[str, ForecastWindows]:
    """The windows of each split, scaled by the rows of the train windows."""
    train_rows = int(starts["train"][-1]) + config.seq_len + config.pred_len
    scaler = ColumnScaler.fit(series.values[:train_rows], config.scaling)
    scaled = scaler.where_flat(ColumnScaler.fit(series.values, config.scaling)).apply(series.values)
    return {split: ForecastWindows(scaled, starts[split], config.seq_len, config.pred_len) for split in starts}


def _stored(embeddings: Mapping[str, Embeddings], series: Series) -> Embeddings:
    """The embeddings of the split to train on, one for each column."""
    if not embeddings:
        raise InputError(
            "a student learns from the embeddings of a teacher (--embeddings), or without one (--no-teacher)."
        )
    stored = embeddings.get("train", embeddings.get(WHOLE))
    if stored is None:
        raise EmbeddingMismatchError(f"there are no embeddings of train windows, only of {', '.join(embeddings)}.")
    found = stored.vectors.shape[1]
    if found != len(series.columns):
        raise EmbeddingMismatchError(
            f"{stored.provenance.source} has {counted(found, 'vector')} for each window, the table "
            f"{counted(len(series.columns), 'column')}; the teacher's path reads one for each column."
        )
    return stored


def _in_common(starts: IntArray, stored: Embeddings) -> tuple[IntArray, IntArray]:
    """The windows to train on that have an embedding, and where in `stored` each of those is."""
    common, _, at = np.intersect1d(starts, stored.starts, assume_unique=True, return_indices=True)
    if not len(common):
        raise EmbeddingMismatchError(
            f"{stored.provenance.source} holds none of the {len(starts)} windows to train on, which start at rows "
            f"{starts[0]} to {starts[-1]}."
        )
    return common, at


def _outcome(
    taught: ForecastWindows,
    teacher: TeacherVectors | None,
    windows: Mapping[str, ForecastWindows],
    config: Config,
    settings: DistilSettings,
    progress: ProgressCallback | None,
) -> Outcome:
    """One student, with a teacher or without."""
    device = pick_device(config.device)
    net, history = fit_student(
        taught, teacher, windows["val"], settings, seed=config.seed, device=device, progress=progress
    )
    errors = {split: forecast_errors(net, windows[split], device) for split in EVALUATED}
    return Outcome(DistilledStudent(net, student_shape(taught, settings), device), history, errors)


def _plain(value: object) -> Any:
    """Plain JSON values; None for a number that is not known or not finite, which JSON has no word for."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

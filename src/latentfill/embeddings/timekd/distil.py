"""Distillation: trains TimeKD's student on stored embeddings, and compares it with a student without a teacher."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace

from latentfill.core.config import Config
from latentfill.core.series import Series
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.fingerprint import fingerprint
from latentfill.embeddings.timekd.distil_data import DistilData, distil_data, embedded_columns
from latentfill.embeddings.timekd.distil_settings import DistilSettings
from latentfill.embeddings.timekd.forecasts import ForecastErrors, forecast_errors
from latentfill.embeddings.timekd.student import DistilledStudent
from latentfill.embeddings.timekd.student_training import fit_student, student_shape
from latentfill.nn.progress import History, ProgressCallback
from latentfill.nn.runtime import pick_device


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """A trained student, its training history and the errors of its forecasts."""

    student: DistilledStudent
    history: History
    errors: Mapping[str, ForecastErrors]  # forecast errors by split

    def to_dict(self) -> dict[str, object]:
        """Forecast errors by split, and the training history."""
        return {"forecast": self.forecast, "history": asdict(self.history)}

    @property
    def forecast(self) -> dict[str, object]:
        """Forecast errors by split, as JSON values."""
        return {split: asdict(errors) for split, errors in self.errors.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Distilled:
    """A student with a teacher and one without, whose errors show the benefit of the teacher."""

    outcome: Outcome
    without_teacher: Outcome | None  # a second student, without a teacher, on the same windows; None if not trained
    about: Mapping[str, object]  # teacher, settings and table, JSON values

    @property
    def student(self) -> DistilledStudent:
        """The student with a record of its training, but without durations, so that equal runs give equal bytes."""
        undistilled = None if self.without_teacher is None else self.without_teacher.forecast
        about = {**self.about, "forecast": self.outcome.forecast, "forecast_without_teacher": undistilled}
        return replace(self.outcome.student, about=_json_dict(about))

    def to_dict(self) -> dict[str, object]:
        """JSON values: teacher, settings and table, forecast errors in scaled units, and training histories."""
        undistilled = None if self.without_teacher is None else self.without_teacher.to_dict()
        return _json_dict({**self.about, **self.outcome.to_dict(), "without_teacher": undistilled})


def distil(
    series: Series,
    embeddings: Mapping[str, Embeddings],
    config: Config,
    settings: DistilSettings,
    progress: ProgressCallback | None = None,
) -> Distilled:
    """Train a student on the train windows of the split plan of `config`, and score its forecasts.

    `embeddings` and the plan in `config` come from `pair_embeddings`. Embeddings may depend on the steps after their
    windows (privileged prompts). Training leaves out windows without an embedding, and stops early by the forecasts of
    the validation windows. Errors are in units of a scaler that is fitted to the train rows.

    Raises
    ------
    InputError
        If there are no steps to forecast, no windows to train on, or no embeddings of a teacher.
    EmbeddingMismatchError
        If the embeddings do not fit the train windows, or do not have one vector for each column.
    """
    columns = embedded_columns(series, config)
    data = distil_data(columns, embeddings if settings.teacher else None, config)
    outcome = _trained(data, config, settings, progress)
    without_teacher = None
    if settings.compare and data.teacher is not None:
        without_teacher = _trained(data.without_teacher(), config, settings, progress)
    about: dict[str, object] = {
        "teacher": None if data.teacher is None else data.teacher.embeddings.provenance.to_dict(),
        "settings": asdict(settings),
        "plan": {"seed": config.seed, **config.stored.plan.to_dict(), "scaling": config.windows.scaling},
        "windows": {"train": len(data.train), **{split: len(windows) for split, windows in data.scored.items()}},
        "columns": list(columns.columns),
        "table_digest": table_digest(series),
        "table_sketch": fingerprint(series.values),
    }
    return Distilled(outcome, without_teacher, about)


def _trained(data: DistilData, config: Config, settings: DistilSettings, progress: ProgressCallback | None) -> Outcome:
    """Train and score one student."""
    device = pick_device(config.device)
    net, history = fit_student(data, settings, seed=config.seed, device=device, progress=progress)
    errors = {split: forecast_errors(net, windows, device) for split, windows in data.scored.items()}
    return Outcome(DistilledStudent(net, student_shape(data.train, settings), device), history, errors)


def _json_dict(record: Mapping[str, object]) -> dict[str, object]:
    """JSON values; numbers that are not finite become None."""
    return {name: _json_value(value) for name, value in record.items()}


def _json_value(value: object) -> object:
    if isinstance(value, Mapping):
        return _json_dict(value)
    if isinstance(value, list | tuple):
        return [_json_value(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

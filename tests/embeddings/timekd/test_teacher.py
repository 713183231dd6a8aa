"""TimeKD's teacher: windows to embeddings through a language model."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.embeddings.protocols.embedder import cut_raw_windows
from latentfill.embeddings.protocols.encoder_settings import PromptStyle
from latentfill.embeddings.timekd.teacher import Teacher, TeacherSettings
from latentfill.windows.scaling import ColumnScaler

Make = Callable[..., Series]


def embed(teacher: Teacher, series: Series, starts: tuple[int, ...] = (0, 5), length: int = 12) -> np.ndarray:
    scaler = ColumnScaler.fit(series.values)
    return teacher.embed(cut_raw_windows(series, scaler, np.array(starts), length, teacher.horizon))


@pytest.mark.parametrize("columns", [1, 3])
def test_every_window_and_column_has_a_vector_and_embedding_again_gives_the_same_bytes(
    language_model: Path, hourly: Make, columns: int
):
    series = hourly(columns=columns)
    found = embed(Teacher.load(language_model), series)
    assert found.shape == (2, columns, Teacher.load(language_model).model.size)
    assert found.dtype == np.float32
    assert found.std(axis=2).min() > 0.1  # a single column is not normalised to zero
    np.testing.assert_array_equal(embed(Teacher.load(language_model), series), found)


def test_another_seed_gives_other_vectors(language_model: Path, hourly: Make):
    one, other = (embed(Teacher.load(language_model, TeacherSettings(seed=seed)), hourly()) for seed in (0, 1))
    assert np.abs(one - other).max() > 1e-3


def test_the_seeded_weights_can_be_stored(language_model: Path):
    weights = Teacher.load(language_model, TeacherSettings(seed=3)).weights(4)
    assert {name: weight.shape for name, weight in weights.items()} == dict.fromkeys(
        ("query", "key", "value", "out"), (4, 4)
    )


def test_steps_after_a_window_change_only_privileged_embeddings(language_model: Path, hourly: Make):
    series = hourly()
    later = series.values.copy()
    later[30:] += 3.0
    changed = Series(later, series.columns, series.time, series.rows, series.step)
    scaler = ColumnScaler.fit(series.values)
    for privileged in (False, True):
        teacher = Teacher.load(language_model, TeacherSettings(pred_len=6, privileged=privileged))
        before, after = (
            teacher.embed(cut_raw_windows(s, scaler, np.array([18]), 12, teacher.horizon)) for s in (series, changed)
        )
        assert np.array_equal(before, after) is not privileged
        assert teacher.settings["privileged"] is privileged
        assert teacher.horizon == (6 if privileged else 0)


def test_a_hidden_value_does_not_change_the_teachers_embedding(language_model: Path, hourly: Make):
    series = hourly()
    marked = series.values.copy()
    marked[3, 0] = 1e6
    for fill in ("linear", "mean", "zero", "word"):
        teacher = Teacher.load(language_model, TeacherSettings(style=PromptStyle(decimals=1, rough_fill=fill)))
        both = [values.copy() for values in (series.values, marked)]
        for values in both:
            values[3, 0] = np.nan
        scaler = ColumnScaler.fit(both[0])
        found = [
            teacher.embed(
                cut_raw_windows(Series(v, series.columns, series.time, series.rows), scaler, np.array([0]), 12)
            )
            for v in both
        ]
        np.testing.assert_array_equal(*found)


def test_privileged_prompts_need_steps_after_the_window():
    with pytest.raises(InputError, match=r"privileged prompts contain the values after a window: set their number"):
        TeacherSettings(privileged=True)

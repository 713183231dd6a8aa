from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.series import Series
from latentfill.core.window_plan import PLAN_SETTINGS
from latentfill.embeddings.embed_table import TableEmbedder
from latentfill.embeddings.pairing import pair_embeddings
from latentfill.embeddings.protocols.embedder import cut_raw_windows
from latentfill.embeddings.protocols.record import Embeddings, Provenance
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.packed_writing import SplitVectors, save_packed_file
from latentfill.embeddings.timekd.distil import distil
from latentfill.embeddings.timekd.distil_data import split_windows
from latentfill.embeddings.timekd.distil_settings import DistilSettings
from latentfill.embeddings.timekd.student import DistilledStudent
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import cut

SEQ, PRED, ROWS = 12, 4, 300
CONFIG = Config(split="custom", seq_len=SEQ, pred_len=PRED, device="cpu")
SETTINGS = DistilSettings(dim=8, layers=1, heads=2, steps=60, batch=16, check_every=20, learning_rate=1e-2)
N_TRAIN = 210 - SEQ - PRED + 1  # of 70 % of the rows


def series(columns: tuple[str, ...] = ("OT", "b", "c")) -> Series:
    """Noisy waves with gaps."""
    rng = np.random.default_rng(0)
    angle = 2 * np.pi * np.arange(ROWS)[:, None] / 24 + np.arange(len(columns))
    values = 5 + np.sin(angle) + rng.normal(0, 0.1, (ROWS, len(columns)))
    values[rng.random(values.shape) < 0.05] = np.nan
    return Series(values, columns, None, np.arange(ROWS))


def teacher_vectors(table: Series, starts: np.ndarray, source: str = "here") -> Embeddings:
    """A teacher whose vectors contain the next steps of each window."""
    future = np.nan_to_num(cut(table.values, starts + SEQ, PRED)).transpose(0, 2, 1)
    return Embeddings(future.astype(np.float32), starts, Provenance(encoder="knowing", source=source))


def train_vectors(table: Series) -> dict[str, Embeddings]:
    return {"train": teacher_vectors(table, np.arange(N_TRAIN))}


def test_distillation_trains_a_student_and_one_without_a_teacher():
    table = series()
    found = distil(table, train_vectors(table), CONFIG, SETTINGS)
    record: dict[str, Any] = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert record["windows"] == {"train": N_TRAIN, "val": 30 - PRED + 1, "test": 60 - PRED + 1}
    assert record["teacher"]["encoder"] == "knowing"
    assert record["columns"] == ["OT", "b", "c"]
    for outcome in (record, record["without_teacher"]):
        assert outcome["history"]["steps"] == 60
        for split in ("val", "test"):
            assert outcome["forecast"][split]["windows"] == record["windows"][split]
            assert 0 < outcome["forecast"][split]["mse"] < 1.5  # of the variance of a column
    assert record["forecast"] != record["without_teacher"]["forecast"]


def test_errors_are_in_units_of_the_train_rows():
    table = series()
    scaled = replace(table, values=table.values * 1000)
    both = [distil(one, train_vectors(table), CONFIG, replace(SETTINGS, compare=False)) for one in (table, scaled)]
    mse = [one.outcome.errors["test"].mse for one in both]
    assert mse[0] == pytest.approx(mse[1], rel=1e-2)


def test_the_student_embeds_and_records_its_training(tmp_path: Path):
    table = series()
    found = distil(table, train_vectors(table), CONFIG, SETTINGS)
    found.student.save(tmp_path)
    student = DistilledStudent.load(tmp_path)
    vectors = student.embed(cut_raw_windows(table, ColumnScaler.fit(table.values), np.arange(20), SEQ))
    assert vectors.shape == (20, 3, 10)
    about: Any = student.about
    assert about["table_digest"] == table_digest(table)
    assert about["teacher"]["source"] == "here"
    assert about["forecast"] == found.to_dict()["forecast"]


def test_a_student_embeds_a_table_without_a_language_model(tmp_path: Path):
    table = series()
    student = distil(table, train_vectors(table), CONFIG, replace(SETTINGS, steps=10, compare=False)).student
    provenance = TableEmbedder(table, student, Config(seq_len=SEQ, pred_len=0)).make_packed_file(tmp_path / "packed")
    found = pair_embeddings(Config(embeddings=str(tmp_path / "packed")), table, None).splits["all"]
    assert found.vectors.shape == (ROWS - SEQ + 1, 3, 10)
    assert (provenance.encoder, provenance.weights_digest, provenance.saw) == (
        "student",
        student.weights_digest,
        "observed",
    )


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path):
    table = series()
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        settings = replace(SETTINGS, steps=10, compare=False)
        distil(table, train_vectors(table), replace(CONFIG, seed=seed), settings).student.save(tmp_path / name)
    for file in ("config.json", "model.safetensors"):
        a, b, c = ((tmp_path / name / file).read_bytes() for name in "abc")
        assert a == b != c


def test_a_student_without_a_teacher_needs_no_embeddings_and_uses_all_train_windows():
    found = distil(series(), {}, CONFIG, replace(SETTINGS, teacher=False, steps=300))
    record = found.to_dict()
    assert (record["teacher"], record["without_teacher"]) == (None, None)
    assert found.outcome.errors["test"].mse < 0.2


def test_the_compared_student_equals_one_trained_without_a_teacher():
    table = series()
    compared = distil(table, train_vectors(table), CONFIG, SETTINGS).without_teacher
    without_teacher = distil(table, {}, CONFIG, replace(SETTINGS, teacher=False)).outcome
    assert compared is not None
    assert compared.errors == without_teacher.errors


def test_windows_without_an_embedding_are_left_out_for_both_students():
    table = series()
    every_third = {"train": teacher_vectors(table, np.arange(0, N_TRAIN, 3))}
    found = distil(table, every_third, CONFIG, SETTINGS)
    assert found.to_dict()["windows"] == {"train": len(range(0, N_TRAIN, 3)), "val": 27, "test": 57}
    assert found.without_teacher is not None


def test_vectors_are_matched_to_their_windows():
    """Additional vectors and another order of vectors change nothing."""
    table = series()
    stored = teacher_vectors(table, np.arange(N_TRAIN + 20))
    order = np.random.default_rng(0).permutation(len(stored.starts))
    mixed = replace(stored, vectors=stored.vectors[order], starts=stored.starts[order])
    settings = replace(SETTINGS, steps=10, compare=False)
    errors = [distil(table, {"train": one}, CONFIG, settings).outcome.errors for one in (stored, mixed)]
    assert errors[0] == errors[1]


def test_the_split_plan_of_a_packed_file_is_adopted(tmp_path: Path):
    table = series()
    plan = {"split": "custom", "seq_len": SEQ, "pred_len": PRED, "embedding_stride": 2, "features": "M", "target": "c"}
    assert set(plan) == set(PLAN_SETTINGS)
    starts = {"train": np.arange(0, N_TRAIN, 2), "val": np.arange(198, 225, 2), "test": np.arange(228, 285, 2)}
    provenance = Provenance(encoder="knowing", source="computed", window=plan, table_digest=table_digest(table))
    known = {split: teacher_vectors(table, of_split).vectors for split, of_split in starts.items()}
    parts = {split: SplitVectors(vectors.shape, vectors, starts[split]) for split, vectors in known.items()}
    packed = save_packed_file(tmp_path / "packed", parts, provenance)
    config = Config(embeddings=str(packed), device="cpu")
    paired = pair_embeddings(config, table, None)
    found = distil(table, paired.splits, config.with_plan(paired.plan), SETTINGS).to_dict()
    assert found["windows"] == {"train": 98, "val": 27, "test": 57}
    assert found["plan"]["split"] == "custom"


def test_without_a_split_plan_the_first_windows_train_and_the_last_windows_test():
    config = Config(seq_len=SEQ, pred_len=PRED)
    plan = split_windows(config, ROWS)  # 285 windows
    assert plan["val"].tolist() == list(range(199, 228))
    rows = {split: set((starts[:, None] + np.arange(SEQ + PRED)).ravel()) for split, starts in plan.items()}
    assert not rows["train"] & rows["val"]
    assert not rows["val"] & rows["test"]
    assert (min(rows["train"]), max(rows["test"])) == (0, ROWS - 1)
    table = series()
    found = distil(table, {"all": teacher_vectors(table, np.arange(285))}, config.replace(device="cpu"), SETTINGS)
    assert found.to_dict()["windows"] == {split: len(starts) for split, starts in plan.items()}


def test_only_the_target_is_learnt_if_only_the_target_is_embedded():
    table = series()
    config = replace(CONFIG, features="S", target="b")
    only = replace(table, values=table.values[:, [1]], columns=("b",))
    found = distil(table, train_vectors(only), config, SETTINGS)
    assert found.to_dict()["columns"] == ["b"]


def test_an_empty_column_does_not_prevent_training():
    table = series()
    table.values[:, 2] = np.nan
    found = distil(table, train_vectors(table), CONFIG, SETTINGS)
    assert found.outcome.errors["test"].cells == np.isfinite(cut(table.values, np.arange(240, 297), PRED)).sum()
    assert np.isfinite(found.outcome.errors["test"].mse)


def test_unknown_errors_are_none_in_json():
    table = series()
    table.values[240:] = np.nan
    found: Any = distil(table, train_vectors(table), CONFIG, replace(SETTINGS, compare=False)).to_dict()
    assert found["forecast"]["test"] == {"mse": None, "mae": None, "windows": 57, "cells": 0}


@pytest.mark.parametrize(
    ("split", "vectors", "words"),
    [
        (None, None, r"embeddings of a teacher: give them \(--embeddings\), or train without a teacher"),
        ("val", (N_TRAIN, 3), "no embeddings of the train windows, only of val"),
        ("train", (N_TRAIN, 1), "here has 1 vector for each window, but the table has 3 columns"),
        ("train", (0, 3), f"here holds none of the {N_TRAIN} windows to train on, which start at positions 0 to 194"),
    ],
)
def test_a_teacher_that_does_not_fit_is_reported(split: str | None, vectors: tuple[int, int] | None, words: str):
    embeddings = {}
    if split is not None and vectors is not None:
        drawn = np.zeros((*vectors, 4), np.float32)
        embeddings[split] = Embeddings(drawn, np.arange(len(drawn)), Provenance(encoder="x", source="here"))
    with pytest.raises(InputError, match=words):
        distil(series(), embeddings, CONFIG, SETTINGS)


def test_invalid_horizons_and_missing_teachers_are_reported():
    no_teacher = replace(SETTINGS, teacher=False)
    with pytest.raises(InputError, match="pred_len must be at least 1, got 0"):
        distil(series(), {}, replace(CONFIG, split="none", pred_len=0), no_teacher)
    with pytest.raises(InputError, match=r"300 rows, which leaves no window of 600 .* to train on"):
        distil(series(), {}, replace(CONFIG, split="none", seq_len=500, pred_len=100), no_teacher)


def test_vectors_that_are_not_finite_are_reported():
    vectors = train_vectors(series())
    vectors["train"].vectors[5] = np.nan
    with pytest.raises(
        EmbeddingMismatchError, match="window that starts at position 5 holds values that are not finite"
    ):
        distil(series(), vectors, CONFIG, SETTINGS)


def test_progress_reports_name_both_students():
    table, stages = series(), []
    distil(table, train_vectors(table), CONFIG, SETTINGS, progress=lambda now: stages.append(now.stage))
    assert list(dict.fromkeys(stages)) == ["student", "student without teacher"]

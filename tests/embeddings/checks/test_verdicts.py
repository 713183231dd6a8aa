"""The checks of stored embeddings, as `latentfill inspect` reports them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest

from latentfill.core.config import Config
from latentfill.embeddings.checks.verdicts import check_repeatability
from latentfill.embeddings.protocols.record import Provenance
from latentfill.embeddings.stored.packed_file import PackedFile, load_packed_file
from latentfill.embeddings.stored.packed_writing import SplitVectors, save_packed_file
from latentfill.embeddings.stored.split_windows import starts_by_split

Run = Callable[..., int]
PLAN = Config(split="custom", seq_len=24, pred_len=6)
OPTIONS = ("--split", "custom", "--seq-len", 24, "--pred-len", 6)
STEPS = 1400


@pytest.fixture(scope="module")
def values() -> np.ndarray:
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(STEPS, 2))
    for row in range(1, STEPS):
        noise[row] += 0.8 * noise[row - 1]
    return noise


@pytest.fixture
def table(values: np.ndarray, tmp_path: Path) -> Path:
    time = pd.date_range("2024-01-01", periods=STEPS, freq="h", name="date")
    pd.DataFrame(values, columns=["flow", "OT"], index=time).to_csv(tmp_path / "sensor.csv")
    return tmp_path / "sensor.csv"


def embedded(values: np.ndarray, starts: np.ndarray, weights: int = 0) -> np.ndarray:
    windows = np.stack([values[start : start + PLAN.stored.plan.seq_len] for start in starts])
    drawn = np.random.default_rng(weights).normal(size=(PLAN.stored.plan.seq_len, 16))
    return np.tanh(windows.transpose(0, 2, 1) @ drawn / 10).astype(np.float32)


def write_folder(folder: Path, splits: dict[str, np.ndarray]) -> Path:
    """TimeKD's layout."""
    for split, vectors in splits.items():
        (folder / "sensor" / "6" / split).mkdir(parents=True)
        for index, vector in enumerate(vectors):
            with h5py.File(folder / "sensor" / "6" / split / f"{index}.h5", "w") as file:
                file["embeddings"] = vector
    return folder


def checks(run_cli: Run, capsys: pytest.CaptureFixture[str], *arguments: object, code: int = 0) -> dict[str, Any]:
    assert run_cli("inspect", *arguments, "--json") == code
    found: dict[str, Any] = json.loads(capsys.readouterr().out)["checks"]
    return found


def test_correct_embeddings_are_aligned_and_share_a_space(
    run_cli: Run, values: np.ndarray, table: Path, tmp_path: Path, capsys
):
    plan = starts_by_split(PLAN.stored.plan, STEPS)
    folder = write_folder(tmp_path / "made", {split: embedded(values, plan[split]) for split in ("train", "val")})
    found = checks(run_cli, capsys, folder, "--table", table, *OPTIONS)
    assert {split: one["verdict"] for split, one in found["alignment"].items()} == dict.fromkeys(
        ("train", "val"), "aligned"
    )
    assert found["alignment"]["train"]["says"] == "train: embedding i belongs to window i"
    assert found["one space"]["train, val"]["verdict"] == "one space"
    assert run_cli("inspect", folder, "--table", table, *OPTIONS) == 0
    text = capsys.readouterr().out
    assert "- val: embedding i belongs to window i\n" in text
    assert "- train and val share a space: a probe fitted to train explains" in text
    assert "% of the changes of the embeddings of val, a probe fitted to val " in text


def test_a_shift_and_embeddings_of_the_wrong_split_are_reported(
    run_cli: Run, values: np.ndarray, table: Path, tmp_path: Path, capsys
):
    plan = starts_by_split(PLAN.stored.plan, STEPS)
    n = len(plan["val"])
    splits = {"train": embedded(values, plan["train"] + 1), "val": embedded(values, plan["test"][:n])}
    found = checks(run_cli, capsys, write_folder(tmp_path / "made", splits), "--table", table, *OPTIONS, code=1)
    assert found["alignment"]["train"]["shift"] == [1, 1]
    assert found["alignment"]["train"]["says"] == (
        "train: embedding i belongs to the window that starts 1 row later than window i"
    )
    off = int(plan["test"][0] - plan["val"][0])
    assert found["alignment"]["val"]["says"] == (
        f"val: embedding i belongs to the window that starts {off} rows later than window i, like the windows of test"
    )
    assert found["one space"]["train, val"]["verdict"] == "one space"  # a shift does not change the space


def test_splits_of_two_encoders_are_reported_as_two_spaces(
    run_cli: Run, values: np.ndarray, table: Path, tmp_path: Path, capsys
):
    plan = starts_by_split(PLAN.stored.plan, STEPS)
    splits = {"train": embedded(values, plan["train"]), "val": embedded(values, plan["val"], weights=1)}
    found = checks(run_cli, capsys, write_folder(tmp_path / "made", splits), "--table", table, *OPTIONS)
    assert found["one space"]["train, val"]["verdict"] == "two spaces"
    says = found["one space"]["train, val"]["says"]
    assert says.startswith("train and val do not share a space, so nothing learnt from one holds for the other: ")


def test_a_packed_file_is_compared_with_a_folder(run_cli: Run, values: np.ndarray, table: Path, tmp_path: Path, capsys):
    plan = starts_by_split(PLAN.stored.plan, STEPS)
    vectors = {split: embedded(values, plan[split]) for split in ("train", "val")}
    folder = write_folder(tmp_path / "made", {**vectors, "val": embedded(values, plan["val"], weights=1)})
    packed = tmp_path / "all.packed"
    parts = {split: SplitVectors(of_split.shape, of_split) for split, of_split in vectors.items()}
    save_packed_file(packed, parts, Provenance(encoder="unknown", source="made"))
    found = checks(run_cli, capsys, packed, "--beside", folder)["repeatability"]
    assert found["train"]["says"] == f"train, {len(plan['train'])} windows: both sets hold the same embeddings"
    assert found["val"]["verdict"] == "another space"


def test_a_packed_file_with_a_stride_is_checked(run_cli: Run, values: np.ndarray, table: Path, tmp_path: Path, capsys):
    plan = starts_by_split(replace(PLAN.stored.plan, embedding_stride=4), STEPS)
    parts = {split: SplitVectors((len(at), 2, 16), embedded(values, at)) for split, at in plan.items()}
    packed = tmp_path / "all.packed"
    save_packed_file(packed, parts, Provenance(encoder="unknown", source="made"))
    found = checks(run_cli, capsys, packed, "--table", table, *OPTIONS, "--embedding-stride", 4)
    assert found["alignment"]["train"]["verdict"] == "aligned"
    assert found["alignment"]["val"]["why"] == "there are fewer than 40 pairs of consecutive windows"


def test_beside_is_refused_without_embeddings(run_cli: Run, table: Path, capsys):
    assert run_cli("inspect", table, "--beside", table) != 0
    assert "--beside goes with embeddings" in " ".join(capsys.readouterr().err.split())


def test_alignment_is_unclear_if_vectors_are_not_finite_or_constant(
    run_cli: Run, values: np.ndarray, table: Path, tmp_path, capsys
):
    plan = starts_by_split(PLAN.stored.plan, STEPS)
    broken, flat = embedded(values, plan["train"]), np.ones((len(plan["val"]), 2, 16), np.float32)
    broken[7, 1, 3] = np.nan
    folder = write_folder(tmp_path / "made", {"train": broken, "val": flat})
    found = checks(run_cli, capsys, folder, "--table", table, *OPTIONS)["alignment"]
    assert (found["train"]["verdict"], found["val"]["verdict"]) == ("unclear", "unclear")
    assert "values that are not finite: window 7" in found["train"]["says"]


def test_another_number_of_variables_than_columns_is_reported(
    run_cli: Run, values: np.ndarray, table: Path, tmp_path: Path, capsys
):
    plan = starts_by_split(PLAN.stored.plan, STEPS)
    vectors = embedded(values, plan["train"])
    folder = write_folder(tmp_path / "made", {"train": np.concatenate([vectors, vectors], axis=1)})
    found = checks(run_cli, capsys, folder, "--table", table, *OPTIONS)["alignment"]["train"]
    assert found["says"].startswith(
        "train: it is unclear whether embedding i belongs to window i: the embeddings cannot be read."
    )
    assert "4" in found["why"]
    assert "2" in found["why"]


def test_a_missing_window_is_reported(run_cli: Run, values: np.ndarray, table: Path, tmp_path: Path, capsys):
    plan = starts_by_split(PLAN.stored.plan, STEPS)
    folder = write_folder(tmp_path / "made", {split: embedded(values, plan[split]) for split in ("train", "val")})
    (folder / "sensor" / "6" / "train" / "40.h5").unlink()
    found = checks(run_cli, capsys, folder, "--table", table, *OPTIONS, code=1)
    assert "40" in found["alignment"]["train"]["why"]
    assert found["alignment"]["val"]["verdict"] == "aligned"
    assert found["one space"] == {}
    repeated = checks(run_cli, capsys, folder, "--beside", folder, code=1)["repeatability"]
    assert (repeated["train"]["verdict"], repeated["val"]["verdict"]) == ("unclear", "the same")
    assert run_cli("inspect", folder) == 1
    assert "- train: no file for window 40\n" in capsys.readouterr().out


def test_splits_of_one_window_or_of_different_shapes_are_unclear(
    run_cli: Run, values: np.ndarray, table: Path, tmp_path, capsys
):
    plan = starts_by_split(PLAN.stored.plan, STEPS)
    few = write_folder(tmp_path / "few", {split: embedded(values, plan[split][:1]) for split in ("train", "val")})
    found = checks(run_cli, capsys, few, "--table", table, *OPTIONS)
    assert {one["verdict"] for check in found.values() for one in check.values()} == {"unclear"}
    sets = {"train": embedded(values, plan["train"]), "val": embedded(values, plan["val"])[:, :, :8]}
    found = checks(run_cli, capsys, write_folder(tmp_path / "two", sets), "--table", table, *OPTIONS)["alignment"]
    assert found["train"]["verdict"] == "aligned"
    assert (
        found["val"]["why"]
        == "the embeddings cannot be read. Their shape is (2, 8), but another split has the shape (2, 16)."
    )


def test_windows_are_matched_by_row_and_different_tables_are_reported(tmp_path: Path):
    vectors = np.random.default_rng(0).normal(size=(300, 2, 4)).astype(np.float32)

    def packed(name: str, every: int, table: str, split: str = "all") -> PackedFile:
        starts = np.arange(0, 300, every)
        part = SplitVectors((len(starts), 2, 4), vectors[starts], starts)
        provenance = Provenance(encoder="x", source="y", table_digest=table)
        return load_packed_file(save_packed_file(tmp_path / name, {split: part}, provenance))

    whole = packed("whole", 1, "one")
    found = check_repeatability(whole, packed("seventh", 7, "one"))
    assert found["all"]["verdict"] == "the same"
    assert found["all"]["windows"] == 43
    assert "different tables" in check_repeatability(whole, packed("other", 1, "two"))["tables"]["says"]
    (none,) = check_repeatability(whole, packed("train", 1, "one", "train")).values()
    assert "no split in common: all in the first set, train in the second" in none["says"]


def test_a_single_split_gets_no_verdict_on_one_space(values: np.ndarray, tmp_path: Path, run_cli: Run, capsys):
    starts = np.arange(0, 60)
    part = SplitVectors((60, 1, 4), np.ones((60, 1, 4), np.float32), starts)
    packed = save_packed_file(tmp_path / "a.packed", {"all": part}, Provenance.unknown(tmp_path))
    frame = pd.DataFrame(values[:83, :1], columns=["OT"], index=pd.RangeIndex(83, name="row"))
    frame.to_csv(tmp_path / "a.csv")
    arguments = ("--table", tmp_path / "a.csv", "--time", "none", "--columns", "OT", "--seq-len", 24, "--pred-len", 0)
    assert run_cli("inspect", packed, *arguments) == 0
    output = capsys.readouterr().out
    assert "alignment:" in output
    assert "one space:" not in output

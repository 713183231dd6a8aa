"""`latentfill distil` as a user runs it: from a teacher's packed file to a student and its embeddings."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill.embeddings.protocols.record import Provenance
from latentfill.embeddings.stored.packed_file import load_packed_file
from latentfill.embeddings.stored.packed_writing import SplitVectors, save_packed_file
from latentfill.embeddings.timekd.student import DistilledStudent

Run = Callable[..., int]
PLAN = ("--split", "custom", "--seq-len", 12, "--pred-len", 4)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    rng = np.random.default_rng(0)
    values = np.sin(np.arange(120)[:, None] / 4 + np.arange(2)) + 0.1 * rng.normal(size=(120, 2))
    frame = pd.DataFrame(values, columns=["flow", "OT"])
    frame.insert(0, "date", pd.date_range("2020-01-01", periods=120, freq="h"))
    frame.to_csv(tmp_path / "sensor.csv", index=False)
    return tmp_path / "sensor.csv"


@pytest.fixture
def teacher(tmp_path: Path) -> Path:
    """Embeddings of random numbers for the 69 train windows: rows 0-84 of 120."""
    vectors = np.random.default_rng(1).normal(size=(69, 2, 8)).astype(np.float32)
    provenance = Provenance(encoder="timekd", source="computed")
    return save_packed_file(
        tmp_path / "teacher.packed", {"train": SplitVectors((69, 2, 8), vectors, np.arange(69))}, provenance
    )


def test_a_student_embeds_without_its_teacher(run_cli: Run, table: Path, teacher: Path, tmp_path: Path, capsys):
    student, packed = tmp_path / "student", tmp_path / "student.packed"
    assert run_cli("distil", table, "--embeddings", teacher, "-m", student, *PLAN, "--steps", 30) == 0
    output = " ".join(capsys.readouterr().err.split())
    assert "student: forecast MSE" in output
    assert "without a teacher: forecast MSE" in output
    embed = ("embed", table, "--encoder", "student", "--student", student, "--seq-len", 12, "-o", packed, "-q")
    assert run_cli(*embed) == 0
    embeddings = load_packed_file(packed)
    assert embeddings.splits == {"all": 109}
    assert embeddings.provenance.encoder == "student"
    assert embeddings.provenance.weights_digest == DistilledStudent.load(student).weights_digest
    first = packed.read_bytes()
    assert run_cli(*embed, "--overwrite") == 0
    assert packed.read_bytes() == first


def test_scores_of_a_student_on_its_own_table_are_labelled_oracle(run_cli: Run, table: Path, tmp_path: Path, capsys):
    student, other, part = f"student:{tmp_path / 'student'}", tmp_path / "other.csv", tmp_path / "part.csv"
    frame = pd.read_csv(table, index_col=0)
    (frame + 1).to_csv(other)
    frame[["OT"]].head(60).to_csv(part)
    assert run_cli("distil", table, "-m", tmp_path / "student", *PLAN, "--no-teacher", "--steps", 3) == 0
    stride = ("--set", "stride=6")
    quick = [part for name in ("encoder_steps", "decoder_steps") for part in ("--set", f"{name}=3")]
    for scored, label in ((table, "oracle"), (part, "oracle"), (other, None)):
        capsys.readouterr()
        evaluate = (
            "evaluate",
            scored,
            "--encoders",
            f"none,{student}",
            "--strategies",
            "denoise",
            "--length",
            12,
            *quick,
            *stride,
        )
        assert run_cli(*evaluate, "-o", tmp_path / "scores.json") == 0
        assert ("distilled on cells of this very table" in " ".join(capsys.readouterr().err.split())) == bool(label)
        scores = json.loads((tmp_path / "scores.json").read_text())["scores"]
        assert {score["encoder"]: score["label"] for score in scores if score["encoder"]} == {
            "none": None,
            student: label,
        }


def test_a_student_can_be_trained_on_the_table_alone(run_cli: Run, table: Path, tmp_path: Path, capsys):
    assert run_cli("distil", table, "-m", tmp_path / "student", *PLAN, "--no-teacher", "--steps", 30) == 0
    assert "without a teacher" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "--embeddings"),
        (("--no-teacher", "--pred-len", 0), "pred_len must be at least 1"),
        (("--no-teacher", "--steps", 0), "steps must be at least 1, got 0"),
        (("--no-teacher", "--embeddings", "x"), "leave out --embeddings or --no-teacher"),
        (("--embeddings", "x"), "x is not a folder"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    run_cli: Run, table: Path, tmp_path: Path, capsys, arguments: tuple[object, ...], message: str
):
    assert run_cli("distil", table, "-m", tmp_path / "student", *PLAN, *arguments) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "student").exists()


def test_inspect_describes_a_student(run_cli: Run, table: Path, tmp_path: Path, capsys):
    assert run_cli("distil", table, "-m", tmp_path / "student", *PLAN, "--no-teacher", "--steps", 3) == 0
    capsys.readouterr()
    assert run_cli("inspect", tmp_path / "student", "--json") == 0
    inspection = json.loads(capsys.readouterr().out)
    assert (inspection["kind"], inspection["shape"]["length"], inspection["teacher"]) == ("student", 12, None)
    assert "table_sketch" not in inspection
    assert run_cli("inspect", tmp_path / "student") == 0
    assert "kind: student" in capsys.readouterr().out

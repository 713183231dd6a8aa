"""`latentfill embed` as a user runs it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill.core.config import Config
from latentfill.core.series import Series
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.packed_file import load_packed_file
from latentfill.imputation.fitting.smoothed_series import smoothed_values
from latentfill.tables.read import read_table

Run = Callable[..., int]
PLAN = ("--split", "custom", "--seq-len", 12, "--pred-len", 4)


@pytest.fixture
def table(tmp_path: Path, hourly: Callable[..., Series]) -> Path:
    series = hourly(90, 2, gaps=0.05)
    frame = pd.DataFrame(series.values, columns=["flow", "OT"], index=pd.Index(series.time, name="date"))
    frame.to_csv(tmp_path / "sensor.csv")
    return tmp_path / "sensor.csv"


def test_the_embeddings_of_a_table_fill_it(run_cli: Run, table: Path, tmp_path: Path, language_model: Path, capsys):
    packed, out = tmp_path / "a.packed", tmp_path / "filled.csv"
    assert run_cli("embed", table, "-o", packed, "--lm", language_model, *PLAN) == 0
    assert "47 windows of train, 7 windows of val, 15 windows of test" in " ".join(capsys.readouterr().err.split())
    quick = ("--set", "encoder_steps=3", "--set", "decoder_steps=3", "--set", "width=8", "--set", "dim=8")
    codes = tmp_path / "codes.csv"
    options = ("--embeddings", packed, "--codes", codes, "--length", 12, "--strategy", "denoise", "--set", "stride=6")
    assert run_cli("impute", table, "-o", out, *options, *quick) == 0
    output = " ".join(capsys.readouterr().err.split())
    assert "filled from the stored embeddings of test (15 windows)" in output
    assert "not known to share a space" not in output
    assert not pd.read_csv(out).isna().any(axis=None)
    assert (pd.read_csv(codes)[["flow", "OT"]] == 2).any(axis=None)  # the decoder of the stored embeddings


def test_the_former_name_of_the_packed_layout_is_accepted(
    run_cli: Run, table: Path, tmp_path: Path, language_model: Path
):
    for layout in ("bank", "packed"):
        out = tmp_path / f"a.{layout}"
        assert run_cli("embed", table, "-o", out, "--lm", language_model, "--layout", layout, *PLAN, "-q") == 0
    assert (tmp_path / "a.bank").read_bytes() == (tmp_path / "a.packed").read_bytes()


def test_without_a_split_every_row_lies_in_a_window(run_cli: Run, table: Path, tmp_path: Path, language_model: Path):
    packed = tmp_path / "a.packed"
    assert run_cli("embed", table, "-o", packed, "--lm", language_model, "--seq-len", 12, "--embedding-stride", 8) == 0
    assert load_packed_file(packed).starts["all"].tolist() == [*range(0, 78, 8), 78]
    provenance = load_packed_file(packed).provenance
    assert provenance.saw == "observed"
    assert provenance.settings["privileged"] is False


def test_the_provenance_records_the_settings_of_the_prompt(
    run_cli: Run, table: Path, tmp_path: Path, language_model: Path
):
    packed = tmp_path / "a.packed"
    prompt = ("--rough-fill", "word", "--missing-word", "nan", "--decimals", 0, "--truncate", "--layers", 1)
    assert run_cli("embed", table, "-o", packed, "--lm", language_model, *PLAN, "--privileged", *prompt, "-q") == 0
    provenance = load_packed_file(packed).provenance
    assert provenance.settings["privileged"] is True
    assert (provenance.settings["layers"], provenance.settings["truncate"], provenance.saw) == (1, True, "observed")


def test_smooth_rough_fill_embeds_the_smoothed_table(run_cli: Run, table: Path, tmp_path: Path, language_model: Path):
    """A table that is filled by its smoothed series beforehand gives the same vectors as --rough-fill smooth."""
    smooth, filled = tmp_path / "smooth.packed", tmp_path / "filled.packed"
    plan = ("--lm", language_model, *PLAN, "-q")
    assert run_cli("embed", table, "-o", smooth, *plan, "--rough-fill", "smooth") == 0
    series = read_table(table).series
    values = smoothed_values(series, Config())
    frame = pd.DataFrame(values, columns=["flow", "OT"], index=pd.Index(series.time, name="date"))
    frame.to_csv(tmp_path / "filled.csv")
    assert run_cli("embed", tmp_path / "filled.csv", "-o", filled, *plan) == 0
    vectors = [load_packed_file(path).read("train") for path in (smooth, filled)]
    np.testing.assert_allclose(*vectors, atol=1e-5)
    assert load_packed_file(smooth).provenance.table_digest == table_digest(series)


def test_gaps_can_be_filled_by_smoothing_the_table(
    run_cli: Run, table: Path, tmp_path: Path, language_model: Path, capsys
):
    options = ("--lm", language_model, "--seq-len", 12, "--embedding-stride", 8, "--decimals", 2, "-q")
    for name, fill in (("a", "linear"), ("b", "smooth"), ("c", "smooth")):
        assert run_cli("embed", table, "-o", tmp_path / name, "--rough-fill", fill, *options) == 0
    assert (tmp_path / "b").read_bytes() == (tmp_path / "c").read_bytes()
    linear, smooth = (load_packed_file(tmp_path / name) for name in "ab")
    assert (smooth.provenance.settings["rough_fill"], smooth.provenance.settings["smoothing"]) == ("smooth", 0)
    gappy = [pd.read_csv(table)[start : start + 12].isna().any(axis=None) for start in linear.starts["all"]]
    differs = (linear.read("all") != smooth.read("all")).any(axis=(1, 2))
    assert differs.tolist() == gappy

    pd.read_csv(table)[:8].to_csv(tmp_path / "short.csv", index=False)
    short = ("--lm", language_model, "--seq-len", 4, "--rough-fill", "smooth")
    assert run_cli("embed", tmp_path / "short.csv", "-o", tmp_path / "d", *short) == 2
    assert "8 of its 8 rows have a value, and 12 are needed" in " ".join(capsys.readouterr().err.split())


def test_inspect_finds_embeddings_in_timekds_layout(
    run_cli: Run, table: Path, tmp_path: Path, language_model: Path, capsys
):
    embed = ("embed", table, "-o", tmp_path / "emb", "--lm", language_model, "--layout", "timekd", *PLAN, "-q")
    assert run_cli(*embed) == 0
    assert run_cli(*embed) == 0  # the second run has nothing to do
    assert (tmp_path / "emb" / "sensor" / "4" / "train" / "0.h5").is_file()
    capsys.readouterr()
    assert run_cli("inspect", tmp_path / "emb", "--table", table, *PLAN, "--json") == 0
    inspection = json.loads(capsys.readouterr().out)
    assert {split: about["count"] for split, about in inspection["splits"].items()} == {
        "train": 47,
        "val": 7,
        "test": 15,
    }
    assert inspection["problems"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--lm", "nowhere/at-all"), "no language model can be loaded from 'nowhere/at-all'"),
        (("--layout", "zarr"), "--layout must be packed or timekd, got 'zarr'"),
        (("--encoder", "timekt:x"), "timekd"),
        (("--rough-fill", "spline"), "rough_fill must be one of linear, mean, zero, word, smooth, got 'spline'"),
        (("--seq-len", 96), "fewer than one window needs"),
        (("--split", "ett-hour"), "split ett-hour needs"),
    ],
)
def test_options_that_cannot_work_are_refused_before_writing(
    run_cli: Run,
    table: Path,
    tmp_path: Path,
    language_model: Path,
    capsys,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[object, ...],
    message: str,
):
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    options = arguments if "--lm" in arguments else ("--lm", language_model, *arguments)
    assert run_cli("embed", table, "-o", tmp_path / "a.packed", *options) == 2
    assert message in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "a.packed").exists()


@pytest.mark.skipif(os.getuid() == 0, reason="the administrator may write everywhere")
def test_a_folder_without_the_right_to_write_is_refused(
    run_cli: Run, table: Path, tmp_path: Path, language_model: Path, capsys
):
    (tmp_path / "locked").mkdir(mode=0o500)
    assert run_cli("embed", table, "-o", tmp_path / "locked" / "a.packed", "--lm", language_model, *PLAN) == 2
    assert "cannot be written" in capsys.readouterr().err


def test_a_missing_folder_is_made(run_cli: Run, table: Path, tmp_path: Path, language_model: Path):
    assert run_cli("embed", table, "-o", tmp_path / "new" / "a.packed", "--lm", language_model, *PLAN) == 0
    assert (tmp_path / "new" / "a.packed").exists()


def test_a_daily_table_with_non_ascii_column_names_is_embedded(run_cli: Run, tmp_path: Path, language_model: Path):
    days = pd.date_range("2020-01-01", periods=40, freq="D")
    frame = pd.DataFrame({"day": days, "Größe (m³)": np.arange(40.0), "β": np.sin(np.arange(40.0))})
    frame.to_csv(tmp_path / "daily.csv", index=False)
    packed = tmp_path / "a.packed"
    assert run_cli("embed", tmp_path / "daily.csv", "-o", packed, "--lm", language_model, "--seq-len", 10, "-q") == 0
    assert load_packed_file(packed).read("all").shape[:2] == (31, 2)


def test_evaluate_compares_a_language_model_with_other_settings_of_it_and_a_module(
    run_cli: Run, table: Path, tmp_path: Path, language_model: Path, monkeypatch: pytest.MonkeyPatch, capsys
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own_views.py").write_text("def encode(filled, observed): return (filled + observed).mean(-1)\n")
    names = [
        f"timekd:{language_model}{settings}" for settings in ("", "+layers=1+decimals=0+truncate", "+rough-fill=smooth")
    ]
    names += [f"module:own_views.encode+inputs={view}+observed:BCL" for view in ("filled", "smoothed")]
    options = ("--encoders", ",".join(["none", *names]), "--strategies", "neighbours", "--patterns", "point")
    quick = ("--trust-code", "--length", 12, "--set", "decoder_steps=3", "--set", "width=8", "--set", "dim=8")
    capsys.readouterr()
    assert run_cli("evaluate", table, "-o", tmp_path / "a.json", *options, *quick) == 0
    scores = [score for score in json.loads((tmp_path / "a.json").read_text())["scores"] if score["column"] == "all"]
    errors = {score["encoder"]: score["mse"] for score in scores if score["encoder"] and score["gap"] == "all"}
    assert list(errors) == names
    assert len(set(errors.values())) == 5
    assert "LOAD REPORT" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--encoder", "student:a", "--student", "b"), "--student b goes with --encoder student, got student:a"),
        (("--encoder", "timekd:a", "--lm", "b"), "--lm b goes with --encoder timekd, got timekd:a"),
        (("--encoder", "chronos:a", "--lm", "b"), "--lm b goes with --encoder timekd, got chronos:a"),
        (("--lm", ""), "--lm is empty"),
        (("--encoder", "timekd:a+layers=1+layers=2"), "sets layers twice"),
        (("--encoder", "student:a", "--decimals", 2), "has no setting decimals; only timekd have it"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    run_cli: Run, table: Path, tmp_path: Path, capsys, options: tuple[object, ...], message: str
):
    assert run_cli("embed", table, "-o", tmp_path / "a.packed", *options) == 2
    assert message in capsys.readouterr().err


def test_a_module_that_exits_the_program_is_refused(run_cli: Run, table: Path, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ends_when_called.py").write_text("import sys\ndef encode(filled): sys.exit(5)\n")
    (tmp_path / "ends_when_read.py").write_text("import sys\nsys.exit(3)\n")
    for module, message in (("ends_when_called", "cannot take"), ("ends_when_read", "cannot be imported")):
        encoder = ("--encoder", f"module:{module}.encode", "--trust-code")
        assert run_cli("embed", table, "-o", tmp_path / "a.packed", *PLAN, *encoder) == 2
        assert message in capsys.readouterr().err

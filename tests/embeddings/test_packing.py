from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill.embeddings.stored.h5_writing import write_split
from latentfill.embeddings.stored.opening import open_embeddings
from latentfill.embeddings.stored.packed_file import load_packed_file

REAL = Path(__file__).parents[3] / "shared/data/timekd"
needs_real = pytest.mark.skipif(not REAL.is_dir(), reason=f"the TimeKD files are not at {REAL}")
PLAN = ("--split", "custom", "--seq-len", 24, "--pred-len", 8)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """200 hours of two columns; custom borders: 140 / 20 / 40 rows, so 109 windows of 24 + 8 in train and 13 in val."""
    rng = np.random.default_rng(0)
    time = pd.date_range("2024-01-01", periods=200, freq="h", name="date")
    frame = pd.DataFrame({"x": rng.normal(size=200).cumsum(), "OT": rng.normal(size=200)}, index=time)
    frame.to_csv(tmp_path / "small.csv")
    return tmp_path / "small.csv"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    for split, count in (("train", 109), ("val", 13)):
        write_split(tmp_path / "small/8", split, rng.normal(size=(count, 2, 6)).astype(np.float32))
    return tmp_path / "small"


def test_a_folder_is_packed_with_all_its_splits(run_cli, folder: Path, tmp_path: Path):
    assert run_cli("pack", folder, "-o", tmp_path / "a.packed") == 0
    packed, stored = load_packed_file(tmp_path / "a.packed"), open_embeddings(folder)
    assert packed.splits == stored.splits == {"train": 109, "val": 13}
    for split in packed.splits:
        np.testing.assert_array_equal(packed.read(split), stored.read(split))
    assert not packed.starts
    assert (packed.provenance.encoder, packed.provenance.saw) == ("unknown", "unknown")


def test_packing_with_a_table_pairs_the_windows_and_records_the_table(
    run_cli, folder: Path, table: Path, tmp_path: Path, capsys
):
    out = tmp_path / "a.packed"
    assert run_cli("pack", folder, "-o", out, "--table", table, *PLAN) == 0
    packed = load_packed_file(out)
    assert packed.starts["val"].tolist() == list(range(140 - 24, 140 - 24 + 13))
    assert packed.provenance.window == {
        "split": "custom",
        "seq_len": 24,
        "pred_len": 8,
        "embedding_stride": 1,
        "features": "M",
        "target": "OT",
    }
    assert run_cli("pack", folder, "-o", out, "--overwrite", "--table", table, *PLAN[:-1], 9) == 2
    assert "109 embeddings, but the split cuts into 108 windows" in capsys.readouterr().err
    assert load_packed_file(out).splits == packed.splits  # the old one is still there


def test_a_packed_file_fills_like_the_folder_it_was_packed_from(
    run_cli, folder: Path, table: Path, tmp_path: Path, capsys
):
    with_gap = pd.read_csv(table, index_col=0)
    with_gap.iloc[20:25, 0] = np.nan
    with_gap.to_csv(table)
    packed = tmp_path / "a.packed"
    run_cli("pack", folder, "-o", packed, "--table", table, *PLAN)
    quick = ("--set", "encoder_steps=3", "--set", "decoder_steps=3", "--set", "width=8", "--set", "dim=8")
    for name, place in (("folder", folder), ("packed", packed)):
        out = tmp_path / f"{name}.csv"
        assert run_cli("impute", table, "-o", out, "--embeddings", place, "--length", 24, *PLAN, *quick) == 0
    assert (tmp_path / "folder.csv").read_bytes() == (tmp_path / "packed.csv").read_bytes()
    again = tmp_path / "again.csv"  # the packed file knows its own split plan
    assert run_cli("impute", table, "-o", again, "--embeddings", packed, "--length", 24, *quick) == 0
    assert again.read_bytes() == (tmp_path / "packed.csv").read_bytes()
    pd.read_csv(table, index_col=0).shift(1, fill_value=0.0).to_csv(tmp_path / "other.csv")
    capsys.readouterr()
    assert run_cli("impute", tmp_path / "other.csv", "-o", tmp_path / "x.csv", "--embeddings", packed, *PLAN) == 2
    assert "was made for another table" in capsys.readouterr().err


def test_packing_a_packed_file_again_keeps_its_record(run_cli, folder: Path, table: Path, tmp_path: Path):
    first, second = tmp_path / "a.packed", tmp_path / "b.packed"
    run_cli("pack", folder, "-o", first, "--table", table, *PLAN)
    assert run_cli("pack", first, "-o", second) == 0
    assert first.read_bytes() == second.read_bytes()


def test_inspect_describes_a_packed_file(run_cli, folder: Path, tmp_path: Path, capsys):
    run_cli("pack", folder, "-o", tmp_path / "a.packed", "-q")
    assert run_cli("inspect", tmp_path / "a.packed", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["kind"], found["layout"], found["splits"]["val"]["count"]) == ("embeddings", "packed", 13)


@pytest.mark.parametrize("packed", [False, True])
def test_inspect_reports_the_rows_of_paired_embeddings(
    run_cli, folder: Path, table: Path, tmp_path: Path, capsys, packed: bool
):
    target = tmp_path / "a.packed"
    run_cli("pack", folder, "-o", target, "--table", table, *PLAN, "-q")
    command = ("inspect", target, "--table", table) if packed else ("inspect", folder, "--table", table, *PLAN)
    assert run_cli(*command, "--json") == 0
    description = json.loads(capsys.readouterr().out)
    found = description["pairing"]
    assert found["splits"] == {
        "train": {"windows": 109, "rows": [0, 131]},  # starts 0-108, each 24 rows long
        "val": {"windows": 13, "rows": [116, 151]},  # starts 116-128
    }
    assert found["rows_without_embeddings"] == [[152, 199]]
    assert found["windows_of_the_table"] == {"train": 109, "val": 13, "test": 33}  # 40 + 24 - 24 - 8 + 1
    assert description["problems"] == []


def test_inspect_reports_embeddings_that_do_not_pair(run_cli, folder: Path, table: Path, tmp_path: Path, capsys):
    packed = tmp_path / "a.packed"
    run_cli("pack", folder, "-o", packed, "--table", table, *PLAN, "-q")
    assert run_cli("inspect", folder, "--table", table, *PLAN[:-1], 9, "--json") == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert "train: 109 embeddings, but the split cuts into 108 windows" in problem
    assert "rows - seq_len - pred_len + 1 = 140 - 24 - 9 + 1 = 108" in problem
    pd.read_csv(table, index_col=0).round(1).add(0.4).to_csv(tmp_path / "other.csv")
    assert run_cli("inspect", packed, "--table", tmp_path / "other.csv", "--json") == 1
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert "another table" in problem
    assert run_cli("inspect", table, "--table", table) == 2
    assert "goes with embeddings" in capsys.readouterr().err


def test_an_existing_packed_file_is_replaced_only_with_overwrite(run_cli, folder: Path, tmp_path: Path, capsys):
    out = tmp_path / "a.packed"
    run_cli("pack", folder, "-o", out)
    assert run_cli("pack", folder, "-o", out) == 2
    assert "--overwrite" in capsys.readouterr().err
    assert run_cli("pack", folder, "-o", out, "--overwrite") == 0


def test_damaged_files_are_reported_and_no_packed_file_is_left(run_cli, folder: Path, tmp_path: Path, capsys):
    (folder / "8/train/5.h5").write_bytes(b"no HDF5")
    (folder / "8/val/2.h5").unlink()
    assert run_cli("pack", folder, "-o", tmp_path / "a.packed") == 2
    assert "window 5" in capsys.readouterr().err
    assert not (tmp_path / "a.packed").exists()


@needs_real
def test_real_timekd_files_are_packed(run_cli, tmp_path: Path):
    table = REAL / "cambridge5.csv"
    assert run_cli("pack", REAL, "-o", tmp_path / "b", "--table", table, "--split", "custom", "--pred-len", 24) == 0
    packed, stored = load_packed_file(tmp_path / "b"), open_embeddings(REAL)
    assert packed.splits == {"train": 301, "val": 37}
    np.testing.assert_array_equal(packed.read("train"), stored.read("train"))


def test_a_table_with_other_columns_is_refused(run_cli, folder: Path, table: Path, tmp_path: Path, capsys):
    pd.read_csv(table, index_col=0).assign(more=1.0, still=2.0).to_csv(table)
    assert run_cli("pack", folder, "-o", tmp_path / "a.packed", "--table", table, *PLAN) == 2
    assert "not embeddings of 4 columns" in capsys.readouterr().err
    assert not (tmp_path / "a.packed").exists()


def test_embeddings_of_other_windows_are_not_packed_with_a_table(run_cli, tmp_path: Path, capsys):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(602, 2)).cumsum(axis=0) / 5 + rng.normal(size=(602, 2))
    table, out = tmp_path / "small.csv", tmp_path / "a.packed"
    time = pd.date_range("2024-01-01", periods=600, freq="h", name="date")
    pd.DataFrame(values[:600], columns=["x", "y"], index=time).to_csv(table)
    windows = np.lib.stride_tricks.sliding_window_view(values, 24, axis=0)  # (N, C, L)
    np.save(tmp_path / "z.npy", np.tanh(windows[2:] @ rng.normal(size=(24, 8)) / 5))
    arguments = ("pack", tmp_path / "z.npy", "-o", out, "--table", table, "--seq-len", 24)
    assert run_cli(*arguments) == 2
    assert "embedding i belongs to the window that starts 2 rows later" in capsys.readouterr().err
    assert not out.exists()
    assert run_cli(*arguments, "--skip-alignment-check") == 0

"""Names from data never lead out of the folder that is written to."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

import latentfill
from latentfill.core.errors import InputError
from latentfill.core.path_parts import path_part
from latentfill.embeddings.protocols.record import Provenance
from latentfill.embeddings.stored.h5_writing import write_split
from latentfill.embeddings.stored.packed_digest import seal
from latentfill.embeddings.stored.packed_file import load_packed_file
from latentfill.embeddings.stored.packed_writing import SplitVectors, save_packed_file
from latentfill.embeddings.timekd.student import DistilledStudent

LEADING_OUT = ("", ".", "..", "...", " .. ", "a/b", "../a", "/etc", "a\\b", "..\\a", "C:", "a\0b")


@pytest.mark.parametrize("name", LEADING_OUT)
def test_a_name_that_leads_elsewhere_is_refused(name: str):
    with pytest.raises(InputError, match=r"the name of the table is .*it would lead to another place"):
        path_part(name, "the name of the table")


@pytest.mark.parametrize("name", ["ETTh1", "a.b", "..a", "a..", "풍향", "a b", "-"])
def test_other_names_are_kept(name: str):
    assert path_part(name, "the name of the table") == name


def everything_in(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


@pytest.mark.parametrize("name", ["..csv", "...csv", "...csv.gz"])
def test_embeddings_are_written_into_their_folder(name: str, tmp_path: Path, run_cli: Callable[..., int], capsys):
    student = Path(__file__).parents[1] / "embeddings/timekd/fixtures/student-1"
    length = DistilledStudent.load(student).length
    pd.DataFrame({"a": np.sin(np.arange(60.0)), "b": np.arange(60.0)}).to_csv(tmp_path / name, index=False)
    command = ("embed", tmp_path / name, "--encoder", "student", "--student", student, "--seq-len", length)
    assert run_cli(*command, "--layout", "timekd", "-o", tmp_path / "out" / "into") == 2
    assert "the name of the table is" in capsys.readouterr().err
    assert everything_in(tmp_path) <= {name, "out", "out/into"}


@pytest.mark.parametrize("split", LEADING_OUT)
def test_a_split_is_written_into_its_folder(split: str, tmp_path: Path):
    with pytest.raises(InputError, match="the split is"):
        write_split(tmp_path / "in", split, np.ones((2, 1, 3), np.float32))
    assert everything_in(tmp_path) == set()


def test_splits_with_other_names_are_not_read(tmp_path: Path):
    path = tmp_path / "a.packed"
    provenance = Provenance(encoder="student", source="computed")
    save_packed_file(path, {"train": SplitVectors((2, 1, 3), np.ones((2, 1, 3), np.float32))}, provenance)
    with safe_open(path, "np") as file:
        metadata = file.metadata()
    save_file({"../../a.vectors": load_file(path)["train.vectors"]}, path, metadata)
    seal(path)
    with pytest.raises(InputError, match=r"is damaged: \.\./\.\./a"):
        load_packed_file(path)


NAMES = ("../../up", "/etc/passwd", "..", ".", "a\\b", "con", "<b>", "x" * 300)


def gappy(hours: int = 72) -> pd.DataFrame:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(hours, len(NAMES))), columns=list(NAMES))
    frame.iloc[10:13] = np.nan
    frame.insert(0, "time", pd.date_range("2024-01-01", periods=hours, freq="h"))
    return frame


def test_figures_of_columns_with_odd_names_stay_in_their_folder(tmp_path: Path, run_cli: Callable[..., int]):
    pytest.importorskip("vl_convert")
    gappy().to_csv(tmp_path / "a.csv", index=False)
    command = ("impute", tmp_path / "a.csv", "--strategy", "linear", "-o", tmp_path / "b" / "filled.csv", "--quiet")
    assert run_cli(*command, "--plots", tmp_path / "b" / "figures", "--plots-as", "svg") == 0
    found = {path for path in everything_in(tmp_path) if (tmp_path / path).is_file()}
    assert {path for path in found if not path.startswith("b/")} == {"a.csv"}
    assert len([path for path in found if path.startswith("b/figures/series_")]) == len(NAMES)


def test_figures_of_series_with_odd_names_stay_in_their_folder(tmp_path: Path, run_cli: Callable[..., int]):
    pytest.importorskip("vl_convert")
    one = gappy()[["time", NAMES[0]]].set_axis(["time", "x"], axis=1)
    pd.concat([one.assign(station=name) for name in NAMES]).to_csv(tmp_path / "a.csv", index=False)
    command = ("impute", tmp_path / "a.csv", "--by", "station", "--strategy", "linear", "--model", "own", "--quiet")
    figures = ("--plots", tmp_path / "b" / "figures", "--plots-as", "svg")
    assert run_cli(*command, "-o", tmp_path / "b" / "filled.csv", *figures) == 0
    found = {path for path in everything_in(tmp_path) if (tmp_path / path).is_file()}
    assert {path for path in found if not path.startswith("b/")} == {"a.csv"}
    folders = {Path(path).parts[2] for path in found if path.startswith("b/figures/0")}
    assert all(len(path) < 100 for path in folders)


def test_odd_names_of_columns_and_series_come_back(tmp_path: Path):
    filled = latentfill.impute(gappy(), strategy="linear")
    assert list(filled.columns) == ["time", *NAMES]

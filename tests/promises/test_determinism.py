"""The same input, settings and seed give the same bytes in every process, and nearly so on other numbers of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest
import torch

Run = Callable[..., int]
TOLERANCE = 1e-9  # standard deviations of the column, without networks; see docs/reliability.md
FOLDER = Path(__file__).parent


def words(folder: Path, flags: list[str]) -> list[object]:
    """The command that fills the table beside a folder, into the folder."""
    outputs = ["-o", folder / "filled.csv", "--codes", folder / "filled.codes.csv", "--precision", "15"]
    return ["impute", folder.parent / "table.csv", *outputs, "--samples", "1", "--intervals", "0.9", *flags]


def run_elsewhere(folder: Path, flags: list[str], **environment: str) -> None:
    """Runs the command in a new process."""
    command = [sys.executable, "-m", "latentfill", *map(str, words(folder, flags))]
    subprocess.run(command, env=os.environ | environment, check=True, capture_output=True)


def written(folder: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted(folder.glob("*.csv"))]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that wrote the table to fill into the folder of the test."""
    monkeypatch.syspath_prepend(FOLDER)
    import made_file

    made_file.written(tmp_path)
    return made_file


def test_another_process_writes_the_same_bytes(table: ModuleType, tmp_path: Path, run_cli: Run):
    assert run_cli(*words(tmp_path / "here", table.WITH_NETWORKS)) == 0
    run_elsewhere(tmp_path / "there", table.WITH_NETWORKS, PYTHONHASHSEED="2")  # here it is another, drawn at random
    assert len(written(tmp_path / "here")) == 3
    assert written(tmp_path / "there") == written(tmp_path / "here")


def test_the_number_of_threads_changes_no_more_than_rounding(table: ModuleType, tmp_path: Path, run_cli: Run):
    assert run_cli(*words(tmp_path / "1", [])) == 0
    run_elsewhere(tmp_path / "2", [], OMP_NUM_THREADS=str(1 + torch.get_num_threads()))
    one, two = (pd.read_csv(tmp_path / name / "filled.csv").drop(columns="time") for name in ("1", "2"))
    apart = np.abs(one - two)
    apart["direction"] = np.minimum(apart["direction"], 360 - apart["direction"])
    assert (apart / one.std()).max().max() < TOLERANCE

"""The same input, settings and seed give the same bytes in every process, and nearly so on other numbers of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

TOLERANCE = 1e-9  # standard deviations of the column, without networks; see docs/reliability.md
FOLDER = Path(__file__).parent


def run(folder: Path, flags: list[str], *, hash_seed: int = 0, threads: int = 1) -> list[bytes]:
    """The files that a process of its own writes into a folder."""
    folder.mkdir()
    outputs = ["-o", folder / "filled.csv", "--codes", folder / "filled.codes.csv", "--precision", "15"]
    arguments = ["impute", folder.parent / "table.csv", *outputs, "--samples", "1", "--intervals", "0.9", *flags]
    environment = os.environ | {"PYTHONHASHSEED": str(hash_seed), "OMP_NUM_THREADS": str(threads)}
    subprocess.run([sys.executable, "-m", "latentfill", *arguments], env=environment, check=True, capture_output=True)
    return [path.read_bytes() for path in sorted(folder.glob("*.csv"))]


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module that wrote the table to fill into the folder of the test."""
    monkeypatch.syspath_prepend(FOLDER)
    import made_file

    made_file.written(tmp_path)
    return made_file


def test_two_processes_write_the_same_bytes(table: ModuleType, tmp_path: Path):
    first = run(tmp_path / "one", table.WITH_NETWORKS, hash_seed=1)
    assert run(tmp_path / "two", table.WITH_NETWORKS, hash_seed=2) == first


def test_the_number_of_threads_changes_no_more_than_rounding(table: ModuleType, tmp_path: Path):
    for threads in (1, 2):
        run(tmp_path / f"{threads}", [], threads=threads)
    one, two = (pd.read_csv(tmp_path / name / "filled.csv").drop(columns="time") for name in ("1", "2"))
    apart = np.abs(one - two)
    apart["direction"] = np.minimum(apart["direction"], 360 - apart["direction"])
    assert (apart / one.std()).max().max() < TOLERANCE

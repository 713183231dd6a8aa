"""A saved model fills as the one that was saved: bit for bit, and nearly so on another number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.config import AUTO
from latentfill.core.strategy_table import STRATEGIES

NAMES = (AUTO, *STRATEGIES)
TOLERANCE = 1e-9  # standard deviations of the column
FOLDER = Path(__file__).parent


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    import made_file

    return made_file


@pytest.fixture
def frame(made: ModuleType) -> pd.DataFrame:
    return made.frame().iloc[:150]


@pytest.mark.parametrize("name", NAMES)
def test_a_loaded_model_fills_bit_for_bit_as_the_saved_one(
    made: ModuleType, frame: pd.DataFrame, tmp_path: Path, name: str
):
    imputer = Imputer(strategy=name, **made.SETTINGS, intervals=0.9, samples=2).fit(frame)
    imputer.save(tmp_path / "model")
    saved, loaded = imputer.fill(frame).filled, Imputer.load(tmp_path / "model").fill(frame).filled
    for part in ("values", "codes", "expected", "lower", "upper", "samples"):
        assert getattr(loaded, part).tobytes() == getattr(saved, part).tobytes(), part


def test_a_model_fills_in_a_new_process_with_more_threads_as_where_it_was_made(frame: pd.DataFrame, tmp_path: Path):
    frame.to_csv(tmp_path / "table.csv", index=False)
    imputer = Imputer().fit(tmp_path / "table.csv")
    imputer.save(tmp_path / "model")
    here = imputer.transform(frame)
    arguments = ["apply", tmp_path / "table.csv", "--model", tmp_path / "model", "-o", tmp_path / "out.csv"]
    command = [sys.executable, "-m", "latentfill", *arguments, "--precision", "15"]
    subprocess.run(command, env=os.environ | {"OMP_NUM_THREADS": "2"}, check=True, capture_output=True)
    there = pd.read_csv(tmp_path / "out.csv")
    columns = here.columns.drop("time")
    assert (np.abs(here[columns] - there[columns]) / here[columns].std()).max().max() < TOLERANCE

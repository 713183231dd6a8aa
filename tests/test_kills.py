"""Commands that are killed leave whole outputs, touch no input, and can be run again (`benchmarks/kills.py`)."""

from __future__ import annotations

import importlib
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such signal")

BENCHMARKS = Path(__file__).resolve().parents[1] / "benchmarks"
NAMES = (
    *("impute", "stacked", "folder", "apply", "fit", "evaluate", "totals", "inspect"),
    *("distil", "embed", "embed files", "pack", "demo"),
)


@pytest.fixture(scope="module")
def kills() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(BENCHMARKS)
        patch.setenv("OMP_NUM_THREADS", "1")
        yield importlib.import_module("kills")


@pytest.fixture(scope="module")
def inputs(kills: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return kills.make_inputs(tmp_path_factory.mktemp("kills"))


def test_all_commands_that_write_are_killed(kills: ModuleType):
    assert tuple(kills.COMMANDS) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_killed_command_leaves_old_or_new_outputs_and_runs_again(
    kills: ModuleType, inputs: Path, tmp_path: Path, name: str
):
    shutil.copytree(inputs, tmp_path / "in")
    row = kills.Scene(name, tmp_path).kill(random.Random(name))
    assert row["problems"] == [], row

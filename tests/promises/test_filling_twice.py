"""Filling twice changes nothing: a filled table comes back as it is, and cells that were left empty stay so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import latentfill

Load = Callable[[str], ModuleType]
Run = Callable[..., int]
TABLES = 4


def fill(run_cli: Run, source: Path, out: Path, flags: list[str]) -> bytes:
    assert run_cli("impute", source, "-o", out, "-q", "--overwrite", *flags) == 0
    return out.read_bytes()


@pytest.mark.parametrize("seed", range(TABLES))
@pytest.mark.parametrize("limits", [[], ["--max-gap", "2"]], ids=["all gaps", "short gaps"])
def test_a_filled_file_comes_back_byte_for_byte(load: Load, run_cli: Run, tmp_path: Path, seed: int, limits: list[str]):
    table = load("many_tables").made_table(1000 + seed)
    (tmp_path / "table.csv").write_bytes(table.encoded())
    flags = [*table.flags, *limits, *([] if seed % 4 == 0 else ["--strategy", "linear"])]
    once = fill(run_cli, tmp_path / "table.csv", tmp_path / "once.csv", flags)
    assert fill(run_cli, tmp_path / "once.csv", tmp_path / "twice.csv", flags) == once


@pytest.mark.parametrize("container", ["pandas", "polars", "pyarrow", "mapping", "array"])
@pytest.mark.parametrize("limits", [{}, {"max_gap": 2}], ids=["all gaps", "short gaps"])
def test_filled_data_of_python_come_back_bit_for_bit(load: Load, container: str, limits: dict[str, Any]):
    cells = load("observed_cells")
    for seed in range(1000, 1000 + TABLES):
        table = load("many_tables").made_table(seed)
        settings = {} if container == "array" else table.settings
        data = cells.CONTAINERS[container](table.frame)
        once = latentfill.impute(data, strategy="linear", **settings, **limits)
        twice = latentfill.impute(once, strategy="linear", **settings, **limits)
        assert cells.written(twice) == cells.written(once)

"""Observed cells survive every strategy: text for text in files, bit for bit in containers of Python."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from latentfill.core.config import AUTO
from latentfill.core.strategy_table import STRATEGIES

NAMES = (AUTO, *STRATEGIES)
TABLES = 2  # of each strategy; benchmarks/promises.py fills 500 tables with all strategies
CASES = [(name, number * len(NAMES) + i) for i, name in enumerate(NAMES) for number in range(TABLES)]


@pytest.mark.parametrize(("strategy", "seed"), CASES)
def test_observed_cells_survive(load: Callable[[str], ModuleType], tmp_path: Path, strategy: str, seed: int):
    table = load("many_tables").made_table(seed)
    cells = load("observed_cells")
    container = list(cells.CONTAINERS)[seed % len(cells.CONTAINERS)]
    assert cells.changed_in_file(table, strategy, tmp_path) == []
    assert cells.changed_in_container(table, strategy, container) == []

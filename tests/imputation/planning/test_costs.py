"""What strategies cost: which of them count, and how the costs grow with the table."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.imputation.planning.costs import BASE, Cost, Size, costs_of


def cost(steps: int, columns: int, **settings: object) -> Cost:
    return costs_of(Size(observed=np.ones((steps, columns), dtype=bool), missing=0), Config(**settings))


def total(steps: int, columns: int, **settings: object) -> float:
    return sum(cost(steps, columns, **settings).seconds.values())


def test_only_strategies_that_suit_the_table_cost_anything():
    small, large = cost(10, 2), cost(20_000, 5)
    assert "state_space" not in small.seconds
    assert "fewer than 12" in small.skipped["state_space"]
    assert {"state_space", "kriging", "boosted"} <= large.seconds.keys()
    assert "factors" in large.skipped


@pytest.mark.parametrize("settings", [{}, {"strategy": "linear"}, {"effort": "quick"}, {"strategy": "knn"}])
def test_costs_grow_with_rows_and_columns_and_not_faster_in_wide_tables(settings: dict[str, object]):
    assert total(2000, 20, **settings) < total(8000, 20, **settings) < total(8000, 200, **settings)
    assert total(50, 4000, **settings) < 2.1 * total(50, 2000, **settings)
    assert cost(50, 4000, **settings).memory - BASE.memory < 2.1 * (cost(50, 2000, **settings).memory - BASE.memory)


def test_settings_count():
    assert total(5000, 20, effort="quick") < total(5000, 20) < total(5000, 20, effort="thorough")
    assert total(5000, 5, samples=20) > total(5000, 5)
    assert total(5000, 20, causal=True) > total(5000, 20)
    assert total(3000, 5, strategy="denoise", encoder_steps=10, decoder_steps=10) < total(3000, 5, strategy="denoise")
    assert total(20_000, 10, time_budget=2.0) < 2.0 + total(20_000, 10, strategy="linear") + 5.0


def test_a_strategy_that_is_only_tried_costs_less_than_one_that_is_used():
    tried = cost(3000, 40).seconds["state_space"]
    used = cost(3000, 40, strategy="autoregression", candidates=()).seconds.get("state_space", 0.0)
    assert used == 0.0
    assert tried > 0

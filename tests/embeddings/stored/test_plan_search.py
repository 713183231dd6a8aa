"""Finding the window plan from the numbers of windows and rows."""

from __future__ import annotations

import pytest

from latentfill.core.config_settings import StoredSettings
from latentfill.core.window_plan import WindowPlan
from latentfill.embeddings.stored.plan_search import PlanSearch

CUSTOM = WindowPlan(split="custom", seq_len=96, pred_len=24)


def found(counts: dict[str, int], n_rows: int, horizon: int | None = None, **given: object) -> list[WindowPlan]:
    return PlanSearch(counts, n_rows, StoredSettings(**given), horizon).fitting()  # type: ignore[arg-type]


@pytest.mark.parametrize("horizon", [24, None])
def test_train_and_val_determine_both_lengths(horizon: int | None):
    assert found({"train": 301, "val": 37}, 600, horizon) == [CUSTOM]


def test_the_published_counts_of_etth1_are_recognised():
    plan = WindowPlan(split="ett-hour", seq_len=96, pred_len=192)
    assert found({"train": 8353, "val": 2689}, 17420) == [plan]


def test_train_alone_determines_only_the_sum_of_the_lengths():
    plans = found({"train": 301}, 600)
    assert CUSTOM in plans
    assert len(plans) > 1
    assert {plan.seq_len + plan.pred_len for plan in plans} == {120}
    assert found({"train": 301}, 600, horizon=24) == [CUSTOM]  # the horizon is in the path
    assert found({"train": 301}, 600, seq_len=96) == [CUSTOM]


def test_given_settings_are_kept():
    assert found({"train": 301, "val": 37}, 600, pred_len=48) == []
    assert found({"train": 301, "val": 37}, 600, seq_len=100) == []
    assert found({"train": 301, "val": 37}, 600, split="none") == []
    search = PlanSearch({"train": 301, "val": 37}, 600, StoredSettings(pred_len=48), 24)
    assert search.without_given() == [CUSTOM]


def test_an_unusual_length_has_to_be_given():
    assert found({"train": 300, "val": 37}, 600) == []
    assert found({"train": 300, "val": 37}, 600, seq_len=97) == [WindowPlan(split="custom", seq_len=97, pred_len=24)]


def test_windows_of_a_whole_table_need_no_horizon():
    assert found({"all": 905}, 1000) == [WindowPlan(seq_len=96, pred_len=0)]
    assert found({"all": 809}, 1000) == [WindowPlan(seq_len=96, pred_len=96)]
    assert found({"all": 805}, 1000, pred_len=0, seq_len=196) == [WindowPlan(seq_len=196, pred_len=0)]


@pytest.mark.parametrize("count", [38, 39])
def test_windows_at_every_nth_row_may_or_may_not_reach_the_last_row(count: int):
    """range(0, 905, 24) has 38 starts, and a window that ends on the last row makes 39."""
    assert found({"all": count}, 1000, stride=24) == [WindowPlan(seq_len=96, pred_len=0, embedding_stride=24)]


def test_swapped_splits_are_recognised():
    search = PlanSearch({"train": 37, "val": 301}, 600, StoredSettings(), 24)
    assert search.fitting() == []
    assert search.is_swapped
    assert search.swapped() == [CUSTOM]
    assert not PlanSearch({"train": 301, "val": 37}, 600, StoredSettings()).is_swapped


def test_a_part_of_the_windows_is_recognised_if_the_horizon_is_known():
    search = PlanSearch({"train": 28}, 600, StoredSettings(), 24)
    assert search.fitting() == []
    assert search.partly_fitting() == [CUSTOM]


def test_the_nearest_plan_suits_the_table():
    nearest = PlanSearch({"train": 298, "val": 36}, 600, StoredSettings()).nearest()
    assert nearest == CUSTOM

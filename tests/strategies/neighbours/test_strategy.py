"""The strategy `neighbours`: keys, matching, weights, and the neighbours that a cell is estimated from."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentfill.core.config import Config
from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape
from latentfill.strategies.neighbours.rules import rules_of
from latentfill.strategies.neighbours.strategy import NeighboursStrategy
from latentfill.strategies.neighbours.window_bank import WindowBank
from latentfill.windows.windows import ScaledSeries, Windows

L, C = 12, 2
CPU = torch.device("cpu")


class Means:
    """An encoder of two numbers per column: the mean of the observed cells in each half of the window."""

    shape = EncoderShape(columns=C, dim=2, decodes=False)

    def encode(self, windows: Windows) -> Encoded:
        with np.errstate(all="ignore"):
            halves = np.stack([np.nanmean(windows.values[:, h], axis=1) for h in (slice(0, 6), slice(6, L))], axis=-1)
        return Encoded(torch.tensor(np.nan_to_num(halves), dtype=torch.float32))


def waves(n_steps: int = 240) -> np.ndarray:
    angle = 2 * np.pi * np.arange(n_steps)[:, None] / 24
    return np.concatenate([np.sin(angle), np.cos(angle) + 0.5 * np.sin(3 * angle)], axis=1)


def windows_of(series: np.ndarray, starts: np.ndarray | None = None) -> Windows:
    starts = np.arange(len(series) - L + 1) if starts is None else starts
    return ScaledSeries(series, np.zeros((len(series), 0))).cut(starts, L)


def strategy_for(series: np.ndarray, **settings: object) -> NeighboursStrategy:
    config = Config(length=L, stride=4, **settings)
    return NeighboursStrategy(config, WindowBank.of(windows_of(series), Means(), CPU, rules_of(config)))


def with_hidden_cells(series: np.ndarray) -> Windows:
    windows = windows_of(series, np.arange(0, 229, 24))
    hidden = np.zeros(windows.values.shape, dtype=bool)
    hidden[:, 4:8, 0] = True
    return windows.without(hidden)


SETTINGS = [
    {"neighbour_metric": metric, "neighbour_weights": weights, "neighbour_match": match}
    for metric in ("cosine", "euclidean")
    for weights in ("similarity", "uniform", "fit")
    for match in ("level", "scale", "none")
]


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: "-".join(map(str, s.values())))
def test_a_series_that_repeats_is_filled_from_its_repetitions(settings: dict[str, object]):
    series = waves()
    found = strategy_for(series, neighbour_count=4, **settings).estimate(with_hidden_cells(series), Means()).values[0]
    np.testing.assert_allclose(found, windows_of(series, np.arange(0, 229, 24)).values, atol=0.05)


def test_every_window_is_kept_and_compared_by_its_whole_embedding():
    strategy = strategy_for(waves())
    assert strategy.bank.starts.tolist() == list(range(240 - L + 1))
    assert strategy.bank.keys.shape == (229, 4)


def test_overlapping_windows_are_neighbours_only_if_allowed():
    series = np.random.default_rng(0).normal(size=(100, C))
    windows = windows_of(series, np.array([40]))
    itself = strategy_for(series, neighbour_count=1, neighbour_overlap=True).estimate(windows, Means()).values[0]
    np.testing.assert_allclose(itself, windows.values, atol=1e-5)
    without = strategy_for(series, neighbour_count=1)
    assert not np.allclose(without.estimate(windows, Means()).values[0], windows.values, atol=0.1)
    votes = without.explain(windows.without(np.arange(L)[:, None] >= np.full(C, 7)), Means())
    assert len(votes.neighbour) > 0
    assert (np.abs(votes.neighbour - 40) >= L).all()


def test_a_neighbour_is_scaled_to_fit_the_window():
    series = np.concatenate([waves(120), 3 * waves(120) + 5])
    windows = windows_of(series, np.array([150]))
    with_gap = windows.without(np.arange(L)[:, None] >= 9)
    errors = {}
    for match in ("scale", "level"):
        strategy = strategy_for(series[:120], neighbour_match=match, neighbour_count=100, neighbour_weights="fit")
        errors[match] = np.abs(strategy.estimate(with_gap, Means()).values[0] - windows.values)[:, 9:].mean()
    assert errors["scale"] < 0.5 * errors["level"]


def test_a_cell_that_is_missing_in_all_neighbours_gets_no_estimate():
    series = waves()
    series[np.arange(240) % 24 == 5, 0] = np.nan  # missing at this hour every day
    windows = windows_of(series, np.array([48]))
    found = strategy_for(series, neighbour_count=3, neighbour_temperature=0.01).estimate(windows, Means()).values[0]
    assert np.isnan(found[0, 5, 0])
    assert not np.isnan(np.delete(found[0, :, 0], 5)).any()


def test_a_bank_smaller_than_the_number_of_neighbours_is_used_as_a_whole():
    series = waves(40)
    found = strategy_for(series, neighbour_count=1000).estimate(windows_of(series, np.array([0])), Means()).values
    assert not np.isnan(found).any()


def test_embeddings_of_zeros_give_finite_estimates():
    class ZeroEncoder(Means):
        def encode(self, windows: Windows) -> Encoded:
            return Encoded(torch.zeros(len(windows), C, 2))

    config = Config(length=L, stride=4)
    strategy = NeighboursStrategy(config, WindowBank.of(windows_of(waves()), ZeroEncoder(), CPU, rules_of(config)))
    found = strategy.estimate(with_hidden_cells(waves()), ZeroEncoder()).values
    assert np.isfinite(found).all()


def test_the_contributions_add_up_to_the_estimate():
    series = np.random.default_rng(0).normal(size=(100, C)).cumsum(axis=0)
    windows = windows_of(series, np.array([0, 30, 88]))
    windows = windows.without(np.random.default_rng(1).random(windows.values.shape) < 0.3)
    strategy = strategy_for(series, neighbour_count=5)
    found, contributions = strategy.estimate(windows, Means()).values[0], strategy.explain(windows, Means())
    added = np.zeros(windows.values.shape)
    weight = np.zeros(windows.values.shape)
    np.add.at(
        added,
        (contributions.window, contributions.step, contributions.column),
        contributions.value * contributions.weight,
    )
    np.add.at(weight, (contributions.window, contributions.step, contributions.column), contributions.weight)
    missing = ~windows.observed
    np.testing.assert_allclose(weight[missing], 1, atol=1e-5)
    assert (weight[~missing] == 0).all()
    np.testing.assert_allclose(added[missing], found[missing], atol=1e-4)


def test_an_index_fills_about_as_well_as_exact_search_and_measures_its_recall():
    pytest.importorskip("faiss")
    series = waves(2000) + 0.1 * np.random.default_rng(0).normal(size=(2000, C))
    exact, index = (strategy_for(series, neighbour_search=search) for search in ("exact", "faiss"))
    assert exact.measure_recall() == 1.0
    assert 0.5 < index.measure_recall() <= 1.0
    gap = with_hidden_cells(series[:240])
    found, expected = (strategy.estimate(gap, Means()).values[0] for strategy in (index, exact))
    assert np.abs(found - expected).mean() < 0.05

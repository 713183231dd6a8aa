"""Amounts that are often zero."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.kinds.kind import CellValues
from latentfill.kinds.zero_inflated import ZeroInflated, zeros_by_phase

NAN = np.nan
Fill = Callable[..., CellValues]
DAY = 24


def radiation(days: int = 60) -> FloatArray:
    """Zero at night; days become longer."""
    hours = np.arange(days * DAY)
    half = 5 + 2 * hours / len(hours)
    noon = np.abs(hours % DAY - 12)
    return np.where(noon < half, 500 * (1 - noon / half), 0.0).round()


def rain(seed: int, share: float = 0.06, n: int = 3000) -> FloatArray:
    rng = np.random.default_rng(seed)
    return np.where(rng.random(n) < share, rng.gamma(1.0, 3.0, n).round(1) + 0.2, 0.0)


def test_as_many_cells_are_zero_as_hidden_ones_were(fill: Fill):
    rng, truth = np.random.default_rng(0), rain(1)
    estimate = np.where(truth > 0, 0.5, 0.05) + 0.2 * rng.random(len(truth))
    kind = ZeroInflated.found(truth, None, whole=False).learnt(truth[:1500, None], estimate[:1500, None])
    values = np.where(np.arange(len(truth)) < 1500, truth, NAN)
    cells = fill(kind, values, estimate, error=1.0)
    assert abs(np.mean(cells.value == 0) - np.mean(truth[1500:] == 0)) < 0.02


def test_an_estimate_stays_if_its_error_is_clear_of_zero(fill: Fill):
    """A level that was empty for a third of the time, and once where the estimate was high."""
    step = np.arange(3000)
    truth = np.maximum(0, 50 * np.sin(step / 200)).round(1)
    estimate = np.where((step > 1250) & (step < 1280), 18.0, truth) + 0.3 * np.sin(step)
    kind = ZeroInflated.found(truth, None, whole=False).learnt(truth[:, None], estimate[:, None])
    values = np.where(step < 1900, truth, NAN)
    cells = fill(kind, values, estimate, error=1.0, scores=np.zeros((1, 1100)))
    wet = truth[1900:] > 2
    assert wet.any()
    assert (cells.value[wet] > 0).all()
    assert (cells.samples[0, wet] > 0).all()
    assert (cells.value[truth[1900:] == 0] == 0).mean() > 0.9


def test_samples_are_zero_by_chance(fill: Fill):
    rng, truth = np.random.default_rng(0), rain(2)
    estimate = 0.2 + 0.05 * rng.random(len(truth))
    kind = ZeroInflated.found(truth, None, whole=False).learnt(truth[:, None], estimate[:, None])
    values = np.where(np.arange(len(truth)) < 100, truth, NAN)
    scores = rng.normal(size=(40, int(np.isnan(values).sum())))
    cells = fill(kind, values, estimate, error=1.0, scores=scores)
    assert abs(np.mean(cells.samples == 0) - np.mean(truth == 0)) < 0.03
    assert (cells.samples >= 0).all()
    assert (cells.lower == 0).all()


def test_without_hidden_cells_samples_are_zero_as_often_as_readings(fill: Fill):
    values = np.where(np.arange(2000) < 1000, rain(3, share=0.4)[:2000], NAN)
    kind = ZeroInflated.found(values, None, whole=False)
    cells = fill(kind, values, np.full(2000, 2.0), error=1.0, scores=np.random.default_rng(0).normal(size=(4, 1000)))
    assert abs(np.mean(cells.samples == 0) - 0.6) < 0.05
    assert (cells.lower == 0).all()


def test_nights_are_zero_for_certain_also_while_days_become_longer(fill: Fill):
    truth = radiation()
    kind = ZeroInflated.found(truth, DAY, whole=True)
    assert kind.by_phase
    values = truth.copy()
    values[40 * DAY : 41 * DAY] = NAN
    cells = fill(kind, values, np.full(len(truth), 30.0), error=50.0, cycle=DAY)
    night = np.abs(np.arange(DAY) - 12) >= 8
    assert (cells.value[night] == 0).all()
    assert (cells.upper[night] == 0).all()
    assert (cells.samples[0][night] == 0).all()
    assert cells.value[12] > 0


def test_hours_without_rain_are_not_taken_for_nights():
    for share in (0.01, 0.03, 0.06):
        assert not ZeroInflated.found(rain(3, share), DAY, whole=False).by_phase


def test_zeros_by_phase_need_readings():
    values = np.full(30 * DAY, NAN)
    values[: 3 * DAY] = 0.0
    assert not zeros_by_phase(values, DAY).any()

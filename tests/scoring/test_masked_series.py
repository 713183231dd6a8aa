"""A series with some of its observed cells hidden."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.scoring.masked_series import masked_series
from latentfill.scoring.spec import ScoringSpec


def series(steps: int = 200) -> Series:
    values = np.random.default_rng(0).normal(size=(steps, 2))
    values[::10, 0] = np.nan
    return Series(values, ("a", "b"), None, np.arange(steps))


def test_only_observed_cells_are_hidden():
    (masked,) = masked_series(series(), ScoringSpec(patterns=("point",), rates=(0.2,)))
    assert masked.series.observed[masked.hidden].all()
    assert not masked.visible.observed[masked.hidden].any()
    np.testing.assert_array_equal(masked.visible.values[~masked.hidden], masked.series.values[~masked.hidden])
    assert masked.realised_rate == masked.hidden.sum() / 380
    assert masked.title == "point 0.2, seed 0"


def test_each_seed_pattern_and_rate_hides_other_cells():
    spec = ScoringSpec(patterns=("point", "block"), rates=(0.1, 0.3), seeds=(0, 1))
    masked = list(masked_series(series(), spec))
    assert [(m.seed, m.pattern, m.rate) for m in masked[:3]] == [
        (0, "point", 0.1),
        (0, "point", 0.3),
        (0, "block", 0.1),
    ]
    assert len({m.hidden.tobytes() for m in masked}) == len(masked) == 8


def test_a_rate_that_hides_nothing_is_refused():
    with pytest.raises(InputError, match=r"pattern 'point' at rate 0\.001 finds no cell to hide; raise the rate"):
        list(masked_series(series(20), ScoringSpec(patterns=("point",), rates=(0.001,))))

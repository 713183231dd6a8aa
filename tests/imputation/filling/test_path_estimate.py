"""The estimates of one path, and which path takes precedence."""

from __future__ import annotations

import numpy as np

from latentfill.imputation.filling.blends import Blends
from latentfill.imputation.filling.path_estimate import PathEstimate

NAN = np.nan


def test_a_path_takes_precedence_over_another_where_it_has_an_estimate():
    def path(estimate: list[float], rest: float) -> PathEstimate:
        values = np.full(2, rest)
        present, draws = ~np.isnan(estimate), np.full((3, 2), rest)
        blends = Blends(("x",), np.ones((1, 1)), np.array([int(rest)]), np.zeros(2, dtype=np.int64))
        return PathEstimate(np.array(estimate), present, blends, values, -values, values, draws, draws)

    joined = path([1.0, NAN], 5.0).over(path([2.0, 3.0], 7.0))
    assert joined.estimate.tolist() == [1, 3]
    assert joined.blends.code[joined.blends.number].tolist() == [5, 7]
    assert joined.expected.tolist() == joined.above.tolist() == [5, 7]
    assert joined.below.tolist() == [-5, -7]
    assert joined.drawn.tolist() == [[5, 7]] * 3

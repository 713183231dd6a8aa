from __future__ import annotations

import numpy as np

from latentfill.strategies.boosted.features import Cells, FeatureSource
from latentfill.strategies.boosted.partners import find_partners


def every_cell(shape: tuple[int, ...]) -> Cells:
    return Cells(*(index.ravel() for index in np.indices(shape)))


def test_the_number_of_features_does_not_grow_with_the_columns(maker):
    count = []
    for columns in (20, 60):
        first = maker(steps=50, columns=columns).series(0)[0].as_windows()
        features = FeatureSource.of(first, find_partners([first])).features(every_cell(first.values.shape))
        assert len(features) == first.values.size
        count.append(features.shape[1])
    assert count[0] == count[1]


def test_features_are_finite_or_missing(maker):
    first = maker(steps=50).series(0)[0].as_windows()
    first.spread[:] = 0.0
    features = FeatureSource.of(first, find_partners([first])).features(every_cell(first.values.shape))
    assert features.dtype == np.float32
    assert not np.isinf(features).any()


def test_features_of_a_cell_look_at_its_own_window_only(maker):
    first = maker(steps=60).series(0)[0]
    windows = first.as_windows()
    partners = find_partners([first])
    halves = [maker().stage(first.values[half]).as_windows() for half in (slice(0, 30), slice(30, 60))]
    one = [FeatureSource.of(half, partners).features(every_cell((1, 30, 3))) for half in halves]
    both = maker().stage(first.values)
    cut = type(both)(
        *(array.reshape(2, 30, -1) for array in (both.values, both.estimate, both.spread, both.residual)),
        (both.others[0].reshape(2, 30, -1),),
        both.clock.reshape(2, 30, -1),
    )
    assert windows.values.shape == (1, 60, 3)
    np.testing.assert_array_equal(FeatureSource.of(cut, partners).features(every_cell((2, 30, 3))), np.concatenate(one))


def test_partners_are_the_columns_that_move_alike(maker):
    first = maker(columns=12).series(0)[0]
    first.values[:, 7] = first.values[:, 2] + 0.1 * first.values[:, 7]
    partners = find_partners([first])
    assert partners.shape == (12, 8)
    assert partners[2, 0] == 7
    assert partners[7, 0] == 2
    assert all(column not in partners[column] for column in range(12))

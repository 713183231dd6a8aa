import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentfill.gaps import BUCKET_NAMES
from latentfill.strategies.safety import Trust


def fit(*groups: tuple[int, int, int, float], columns: int = 2) -> Trust:
    """Trust from groups of column, bucket, number of cells and best weight.

    In every cell the line says 5 and the strategy 6, so the truth that asks for weight w is 5 + w.
    """
    column, bucket, count, wanted = (np.array(part) for part in zip(*groups, strict=True))
    line = np.full(count.sum(), 5.0)
    truth = line + np.repeat(wanted.astype(float), count)
    return Trust.fit(line + 1, line, truth, np.repeat(column, count), np.repeat(bucket, count), columns)


def test_a_perfect_estimate_is_trusted():
    assert fit((0, 0, 10_000, 1.0)).weight[0, 0] > 0.99


def test_a_harmful_estimate_is_not():
    assert fit((0, 0, 10_000, -1.0)).weight[0, 0] == 0.0


def test_an_estimate_too_timid_is_not_pushed_beyond_itself():
    assert fit((0, 0, 10_000, 3.0)).weight[0, 0] == 1.0


def test_a_weight_in_between_is_found():
    assert fit((0, 0, 100_000, 0.3)).weight[0, 0] == pytest.approx(0.3, abs=0.001)


def test_good_and_harmful_columns_are_told_apart():
    weight = fit((0, 2, 5000, 1.0), (1, 2, 5000, -1.0)).weight
    assert weight[0, 2] > 0.98
    assert weight[1, 2] == 0.0


def test_few_cells_are_drawn_to_their_gap_length_and_that_to_everything():
    # 30 cells count as much as the wider group: everything (30 * 1 + 30 * 0.5) / 60 = 0.75,
    # the bucket (30 + 30 * 0.75) / 60 = 0.875, the column in it (30 + 30 * 0.875) / 60 = 0.9375
    weight = fit((0, 1, 30, 1.0)).weight
    assert weight[0, 1] == pytest.approx(0.9375)
    assert weight[1, 1] == pytest.approx(0.875)  # a column without cells takes the bucket's
    np.testing.assert_allclose(np.delete(weight, 1, axis=1), 0.75)  # a bucket without cells takes everything's


def test_a_few_lucky_cells_do_not_outvote_many_harmful_ones():
    assert fit((0, 1, 3, 1.0), (1, 1, 3000, -1.0)).weight[0, 1] < 0.1


@pytest.mark.parametrize("count", [0, 10])
def test_without_evidence_the_weight_is_one_half(count):
    # no cells, or a strategy that says what the line says
    same = np.ones(count)
    none = np.zeros(count, dtype=int)
    trust = Trust.fit(same, same, same + 1, none, none, 2)
    assert trust.weight.tolist() == [[0.5] * len(BUCKET_NAMES)] * 2


@settings(deadline=None)
@given(seed=st.integers(0, 2**32 - 1), cells=st.integers(0, 50), scale=st.sampled_from([1e-9, 1.0, 1e9]))
def test_weights_lie_between_the_line_and_the_strategy_in_any_unit(seed, cells, scale):
    rng = np.random.default_rng(seed)
    estimate, line, truth = rng.normal(size=(3, cells)) * scale
    trust = Trust.fit(estimate, line, truth, rng.integers(2, size=cells), rng.integers(6, size=cells), 2)
    assert ((trust.weight >= 0) & (trust.weight <= 1)).all()


def test_each_cell_gets_the_weight_of_its_column_and_gap_length():
    weight = np.zeros((2, len(BUCKET_NAMES)))
    weight[0, 0], weight[0, 1], weight[1, 1] = 0.25, 0.5, 1.0
    lengths = np.array([[1, 1], [2, 3], [0, 0]])
    line, estimate = np.full((3, 2), 10.0), np.full((3, 2), 14.0)
    # 10 + w * 4; an observed cell (length 0) counts as a gap of 1
    assert Trust(weight).apply(estimate, line, lengths).tolist() == [[11, 10], [12, 14], [11, 10]]


def test_an_estimate_that_says_nothing_stays_nothing():
    trust = Trust(np.full((1, len(BUCKET_NAMES)), 0.5))
    assert np.isnan(trust.apply(np.array([[np.nan]]), np.ones((1, 1)), np.ones((1, 1), dtype=int))).all()


def test_trust_survives_json_exactly():
    trust = fit((0, 1, 7, 1.0), (1, 2, 11, 0.3))
    back = Trust.from_dict(json.loads(json.dumps(trust.to_dict())))
    np.testing.assert_array_equal(back.weight, trust.weight)

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentfill.imputation.validation.cells import KINDS, Cells
from latentfill.imputation.validation.ensemble import Ensemble
from latentfill.imputation.validation.prior_gains import OTHER_FILES, PriorGains
from latentfill.imputation.validation.shrinkage import ENOUGH_GAPS

LONG = 4  # a bucket of long gaps
ALL_THE_WAY = PriorGains(np.ones(KINDS), np.ones(KINDS), spread=1.0)


def cells_in(column: np.ndarray, kind: np.ndarray, gap: np.ndarray, columns: int) -> Cells:
    """Cells of these columns, in gaps of these kinds and with these first steps."""
    zeros = np.zeros(len(column), dtype=int)
    return Cells(shape=(1, columns), step=zeros, column=column, kind=kind, gap=gap, hiding_round=zeros)


def learn(
    errors: np.ndarray, column: np.ndarray, kind: np.ndarray, columns: int, prior: PriorGains = OTHER_FILES
) -> Ensemble:
    """An ensemble fitted to cells that each lie in a gap of their own."""
    return Ensemble.fit(errors, cells_in(column, kind, np.arange(len(column)), columns), prior)


def fit(*groups: tuple[int, int, int, float], columns: int = 2) -> np.ndarray:
    """Weight (C, buckets) of the second of two candidates, fitted to groups of cells.

    A group gives column, bucket, number of cells and best weight w of the second candidate. The first estimates 5 and
    the second 6 in every cell, so the true value is 5 + w.
    """
    column, bucket, count, best_weight = (np.array(part) for part in zip(*groups, strict=True))
    truth = np.repeat(5 + best_weight.astype(float), count)
    ensemble = learn(np.stack([5 - truth, 6 - truth]), np.repeat(column, count), np.repeat(bucket, count), columns)
    np.testing.assert_allclose(ensemble.weight[0] + ensemble.weight[1], 1)
    return ensemble.weight[1]


def weights_of_one_group(errors: np.ndarray) -> np.ndarray:
    """Weights (K,) of candidates with errors (K, M), each in a long gap of its own; gains by chance count in full."""
    none = np.zeros(errors.shape[1], dtype=int)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("latentfill.imputation.validation.shrinkage.CAUTION", np.zeros(6))
        return learn(errors, none, none + LONG, 1).weight[:, 0, LONG]


def test_a_perfect_candidate_gets_all_the_weight():
    assert fit((0, 0, 10_000, 1.0))[0, 0] > 0.99


def test_a_harmful_candidate_gets_no_weight():
    assert fit((0, 0, 10_000, -1.0))[0, 0] == 0.0


def test_no_weight_is_larger_than_one():
    assert fit((0, 0, 10_000, 3.0))[0, 0] == 1.0


def test_the_least_squares_weight_of_two_candidates_is_found():
    rng = np.random.default_rng(0)
    a = rng.normal(size=20_000)
    errors = np.stack([a + rng.normal(size=20_000), 0.5 * a + 2 * rng.normal(size=20_000)])
    # minimise (1 - w)^2 * 2 + 2 w (1 - w) * 0.5 + w^2 * 4.25: w = (2 - 0.5) / (2 + 4.25 - 1)
    np.testing.assert_allclose(weights_of_one_group(errors), [1 - 1.5 / 5.25, 1.5 / 5.25], atol=0.02)
    gap = errors[0] - errors[1]
    assert weights_of_one_group(errors)[1] == pytest.approx(errors[0] @ gap / (gap @ gap), abs=0.001)


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 2**32 - 1), k=st.integers(1, 4))
def test_no_other_mean_of_the_candidates_does_better(seed, k):
    rng = np.random.default_rng(seed)
    errors = rng.normal(size=(k, k)) @ rng.normal(size=(k, 5000))
    others = rng.dirichlet(np.full(k, 0.5), size=500)
    least = np.square(others @ errors).mean(axis=1).min()
    alone = np.square(errors).mean(axis=1)
    # the prior's 30 of 5000 cells may pull the weights a little to the candidates' plain mean
    assert np.square(weights_of_one_group(errors) @ errors).mean() <= min(least, alone.min()) + 0.01 * alone.mean()


@settings(deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    k=st.integers(1, 4),
    cells=st.integers(0, 50),
    scale=st.sampled_from([1e-9, 1.0, 1e9]),
)
def test_weights_are_not_negative_and_sum_to_one_in_any_unit(seed, k, cells, scale):
    rng = np.random.default_rng(seed)
    errors, column, bucket = rng.normal(size=(k, cells)), rng.integers(2, size=cells), rng.integers(6, size=cells)
    weight = learn(errors * scale, column, bucket, 2).weight
    assert weight.shape == (k, 2, KINDS)
    assert (weight >= 0).all()
    np.testing.assert_allclose(weight.sum(axis=0), 1)
    np.testing.assert_allclose(weight, learn(errors, column, bucket, 2).weight, atol=1e-6)


def test_a_candidate_gets_weight_only_in_columns_where_it_is_better():
    weight = fit((0, 2, 5000, 1.0), (1, 2, 5000, -1.0))
    assert weight[0, 2] > 0.98
    assert weight[1, 2] == 0.0


def test_a_candidate_gets_weight_only_in_gap_lengths_where_it_is_better():
    weight = fit((0, 1, 5000, 1.0), (0, 4, 5000, -1.0))
    assert weight[0, 1] > 0.98
    assert weight[0, 4] == 0.0


def test_few_cells_are_shrunk_to_their_column_and_gap_length_and_those_to_all_cells(monkeypatch: pytest.MonkeyPatch):
    # Errors never meet: the second candidate's squares sum to 4 times the first's, shares a = 1/5 and b = 4/5, and the
    # best weight of the first is b / (a + b) = b. With as many cells (100) as the prior has, in shares of a + b = 1:
    # everything  a + 1/2 (half equal)             -> (b + 0.5) / 2 = 0.65
    # its column and its bucket: a + (a + 0.5) / 2 -> 0.75 a + 0.125 of a trace of one
    # the group itself: a + 0.75 a + 0.125         -> (1.75 b + 0.125) / 2 = 0.7625
    # a group that shares only its column or bucket: the mean of 0.75 b + 0.125 and 0.65
    first, second = np.repeat([1.0, 0.0], 50), np.repeat([0.0, 2.0], 50)
    monkeypatch.setattr(
        "latentfill.imputation.validation.shrinkage.ENOUGH_GAPS", np.full(6, 1000)
    )  # no shrinkage against gains by chance
    weight = learn(np.stack([first, second]), np.zeros(100, dtype=int), np.ones(100, dtype=int), 2, ALL_THE_WAY).weight[
        0
    ]
    assert weight[0, 1] == pytest.approx(0.7625)
    np.testing.assert_allclose(np.delete(weight[0], 1), (0.75 * 0.8 + 0.125 + 0.65) / 2)
    assert weight[1, 1] == pytest.approx((0.75 * 0.8 + 0.125 + 0.65) / 2)
    np.testing.assert_allclose(np.delete(weight[1], 1), 0.65)


def test_a_few_good_cells_count_less_than_many_harmful_ones():
    assert fit((0, 1, 3, 1.0), (1, 1, 3000, -1.0))[0, 1] < 0.1


def test_large_errors_of_one_column_do_not_decide_the_weights_of_another():
    """Column 1 has errors a million times larger, and favours the other candidate."""
    errors = np.concatenate([np.tile([[1.0], [0.0]], 800), np.tile([[0.0], [1e6]], 800)], axis=1)
    weight = learn(errors, np.repeat([0, 1], 800), np.zeros(1600, dtype=int), 2).weight
    assert weight[1, 0, 0] > 0.9
    assert weight[1, 1, 0] == 0.0


@pytest.mark.parametrize("bucket", [0, LONG])
def test_a_gain_that_comes_from_a_single_gap_counts_little(bucket: int):
    """Of thirty gaps of ten cells, one strongly favours the second candidate, the others weakly the first."""
    first, second = np.zeros(300), np.full(300, 0.15)
    first[:10], second[:10] = 1.0, 0.0
    column, kind, gap = np.zeros(300, dtype=int), np.full(300, bucket), np.repeat(np.arange(30), 10)

    def weight(gap: np.ndarray) -> float:
        return float(Ensemble.fit(np.stack([first, second]), cells_in(column, kind, gap, 1)).weight[1, 0, bucket])

    assert weight(gap) < (0.6 if bucket == LONG else 0.1)
    if bucket == LONG:
        assert weight(gap // 8) > 0.5  # four gaps are too few for the shrinkage
    first[:150], second[:150] = 1.0, 0.0  # fifteen gaps are enough
    assert weight(gap) > 0.9


def test_the_cells_of_a_long_gap_count_less_than_cells_of_many_gaps():
    """One gap of 60 cells favours the first candidate, sixty gaps of one cell in another column the second."""
    errors = np.stack([np.repeat([0.0, 1.0], 60), np.repeat([1.0, 0.0], 60)])
    column, kind = np.repeat([0, 1], 60), np.full(120, LONG)
    single_gap = Ensemble.fit(errors, cells_in(column, kind, np.repeat([0, 1], 60) * np.arange(120), 2)).weight[
        1, 0, LONG
    ]
    many_gaps = learn(errors, column, kind, 2).weight[1, 0, LONG]
    assert single_gap > many_gaps + 0.2


@pytest.mark.parametrize("k", [1, 2, 3])
def test_without_any_cell_all_weights_are_equal(k: int):
    none = np.zeros(0, dtype=int)
    np.testing.assert_allclose(learn(np.empty((k, 0)), none, none, 2, ALL_THE_WAY).weight, 1 / k)


def test_a_group_whose_own_cells_favour_the_first_candidate_keeps_it():
    """All other cells favour the second candidate, and far outnumber those of the group."""
    weight = fit((0, 1, 3000, 1.0), (1, 1, 30, -1.0))
    assert weight[1, 1] == 0.0
    assert weight[0, 1] > 0.98


def test_a_group_with_too_few_long_gaps_keeps_weight_from_its_column_and_kind():
    assert fit((0, LONG, 3000, 1.0), (1, LONG, int(ENOUGH_GAPS[LONG]) - 1, -1.0))[1, LONG] > 0.05


def test_a_first_candidate_that_is_exactly_right_keeps_all_the_weight():
    """Linear interpolation has no error on a straight line; any share of another candidate would be worse."""
    rng = np.random.default_rng(1)
    errors = np.concatenate([np.stack([np.zeros(10), np.full(10, 0.01)]), rng.normal(size=(2, 3000))], axis=1)
    errors[1, 10:] *= 0.1
    column = np.repeat([0, 1], [10, 3000])
    weight = learn(errors, column, np.full(3010, 1), 2).weight
    assert weight[:, 0, 1].tolist() == [1.0, 0.0]
    assert weight[1, 1, 1] > 0.9


def test_if_all_candidates_are_exactly_right_the_first_gets_all_the_weight():
    none = np.zeros(20, dtype=int)
    assert learn(np.zeros((3, 20)), none, none, 1).weight[:, 0, 0].tolist() == [1.0, 0.0, 0.0]


ONE_CELL = cells_in(np.zeros(1, dtype=int), np.ones(1, dtype=int), np.zeros(1, dtype=int), 1)


def weights(*candidate_weights: float, columns: int = 1) -> Ensemble:
    """The same weights for every column and gap length."""
    return Ensemble(np.tile(np.array(candidate_weights)[:, None, None], (1, columns, KINDS)))


def test_each_cell_gets_the_weight_of_its_column_and_kind_of_gap():
    second = np.zeros((2, KINDS))
    second[0, 0], second[0, 1], second[1, 1] = 0.25, 0.5, 1.0
    cells = cells_in(np.array([0, 1, 0, 1, 0, 1]), np.array([0, 0, 1, 1, 0, 0]), np.arange(6), 2)
    estimates = np.stack([np.full(6, 10.0), np.full(6, 14.0)])
    assert Ensemble(np.stack([1 - second, second])).apply(estimates, cells).tolist() == [11, 10, 12, 14, 11, 10]


def test_a_missing_candidates_weight_is_shared_by_the_others():
    estimates = np.array([10.0, np.nan, 20.0])
    # weights 0.2 and 0.6 are left: (0.2 * 10 + 0.6 * 20) / 0.8
    assert weights(0.2, 0.2, 0.6).apply(estimates[:, None], ONE_CELL).item() == pytest.approx(17.5)


def test_candidates_without_weight_count_where_no_other_has_an_estimate():
    estimates = np.array([np.nan, 4.0, 6.0])
    assert weights(1.0, 0.0, 0.0).apply(estimates[:, None], ONE_CELL).item() == 5.0


def test_a_cell_without_any_estimate_stays_nan():
    assert np.isnan(weights(0.5, 0.5).apply(np.full((2, 1), np.nan), ONE_CELL)).all()


def test_a_candidate_without_weight_changes_nothing():
    estimates = np.array([3.0, 1e300])
    assert weights(1.0, 0.0).apply(estimates[:, None], ONE_CELL).item() == 3.0


def test_an_ensemble_survives_json_exactly():
    rng = np.random.default_rng(2)
    ensemble = learn(rng.normal(size=(3, 50)), rng.integers(2, size=50), rng.integers(6, size=50), 2)
    back = Ensemble.from_dict(json.loads(json.dumps(ensemble.to_dict())))
    np.testing.assert_array_equal(back.weight, ensemble.weight)


def test_more_candidates_than_subsets_are_tried_for_are_weighted_too():
    rng = np.random.default_rng(3)
    errors = rng.normal(size=(13, 600)) * np.linspace(2, 1, 13)[:, None]
    weight = weights_of_one_group(errors)
    assert (weight >= 0).all()
    np.testing.assert_allclose(weight.sum(), 1)
    assert np.square(weight @ errors).mean() < 0.2 * np.square(errors).mean(axis=1).min()


def test_a_column_in_which_linear_interpolation_is_better_gets_it():
    rng = np.random.default_rng(0)
    errors = rng.normal(size=(2, 400)) * np.array([[1.0], [2.0]])
    errors[1, :200] *= 0.1  # column 0
    cells = cells_in(np.repeat([0, 1], 200), np.full(400, LONG), np.arange(400), 2)

    mended = Ensemble(np.full((2, 2, KINDS), 0.5)).not_worse_than_one(errors, cells)

    assert (mended.weight[0, 1] == 1).all()
    assert (mended.weight[1, 0] == 1).all(), "the best candidate, by far"


def test_a_blend_that_is_hardly_worse_than_the_best_candidate_stays():
    rng = np.random.default_rng(0)
    errors = np.stack([2 * rng.normal(size=300), rng.normal(size=300)])
    blend = Ensemble(np.stack([np.full((1, KINDS), 0.1), np.full((1, KINDS), 0.9)]))

    cells = cells_in(np.zeros(300, dtype=int), np.full(300, LONG), np.arange(300), 1)

    np.testing.assert_array_equal(blend.not_worse_than_one(errors, cells).weight, blend.weight)

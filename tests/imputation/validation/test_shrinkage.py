"""The share of a candidate that looks better than the plain one."""

from __future__ import annotations

import numpy as np
import pytest

from latentfill.imputation.validation.cells import KINDS, Cells
from latentfill.imputation.validation.gains import SHARES
from latentfill.imputation.validation.prior_gains import NONE, OTHER_FILES, PriorGains
from latentfill.imputation.validation.shrinkage import (
    CAUTION,
    ENOUGH_GAPS,
    EXACT_GAPS,
    between_variance,
    blend_shares,
)

SHORT, LONG = 0, 4  # buckets of gap lengths


def cells_in(column: np.ndarray, bucket: int, gap: np.ndarray, columns: int) -> Cells:
    """Cells of these columns, in gaps of one length and with these first steps."""
    zeros = np.zeros(len(column), dtype=int)
    return Cells(shape=(1, columns), step=zeros, column=column, kind=zeros + bucket, gap=gap, hiding_round=zeros)


def shares(
    plain: np.ndarray, other: np.ndarray, bucket: int, gap: np.ndarray | None = None, prior: PriorGains = NONE
) -> np.ndarray:
    """Share (C,) of the other candidate, from errors (C, M); each cell is a gap of its own unless `gap` is given."""
    columns, cells = plain.shape
    gap = np.arange(columns * cells) if gap is None else gap
    column = np.repeat(np.arange(columns), cells)
    share = blend_shares(plain.ravel(), other.ravel(), cells_in(column, bucket, gap, columns), prior)
    untested = np.delete(np.tile(prior.share, (columns, 1)), bucket, axis=1)
    np.testing.assert_allclose(np.delete(share, bucket, axis=1), untested)  # no gaps of these kinds
    return share[:, bucket]


def test_a_gain_in_every_gap_has_a_share_of_one():
    assert shares(np.ones((1, 30)), np.full((1, 30), 0.1), SHORT) == 1.0


def test_a_loss_in_every_gap_has_a_share_of_zero():
    assert shares(np.full((1, 30), 0.1), np.ones((1, 30)), SHORT) == 0.0


@pytest.mark.parametrize("bucket", [SHORT, LONG])
def test_the_share_of_a_single_column_maximises_its_gain_minus_some_standard_errors(bucket: int):
    """The expected share comes from a direct search over all shares."""
    rng = np.random.default_rng(3)
    plain, other = rng.normal(size=60), 0.9 * rng.normal(size=60)
    gains = (plain**2 - (plain + SHARES[:, None] * (other - plain)) ** 2).reshape(-1, 20, 3).sum(axis=2)
    cautious = gains.sum(axis=1) - CAUTION[bucket] * np.sqrt(20) * gains.std(axis=1, ddof=1)
    share = shares(plain[None], other[None], bucket, gap=np.repeat(np.arange(20), 3))
    assert 0 < share[0] < 1
    assert share[0] == SHARES[cautious.argmax()]


def test_an_uncertain_gain_has_a_larger_share_in_long_gaps_than_in_short_ones():
    # Of 40 gaps, 26 gain 1 and 14 lose 1 by going all the way: 12 in all, with a standard error of about 6.
    plain = np.repeat([1.0, 0.0], [26, 14])[None]
    assert shares(plain, 1 - plain, LONG) == pytest.approx(0.6, abs=0.1)
    assert 0 < shares(plain, 1 - plain, SHORT) < shares(plain, 1 - plain, LONG)


def test_similar_gains_of_many_columns_give_larger_shares():
    """A gain that is uncertain from twelve gaps of one column is certain if a hundred columns show it."""
    rng = np.random.default_rng(0)
    plain = rng.normal(size=(100, 12))
    other = 0.7 * plain + 0.45 * rng.normal(size=plain.shape)
    alone = np.array([shares(plain[c : c + 1], other[c : c + 1], SHORT)[0] for c in range(100)])
    together = shares(plain, other, SHORT)
    assert np.median(alone) < 0.7
    assert np.median(together) > 0.75
    assert np.mean(together > alone) > 0.6


def test_a_column_that_loses_where_all_others_gain_keeps_the_plain_candidate():
    rng = np.random.default_rng(1)
    plain = rng.normal(size=(20, 40))
    other = 0.5 * plain
    other[0] = 2.0 * plain[0]
    share = shares(plain, other, SHORT)
    assert share[0] == 0.0
    assert share[1:].min() > 0.9


def test_the_share_does_not_depend_on_the_unit_of_a_column():
    rng = np.random.default_rng(2)
    plain, other = rng.normal(size=(2, 5, 15))
    scale = np.array([1e-6, 1.0, 1e6, 3.0, 10.0])[:, None]
    np.testing.assert_array_equal(shares(plain, other, SHORT), shares(scale * plain, scale * other, SHORT))


def test_a_plain_candidate_that_is_exactly_right_is_kept():
    plain, other = np.zeros((1, EXACT_GAPS)), np.full((1, EXACT_GAPS), 0.01)
    assert shares(plain, other, LONG) == 0.0
    assert shares(plain[:, 1:], other[:, 1:], LONG, prior=OTHER_FILES) == OTHER_FILES.share[LONG]  # one gap fewer


@pytest.mark.parametrize("bucket", [SHORT, LONG])
def test_with_too_few_gaps_the_share_is_that_of_other_files(bucket: int):
    few = int(ENOUGH_GAPS[bucket]) - 1
    share = shares(np.full((1, few), 0.1), np.ones((1, few)), bucket, prior=OTHER_FILES)
    assert share == pytest.approx(OTHER_FILES.share[bucket])


def test_easy_short_gaps_do_not_pay_for_a_few_hard_ones():
    """Two of forty gaps gain much in squared error, the others lose a little of what was nearly exact."""
    plain, other = np.full((1, 40), 0.1), np.full((1, 40), 0.6)
    plain[:, :2], other[:, :2] = 5.0, 1.0
    assert (other**2).sum() < (plain**2).sum()
    assert shares(plain, other, SHORT) == 0.0


def test_a_column_with_few_gaps_is_treated_like_the_others():
    plain, other = np.full((10, 30), 0.1), np.ones((10, 30))
    column = np.repeat(np.arange(10), 30)
    share = blend_shares(plain.ravel(), other.ravel(), cells_in(column, LONG, np.arange(300), 11))
    assert share[10, LONG] == 0.0


def test_without_any_cell_the_share_is_that_of_other_files():
    none = np.zeros(0, dtype=int)
    share = blend_shares(np.zeros(0), np.zeros(0), cells_in(none, SHORT, none, 3))
    np.testing.assert_allclose(share, np.tile(OTHER_FILES.share, (3, 1)))


def test_few_gaps_hardly_move_the_share_of_other_files_and_many_gaps_decide():
    rng = np.random.default_rng(0)
    plain, other = rng.normal(size=(2, 1, 400))
    other *= 1.5  # worse than the plain candidate
    few, many = (shares(plain[:, :n], other[:, :n], SHORT, prior=OTHER_FILES)[0] for n in (3, 400))
    assert few > 0.6
    assert many < 0.35


def test_the_gain_of_other_files_is_largest_at_their_share():
    for kind in range(KINDS):
        gains = OTHER_FILES.gains(kind)
        assert SHARES[gains.argmax()] == pytest.approx(OTHER_FILES.share[kind])
        assert gains.max() == pytest.approx(OTHER_FILES.gain[kind])
        assert gains[0] == 0


def test_the_variance_between_columns_is_estimated():
    rng = np.random.default_rng(4)
    error = np.full((4000, 1), 0.5)
    mean = rng.normal(size=(4000, 1)) * np.sqrt(2.0 + 0.5)
    assert float(between_variance(mean, error)[0]) == pytest.approx(2.0, rel=0.1)


def test_gaps_that_are_too_few_need_not_have_a_gain():
    plain, other = np.ones(40), np.zeros(40)
    cells = cells_in(np.repeat([0, 1], [39, 1]), LONG, np.arange(40), columns=2)
    share = blend_shares(plain, other, cells, NONE)
    assert share[:, LONG].tolist() == [1.0, 0.0]
    assert (np.delete(share, LONG, axis=1) == 0).all()


def test_forty_easy_gaps_that_show_nothing_do_not_overrule_other_files():
    rng = np.random.default_rng(2)
    plain = rng.standard_t(3, size=(4, 10))
    other = 0.9 * plain + 0.5 * rng.normal(size=(4, 10))  # gains too little for ten gaps of a column to show it
    believed = PriorGains(np.ones(KINDS), np.full(KINDS, 0.4), spread=0.05)
    assert (shares(plain, other, SHORT, prior=NONE) == 0).all()
    assert (shares(plain, other, SHORT, prior=believed) > 0.5).all()

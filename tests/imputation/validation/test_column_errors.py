"""Errors in the columns of the table equal those that are computed cell by cell."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentfill.core.series import BoolArray, FloatArray, Series
from latentfill.imputation.validation.cells import Cells
from latentfill.imputation.validation.column_errors import in_columns, learn_kinds
from latentfill.imputation.validation.column_units import ColumnUnits
from latentfill.imputation.validation.ensemble import Ensemble
from latentfill.imputation.validation.error_sample import ErrorSample
from latentfill.imputation.validation.holdout_errors import HoldoutErrors
from latentfill.kinds.circular import Circular
from latentfill.kinds.classes import Classes
from latentfill.kinds.columns import ColumnKinds
from latentfill.kinds.counter import Counter
from latentfill.kinds.number import Number
from latentfill.windows.scaling import ColumnScaler

N = 60
CODES = np.array([10.0, 20.0, 90.0])
KINDS = ColumnKinds((Number(), Circular(), Counter(), Classes(values=tuple(CODES.tolist()))))
NUMBER, DIRECTION, METER, CODE = range(4)
FEATURES = 3


@pytest.fixture
def series() -> Series:
    rng = np.random.default_rng(0)
    columns = (rng.normal(5, 2, N), rng.uniform(0, 360, N), np.cumsum(rng.uniform(0.1, 2, N)), rng.choice(CODES, N))
    return Series(np.stack(columns, axis=1), ("a", "dir", "kwh", "mode"), None, np.arange(N))


@pytest.fixture
def units(series: Series) -> ColumnUnits:
    return ColumnUnits(KINDS, ColumnScaler.fit(KINDS.encode(series).values), series)


class Hidden:
    """Cells of one round that are hidden from methods, with estimates of them."""

    def __init__(self, series: Series, units: ColumnUnits, mask: BoolArray, seed: int) -> None:
        self.working = KINDS.encode(series).values
        scaled = units.scaler.apply(self.working)
        hidden = mask[:, KINDS.column_of] & ~np.isnan(scaled)
        self.cells = Cells.at(hidden, np.where(hidden, np.nan, scaled))
        at, rng = (self.cells.step, self.cells.column), np.random.default_rng(seed)
        self.truth = scaled[at]
        self.error = rng.normal(0, 0.8, len(self.truth))  # truth - estimate
        self.features = rng.normal(size=(len(self.truth), FEATURES))
        self.estimate = self.working.copy()  # not scaled
        self.estimate[at] = units.invert_at(self.truth - self.error, self.cells.column)

    @property
    def sample(self) -> ErrorSample:
        return ErrorSample(self.cells, self.error, self.features)

    def rows_of(self, step: int, c: int) -> list[int]:
        """The rows of the working cells of one cell."""
        here = (self.cells.step == step) & (KINDS.column_of[self.cells.column] == c)
        return np.flatnonzero(here).tolist()


MakeHidden = Callable[..., Hidden]


def mask_of(*cells: tuple[int, slice | int]) -> BoolArray:
    mask = np.zeros((N, 4), dtype=bool)
    for c, steps in cells:
        mask[steps, c] = True
    return mask


FIRST = mask_of(
    (NUMBER, slice(5, 9)), (DIRECTION, slice(3, 12)), (DIRECTION, 20), (METER, slice(10, 15)), (CODE, slice(30, 50))
)
SECOND = mask_of((NUMBER, 7), (DIRECTION, slice(8, 14)), (METER, slice(12, 20)), (METER, 40), (CODE, slice(2, 40)))


def one_by_one(series: Series, units: ColumnUnits, hidden: Hidden) -> dict[tuple[int, int], float]:
    """The errors by column and step, each computed by itself."""
    errors = dict[tuple[int, int], float]()
    for c, (offset, width) in enumerate(((0, 1), (1, 2), (3, 1), (4, 3))):
        for step in sorted({int(t) for t in hidden.cells.step}):
            if not hidden.rows_of(step, c):
                continue
            truth, estimate = series.values[step, c], hidden.estimate[step, offset : offset + width]
            if c == NUMBER:
                errors[c, step] = truth - estimate[0]
            elif c == DIRECTION:
                turn = truth - np.rad2deg(np.arctan2(*estimate))
                errors[c, step] = (turn + 180) % 360 - 180
            elif c == CODE:
                errors[c, step] = float(truth != CODES[np.clip(estimate, 0, 1).argmax()])
            elif not hidden.rows_of(step + 1, c):
                first = step
                while hidden.rows_of(first - 1, c):
                    first -= 1
                before, after = series.values[first - 1, c], series.values[step, c]
                rates = np.maximum(hidden.estimate[first : step + 1, offset], 0.0)
                register = before + np.cumsum(rates) * (after - before) / rates.sum()
                for t in range(first, step):
                    errors[c, t] = series.values[t, c] - register[t - first]
    return {(c, step): error / units.error_scale[c] for (c, step), error in errors.items()}


def by_cell(sample: ErrorSample) -> dict[tuple[int, int], float]:
    pairs = zip(sample.cells.column.tolist(), sample.cells.step.tolist(), sample.error.tolist(), strict=True)
    return {(c, step): error for c, step, error in pairs}


def test_errors_equal_those_computed_one_by_one(series: Series, units: ColumnUnits):
    hidden = Hidden(series, units, FIRST, seed=1)
    sample = in_columns(hidden.sample, hidden.truth, units)
    expected = one_by_one(series, units, hidden)
    found = by_cell(sample)
    assert len(sample) == len(found) == len(expected)  # each cell once
    assert found.keys() == expected.keys()
    assert {step for c, step in found if c == METER} == set(range(10, 14))  # the reading at 14 was seen
    np.testing.assert_allclose([found[cell] for cell in expected], list(expected.values()), atol=1e-9)
    assert sample.cells.shape == (N, 4)


def test_features_of_a_cell_are_the_means_over_its_working_cells(series: Series, units: ColumnUnits):
    hidden = Hidden(series, units, FIRST, seed=1)
    sample = in_columns(hidden.sample, hidden.truth, units)
    for i, (c, step) in enumerate(zip(sample.cells.column.tolist(), sample.cells.step.tolist(), strict=True)):
        np.testing.assert_allclose(sample.features[i], hidden.features[hidden.rows_of(step, c)].mean(axis=0))


def test_hiding_rounds_are_kept_apart(series: Series, units: ColumnUnits):
    rounds = [Hidden(series, units, FIRST, seed=1), Hidden(series, units, SECOND, seed=2)]
    together = ErrorSample.joined(hidden.sample for hidden in rounds)
    sample = in_columns(together, np.concatenate([hidden.truth for hidden in rounds]), units)
    for number, hidden in enumerate(rounds):
        found = by_cell(sample.where(sample.cells.hiding_round == number))
        expected = one_by_one(series, units, hidden)
        assert found.keys() == expected.keys()
        np.testing.assert_allclose([found[cell] for cell in expected], list(expected.values()), atol=1e-9)


def test_plain_columns_keep_their_errors(series: Series):
    plain = ColumnUnits.plain(ColumnScaler.fit(series.values))
    cells = Cells.at(FIRST, np.where(FIRST, np.nan, series.values))
    sample = ErrorSample(cells, np.arange(float(len(cells))), np.zeros((len(cells), FEATURES)))
    assert in_columns(sample, sample.error, plain) is sample


def test_a_column_without_a_hidden_cell_has_no_errors(series: Series, units: ColumnUnits):
    hidden = Hidden(series, units, mask_of((NUMBER, slice(5, 9))), seed=1)
    sample = in_columns(hidden.sample, hidden.truth, units)
    assert set(sample.cells.column) == {NUMBER}
    np.testing.assert_allclose(sample.error, hidden.error)


def test_kinds_learn_from_the_weighted_estimates_of_whole_cells(series: Series, units: ColumnUnits):
    """The sharpness of a code is that of the estimates of the ensemble, here of a single candidate."""
    hidden = Hidden(series, units, mask_of((CODE, slice(0, N)), (NUMBER, slice(5, 9))), seed=3)
    is_code = KINDS.column_of[hidden.cells.column] == CODE
    timid = np.where(is_code, 0.6 * hidden.truth, hidden.truth)  # 0.6 of the way from the mean, always right
    errors = HoldoutErrors(
        cells=hidden.cells,
        errors=np.stack([timid - hidden.truth, np.full(len(timid), 100.0)]),
        truth=hidden.truth,
        known=np.ones((2, len(timid)), dtype=bool),
        features=hidden.features,
    )
    learnt = learn_kinds(errors, Ensemble.only(0, 2, 7), units)
    code = learnt.kinds[CODE]
    assert isinstance(code, Classes)
    assert code.sharpness > 1.5
    assert learnt.kinds[:CODE] == KINDS.kinds[:CODE]
    assert code == KINDS.kinds[CODE].learnt(*(_of_code(part, hidden, units) for part in (hidden.truth, timid)))


def _of_code(scaled: FloatArray, hidden: Hidden, units: ColumnUnits) -> FloatArray:
    """Values (M, 3) of the working cells of the code, not scaled."""
    values = units.invert_at(scaled, hidden.cells.column)
    return np.stack([values[hidden.cells.column == 4 + w] for w in range(3)], axis=1)

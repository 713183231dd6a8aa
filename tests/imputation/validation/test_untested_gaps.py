"""Gaps longer than any that could be held out: errors grow with their length, and the user is told."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from latentfill.imputation.imputer import Imputer

N = 400


@pytest.fixture(scope="module")
def walk() -> pd.DataFrame:
    """Random walks with single missing cells, and one long gap."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(np.cumsum(rng.normal(size=(N, 3)), axis=0), columns=["a", "b", "c"])
    frame = frame.mask(rng.random((N, 3)) < 0.05)
    frame.loc[150:249, "a"] = np.nan
    return frame


def test_the_expected_error_of_a_long_gap_is_larger_than_that_of_a_single_cell(walk: pd.DataFrame):
    imputation = Imputer(time=(), intervals=0.9).fit(walk).fill(walk)
    expected, filled = imputation.filled.expected[:, 0], imputation.filled
    single = np.delete(expected, np.arange(145, 255))
    middle = expected[190:210]
    assert middle.min() > 3 * np.nanmedian(single)
    width = filled.upper[:, 0] - filled.lower[:, 0]
    assert width[190:210].min() > 3 * np.median(width[np.isfinite(expected) & (width > 0)][:10])
    notes = [note for note in imputation.summary["notes"] if "no gap like that could be tested" in note]
    assert len(notes) == 1
    assert "steps from the nearest reading" in notes[0]


def test_a_table_whose_gaps_could_be_tested_has_no_such_note(walk: pd.DataFrame):
    short = walk.copy()
    short.loc[150:249, "a"] = 0.0
    notes = Imputer(time=()).fit(short).fill(short).summary["notes"]
    assert not any("could be tested" in note for note in notes)


def test_a_saved_model_extrapolates_too(walk: pd.DataFrame, tmp_path):
    imputer = Imputer(time=(), strategy="linear").fit(walk)
    imputer.save(tmp_path / "model")
    loaded = Imputer.load(tmp_path / "model")
    np.testing.assert_array_equal(imputer.fill(walk).filled.expected, loaded.fill(walk).filled.expected)

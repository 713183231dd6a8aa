"""Properties of a filled table that hold for all settings, and errors of the `Imputer`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import latentfill
from latentfill import Code, Imputer
from latentfill.core.errors import InputError, NotFittedError
from latentfill.scoring.demo_table import Sample, make_sample

WITH_NETWORKS = ("linear", "state_space", "kriging", "denoise")


@pytest.fixture(scope="module")
def frame(sample: Sample) -> pd.DataFrame:
    table = pd.DataFrame(sample.values, columns=list(sample.columns))
    table.insert(0, "time", sample.time)
    return table


@pytest.fixture(scope="module")
def fitted(frame: pd.DataFrame, quick: dict[str, object]) -> Imputer:
    return Imputer(**quick, candidates=WITH_NETWORKS).fit(frame)


def values(frame: pd.DataFrame, sample: Sample) -> np.ndarray:
    return frame[list(sample.columns)].to_numpy()


NOISES = ("gaussian", "dropout")
VARIANTS = [  # each head with each context and with each noise
    {"head": head, "context": context, "noise_kind": NOISES[(i + j) % 2]}
    for i, head in enumerate(("conv", "mlp", "lstm", "transformer"))
    for j, context in enumerate(("observed", "none"))
]


@pytest.mark.parametrize("variant", VARIANTS, ids=lambda v: "-".join(v.values()))
def test_every_head_fills_all_gaps_and_keeps_observed_cells(
    variant: dict[str, str], frame: pd.DataFrame, sample: Sample, quick: dict[str, object]
):
    filled = Imputer(**quick, **variant, strategy="denoise").fit(frame).transform(frame)
    assert list(filled.columns) == list(frame.columns)
    assert filled["time"].equals(frame["time"])
    filled_values = values(filled, sample)
    assert not np.isnan(filled_values).any()
    np.testing.assert_array_equal(filled_values[~sample.missing], sample.truth[~sample.missing])


def test_enough_training_beats_linear_interpolation(quick: dict[str, object]):
    sample = make_sample(seed=3, days=45)
    frame = pd.DataFrame(sample.values, columns=list(sample.columns)).assign(time=sample.time)
    settings = quick | {"length": 48, "dim": 32, "width": 32, "encoder_steps": 150, "decoder_steps": 150}
    filled = Imputer(**settings, candidates=WITH_NETWORKS).fit_transform(frame)
    spread = sample.truth.std(axis=0)
    line = frame[list(sample.columns)].interpolate(limit_direction="both").to_numpy()
    error = ((values(filled, sample) - sample.truth) / spread)[sample.missing]
    linear = ((line - sample.truth) / spread)[sample.missing]
    assert np.mean(error**2) < 0.75 * np.mean(linear**2)


def test_transform_returns_the_kind_of_frame_that_it_was_given(fitted: Imputer, frame: pd.DataFrame, sample: Sample):
    expected = values(fitted.transform(frame), sample)
    polars = fitted.transform(pl.from_pandas(frame))
    arrow = fitted.transform(pa.Table.from_pandas(frame))
    assert isinstance(polars, pl.DataFrame)
    assert isinstance(arrow, pa.Table)
    np.testing.assert_array_equal(polars.select(sample.columns).to_numpy(), expected)
    np.testing.assert_array_equal(np.column_stack([arrow[c].to_numpy() for c in sample.columns]), expected)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(
    fitted: Imputer, frame: pd.DataFrame, quick: dict[str, object]
):
    again = Imputer(**quick, candidates=WITH_NETWORKS).fit(frame)
    assert again.transform(frame).equals(fitted.transform(frame))
    other = Imputer(**quick, candidates=WITH_NETWORKS, seed=1).fit(frame)
    assert not other.transform(frame).equals(fitted.transform(frame))


def test_fitting_leaves_the_callers_random_state_alone(frame: pd.DataFrame, quick: dict[str, object]):
    import torch

    state = torch.random.get_rng_state()
    np_state = np.random.get_state()[1].copy()  # noqa: NPY002 - the global state is what is looked at
    Imputer(**quick, candidates=WITH_NETWORKS).fit(frame)
    assert torch.equal(torch.random.get_rng_state(), state)
    np.testing.assert_array_equal(np.random.get_state()[1], np_state)  # noqa: NPY002


def test_a_table_without_gaps_is_returned_unchanged(fitted: Imputer, frame: pd.DataFrame, sample: Sample):
    complete = frame.copy()
    complete[list(sample.columns)] = sample.truth
    assert fitted.transform(complete).equals(complete)


def test_codes_and_expected_errors_say_where_each_cell_comes_from(fitted: Imputer, frame: pd.DataFrame, sample: Sample):
    imputation = fitted.fill(frame)
    codes = imputation.filled.codes
    np.testing.assert_array_equal(codes == Code.OBSERVED, ~sample.missing)
    assert np.isin(codes[sample.missing], [Code.BLEND, *(Code[name.upper()] for name in WITH_NETWORKS)]).all()
    np.testing.assert_array_equal(np.isnan(imputation.filled.expected), ~sample.missing)
    assert (imputation.filled.expected[sample.missing] > 0).all()
    cells = imputation.summary["cells"]
    assert sum(cells.values()) == codes.size
    assert cells["observed"] == np.count_nonzero(~sample.missing)


def test_a_column_without_any_value_is_left_empty_with_a_note(frame: pd.DataFrame, quick: dict[str, object]):
    table = frame.assign(dead=np.nan)
    imputer = Imputer(**quick).fit(table)
    imputation = imputer.fill(table)
    filled = imputation.to_frame()
    assert filled["dead"].isna().all()
    assert not filled.drop(columns="dead").isna().any().any()
    assert (imputation.filled.codes[:, -1] == Code.EMPTY).all()
    assert any("'dead'" in note and "left empty" in note for note in imputation.summary["notes"])


def test_a_column_first_seen_when_applying_is_interpolated(frame: pd.DataFrame, quick: dict[str, object]):
    imputer = Imputer(**quick).fit(frame.assign(late=np.nan))
    steps = np.arange(len(frame), dtype=float)
    late = np.where(steps % 3 == 1, np.nan, steps)
    imputation = imputer.fill(frame.assign(late=late))
    np.testing.assert_allclose(imputation.to_frame()["late"].to_numpy()[:-1], steps[:-1])
    assert set(imputation.filled.codes[:, -1]) == {Code.OBSERVED, Code.FALLBACK}


def test_a_constant_column_is_filled_with_its_constant(frame: pd.DataFrame, quick: dict[str, object]):
    constant = np.full(len(frame), 7.25)
    constant[10:40] = np.nan
    filled = Imputer(**quick).fit_transform(frame.assign(flat=constant))
    assert (filled["flat"] == 7.25).all()


def test_estimates_stay_near_the_observed_range_and_keep_its_sign(fitted: Imputer, frame: pd.DataFrame, sample: Sample):
    filled = values(fitted.transform(frame), sample)
    low, high = np.nanmin(sample.values, axis=0), np.nanmax(sample.values, axis=0)
    assert (filled >= low - 0.1 * (high - low)).all()
    assert (filled <= high + 0.1 * (high - low)).all()
    assert (filled[:, low >= 0] >= 0).all()


@pytest.mark.parametrize("rows", [2, 3, 7, 30])
def test_a_short_table_gets_a_shorter_window_and_a_note(rows: int, frame: pd.DataFrame, quick: dict[str, object]):
    table = frame.iloc[:rows].copy()
    table.loc[table.index[rows // 2], "price"] = np.nan
    imputation = Imputer(**quick).fit(table).fill(table)
    assert not imputation.to_frame().isna().any().any()
    assert any("too short for windows of 24 steps" in note for note in imputation.summary["notes"])


def test_one_column_alone_is_filled(frame: pd.DataFrame, sample: Sample, quick: dict[str, object]):
    filled = Imputer(**quick).fit_transform(frame[["time", "price"]])
    assert not filled["price"].isna().any()


def test_many_columns_are_filled(sample: Sample, quick: dict[str, object]):
    wide = pd.DataFrame(np.tile(sample.values, (1, 25)), columns=[f"c{i}" for i in range(150)])
    filled = Imputer(**(quick | {"length": 8, "stride": 4, "encoder_steps": 3, "decoder_steps": 3})).fit_transform(
        wide[:200]
    )
    assert filled.shape == (200, 150)
    assert not filled.isna().any().any()


def test_a_gap_longer_than_a_window_is_filled_with_plausible_values(frame: pd.DataFrame, quick: dict[str, object]):
    table = frame.copy()
    table.loc[100:220, "price"] = np.nan
    table.loc[300:360, frame.columns[1:]] = np.nan
    filled = Imputer(**quick).fit_transform(table)
    assert not filled.isna().any().any()
    assert filled["price"].between(0, 2 * frame["price"].max()).all()


def test_a_shorter_table_than_the_models_window_can_be_filled(fitted: Imputer, frame: pd.DataFrame):
    short = frame.iloc[40:50].copy()
    short.loc[short.index[4], "price"] = np.nan
    assert not fitted.transform(short)["price"].isna().any()


def test_columns_may_come_in_another_order_when_applying(fitted: Imputer, frame: pd.DataFrame):
    reversed_columns = frame[frame.columns[::-1]]
    pd.testing.assert_frame_equal(fitted.transform(reversed_columns)[frame.columns], fitted.transform(frame))


def test_other_columns_are_refused_by_name(fitted: Imputer, frame: pd.DataFrame):
    with pytest.raises(InputError, match="price"):
        fitted.transform(frame.drop(columns="price"))
    table = fitted.read(frame.assign(extra=1.5), fresh=True)
    with pytest.raises(InputError, match="also has extra"):
        fitted.fill(table)


def test_a_model_with_stamps_refuses_a_table_without(fitted: Imputer, frame: pd.DataFrame):
    with pytest.raises(InputError, match="time stamps"):
        fitted.transform(frame.drop(columns="time"))


def test_transform_before_fit_is_refused_with_what_to_do(frame: pd.DataFrame):
    with pytest.raises(NotFittedError, match=r"call fit\(data\) first"):
        Imputer().transform(frame)


def test_an_unknown_setting_is_refused_with_a_suggestion():
    with pytest.raises(InputError, match="did you mean 'length'"):
        Imputer(lenght=3)


def test_impute_is_fit_and_transform_in_one(frame: pd.DataFrame, fitted: Imputer, quick: dict[str, object]):
    assert latentfill.impute(frame, **quick, candidates=WITH_NETWORKS).equals(fitted.transform(frame))


def test_a_saved_model_gives_the_same_bytes_in_a_new_process(
    fitted: Imputer, frame: pd.DataFrame, tmp_path, quick: dict[str, object]
):
    frame.to_parquet(tmp_path / "in.parquet")
    fitted.fill(tmp_path / "in.parquet").write(tmp_path / "here.parquet")
    fitted.save(tmp_path / "model")
    code = "import sys; from latentfill import Imputer; Imputer.load(sys.argv[1]).fill(sys.argv[2]).write(sys.argv[3])"
    there = tmp_path / "there.parquet"
    subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model"), str(tmp_path / "in.parquet"), str(there)], check=True
    )
    assert there.read_bytes() == (tmp_path / "here.parquet").read_bytes()


def test_fitting_twice_forgets_the_first_table(frame: pd.DataFrame, quick: dict[str, object]):
    imputer = Imputer(**quick).fit(frame[["time", "price"]])
    imputer.fit(frame[["time", "wind", "humidity"]])
    assert set(imputer.fitted_.columns) == {"wind", "humidity"}


def test_a_table_far_outside_the_fitted_range_is_filled_within_its_own_range(
    fitted: Imputer, frame: pd.DataFrame, sample: Sample
):
    names = list(sample.columns)
    for shift in (1e3, 1e29, 1e300):
        other = frame.copy()
        other[names] = frame[names] + shift
        filled = fitted.transform(other)[names]
        rounding = 1e-10 * shift
        assert (filled.min() >= other[names].min() - 10 - rounding).all()
        assert (filled.max() <= other[names].max() + 10 + rounding).all()
        assert not filled.isna().any().any()


def test_problems_of_the_method_and_of_reading_are_listed_in_one_message():
    with pytest.raises(InputError, match=r"length must be from 2.*decimal must be"):
        Imputer(length=1, decimal="x")


def test_a_precision_that_cannot_be_written_is_refused(fitted: Imputer, frame: pd.DataFrame):
    with pytest.raises(InputError, match="precision must be from 0 to 17 decimals, got 400"):
        fitted.fill(frame).to_frame(precision=400)


def test_huge_values_keep_their_size_when_rounded():
    frame = pd.DataFrame({"a": [1e300, np.nan, 1e300, 2e300]})
    table = latentfill.tables.read.read_table(frame)
    filled = latentfill.tables.write.fill_frame(table, np.full((4, 1), 1.5e300), precision=3)
    assert filled["a"][1] == 1.5e300


def test_a_table_with_nearly_everything_missing_is_filled_near_its_true_range(
    fitted: Imputer, frame: pd.DataFrame, sample: Sample
):
    """97 % of the cells are missing, far more than training ever hides, and for 100 hours all of them."""
    table = frame.copy()
    missing = np.random.default_rng(0).random(sample.values.shape) < 0.97
    missing[100:200] = True
    table[list(sample.columns)] = np.where(missing, np.nan, sample.truth)
    filled = values(fitted.transform(table), sample)
    low, high = np.nanmin(sample.truth, axis=0), np.nanmax(sample.truth, axis=0)
    assert not np.isnan(filled).any()
    assert (filled >= low - 0.1 * (high - low) - 1e-9).all()
    assert (filled <= high + 0.1 * (high - low) + 1e-9).all()


def test_a_short_window_gets_a_stride_of_a_quarter_of_its_length():
    assert Imputer(length=12).config.windows.stride == 3
    assert Imputer(length=48).config.windows.stride == 24
    assert Imputer(length=12, stride=6).config.windows.stride == 6
    with pytest.raises(InputError, match=r"stride must be at most length \(12\), got 13"):
        Imputer(length=12, stride=13)


def test_a_fitted_model_takes_changes_in_groups_and_refuses_those_it_depends_on(
    quick: dict[str, object], tmp_path: Path
):
    frame = pd.DataFrame({"a": np.arange(60.0), "b": np.sin(np.arange(60.0))})
    frame.loc[5:9, "b"] = np.nan
    Imputer(**quick, strategy="linear").fit(frame).save(tmp_path / "m")
    loaded = Imputer.load(tmp_path / "m", output={"max_gap": 3}, reading={"missing": -200})
    assert loaded.fitted_.config.output.max_gap == 3
    assert loaded.options.missing == ("-200",)
    with pytest.raises(InputError, match=r"decoder_steps cannot be changed on a fitted model.*Fit again"):
        Imputer.load(tmp_path / "m", decoder={"steps": 9})


def test_a_config_of_another_kind_is_refused():
    with pytest.raises(InputError, match=r"config must be a latentfill.Config, got 42"):
        Imputer(42)

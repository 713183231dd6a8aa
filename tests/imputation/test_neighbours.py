"""The strategy neighbours through the `Imputer`: donor tables, and the neighbours of each filled cell."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from latentfill import Imputer
from latentfill.core.errors import InputError

ROWS = 480


def table(seed: int, start: str = "2024-01-01") -> pd.DataFrame:
    """Two columns with a daily course of random height."""
    rng = np.random.default_rng(seed)
    height = np.repeat(rng.uniform(1, 3, ROWS // 24), 24)
    angle = 2 * np.pi * np.arange(ROWS) / 24
    frame = pd.DataFrame({"a": height * np.sin(angle), "b": height * np.cos(angle) + 5})
    frame.insert(0, "time", pd.date_range(start, periods=ROWS, freq="h"))
    return frame


def gappy(seed: int) -> pd.DataFrame:
    frame = table(seed)
    frame.loc[100:111, "a"] = np.nan
    frame.loc[200:203, ["a", "b"]] = np.nan
    return frame


@pytest.fixture
def settings(quick: dict[str, object]) -> dict[str, object]:
    return quick | {"strategy": "neighbours"}


def test_windows_of_a_donor_table_reduce_the_error(settings: dict[str, object], tmp_path: Path):
    """The filled table is a short part of the donor table, with gaps."""
    short = gappy(1)[96:130].reset_index(drop=True)
    truth = table(1)[96:130].reset_index(drop=True)
    donor = tmp_path / "donor.csv"
    table(1).to_csv(donor, index=False)
    missing = short["a"].isna()
    errors = {}
    for name, more in (("alone", {}), ("with", {"donor_table": str(donor)})):
        filled = Imputer(**settings, **more, neighbour_count=3).fit_transform(short)
        errors[name] = np.abs(filled["a"] - truth["a"])[missing].mean()
    assert errors["with"] < 0.5 * errors["alone"]


def test_a_donor_table_that_does_not_match_is_refused(settings: dict[str, object], tmp_path: Path):
    donor = tmp_path / "donor.csv"
    table(2).drop(columns="b").to_csv(donor, index=False)
    with pytest.raises(InputError, match="b"):
        Imputer(**settings, donor_table=str(donor)).fit(gappy(1))
    table(2).drop(columns="time").to_csv(donor, index=False)
    with pytest.raises(InputError, match="time stamps"):
        Imputer(**settings, donor_table=str(donor)).fit(gappy(1))
    table(2)[:10].to_csv(donor, index=False)
    with pytest.raises(InputError, match="the donor table has 10 rows, fewer than one window"):
        Imputer(**settings, donor_table=str(donor)).fit(gappy(1))
    with pytest.raises(InputError, match="no file"):
        Imputer(**settings, donor_table=str(tmp_path / "none.csv")).fit(gappy(1))


def test_the_weighted_neighbours_of_a_cell_add_up_to_its_value(settings: dict[str, object], tmp_path: Path):
    donor = tmp_path / "donor.csv"
    table(2).to_csv(donor, index=False)
    frame = gappy(1)
    imputer = Imputer(**settings, donor_table=str(donor), margin=None).fit(frame)
    filled = imputer.fill(frame).filled.values
    imputer.explain(frame, tmp_path / "why.csv")
    why = pd.read_csv(tmp_path / "why.csv")
    assert list(why.columns) == ["row", "column", "neighbour_row", "source", "value", "weight"]
    estimates = (why["value"] * why["weight"]).groupby([why["row"], why["column"]]).sum()
    weight = why["weight"].groupby([why["row"], why["column"]]).sum()
    np.testing.assert_allclose(weight, 1, atol=1e-6)
    assert len(estimates) == frame[["a", "b"]].isna().sum().sum()
    for (row, column), value in estimates.items():
        assert filled[row, ["a", "b"].index(column)] == pytest.approx(value, abs=1e-4)
    assert set(why["source"]) == {"table", "donor_table"}
    in_table = why[why["source"] == "table"]
    assert ((in_table["neighbour_row"] - in_table["row"]).abs() >= 1).all()
    observed = frame.set_index(frame.index)[["a", "b"]]
    assert not np.isnan(
        [observed.loc[r, c] for r, c in zip(in_table["neighbour_row"], in_table["column"], strict=True)]
    ).any()


def test_only_the_strategy_neighbours_can_explain_its_estimates(
    run_cli, tmp_path: Path, capsys, settings: dict[str, object]
):
    source, why = tmp_path / "in.csv", tmp_path / "why.csv"
    gappy(1).to_csv(source, index=False)
    flags = [f"{name}={value}" for name, value in settings.items() if name != "strategy"]
    flags = [part for flag in flags for part in ("--set", flag)]
    base = ("impute", source, "-o", tmp_path / "out.csv", "-q", "--explain", why, *flags)
    assert run_cli(*base, "--strategy", "linear") == 2
    assert "only the strategy neighbours can explain its estimates" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()
    assert run_cli(*base, "--strategy", "neighbours") == 0
    assert len(pd.read_csv(why)) > 0
    assert run_cli(*base, "--candidates", "linear,kriging,neighbours") == 0

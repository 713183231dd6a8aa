"""Neither the order of columns nor that of series changes a fill, nor how many are filled at a time."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill import Imputer
from latentfill.imputation.filling import fill_many

FOLDER = Path(__file__).parent
ROUNDING = 1e-9  # standard deviations of the column


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(FOLDER)
    import made_file

    return made_file


NETWORKS = {"candidates": ["kriging", "boosted", "factors", "neighbours", "denoise", "latent", "iterative", "knn"]}


@pytest.mark.parametrize(
    "settings",
    [{}, NETWORKS, {"causal": True}, {"intervals": 0.9, "samples": 2}],
    ids=lambda each: next(iter(each), ""),
)
def test_the_order_of_columns_changes_no_bit(made: ModuleType, settings: dict[str, Any]):
    frame = made.frame().iloc[:180]
    turned = frame[["time", *frame.columns[:0:-1]]]
    settings = {**made.SETTINGS, **settings}
    filled, other = (Imputer(**settings).fit(each).fill(each).filled for each in (frame, turned))
    for part in ("values", "codes", "expected", "lower", "upper", "samples"):
        values = getattr(filled, part)
        if values is not None:
            np.testing.assert_array_equal(getattr(other, part)[..., ::-1], values, err_msg=part)


def test_the_order_of_columns_of_an_array_changes_no_bit(made: ModuleType):
    array = made.frame().drop(columns="time").to_numpy()
    np.testing.assert_array_equal(latentfill.impute(array[:, ::-1])[:, ::-1], latentfill.impute(array))


def test_the_order_of_covariates_changes_no_bit(made: ModuleType):
    frame = made.frame()
    first, second = frame[["time", "b", "c"]], frame[["time", "direction", "meter"]]
    one, two = (
        latentfill.impute(frame[["time", "a"]], covariates=others)
        for others in ([first, second], [second[["time", "meter", "direction"]], first])
    )
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.fixture(scope="module")
def stations() -> pd.DataFrame:
    """Eight short series of different lengths, one below the other, with gaps."""
    rng = np.random.default_rng(0)
    parts = []
    for number in range(8):
        rows = 60 + 7 * (number % 4)
        values = np.cumsum(rng.normal(size=(rows, 3)), axis=0) + 10 * rng.normal(size=3)
        values[rng.random(values.shape) < 0.15] = np.nan
        part = pd.DataFrame(values, columns=["a", "b", "c"])
        part.insert(0, "time", pd.date_range("2024-01-01", periods=rows, freq="h"))
        part.insert(0, "station", f"s{number:02}")
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def filled(table: pd.DataFrame, model: str) -> pd.DataFrame:
    """The filled table in the order of its stations and hours."""
    result = latentfill.impute(table, by=["station"], model=model)
    return result.sort_values(["station", "time"], ignore_index=True)[["station", "time", "a", "b", "c"]]


@pytest.mark.parametrize("model", ["shared", "auto", "own"])
def test_the_order_of_series_and_columns_changes_no_fill(stations: pd.DataFrame, model: str):
    shuffled = pd.concat([part for _, part in sorted(stations.groupby("station"), reverse=True)], ignore_index=True)
    shuffled = shuffled[["time", "c", "a", "station", "b"]]
    pd.testing.assert_frame_equal(filled(shuffled, model), filled(stations, model), rtol=0, atol=ROUNDING)


def test_the_number_of_series_that_are_filled_at_a_time_changes_no_fill(
    stations: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
):
    results = []
    for at_once in (1, 1000, 1 << 17):
        monkeypatch.setattr(fill_many, "AT_ONCE", at_once)
        results.append(filled(stations, "shared"))
    for other in results[1:]:
        pd.testing.assert_frame_equal(other, results[0], rtol=0, atol=ROUNDING)


def test_the_order_of_files_in_a_folder_changes_no_fill(stations: pd.DataFrame, tmp_path: Path, run_cli):
    for folder, names in (("one", "abc"), ("two", "cab")):
        (tmp_path / folder).mkdir()
        for name, (_, part) in zip(names, list(stations.groupby("station"))[:3], strict=True):
            part.drop(columns="station").to_csv(tmp_path / folder / f"{name}.csv", index=False)
        out = tmp_path / f"{folder}-filled"
        assert run_cli("impute", tmp_path / folder, "--output-dir", out, "-q") == 0
    for one, two in ("ac", "ba", "cb"):
        assert (tmp_path / "one-filled" / f"{one}.csv").read_bytes() == (
            tmp_path / "two-filled" / f"{two}.csv"
        ).read_bytes()

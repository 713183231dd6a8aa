"""Small filled tables and scores to draw."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from latentfill.imputation.imputation import Imputation
from latentfill.imputation.imputer import Imputer
from latentfill.scoring.scores import ALL, Score


@pytest.fixture
def fill() -> Callable[..., Imputation]:
    """Fills columns of hourly values by linear interpolation."""

    def run(columns: dict[str, list[float | None]], *, time: list[str] | None = None, **settings: object) -> Imputation:
        n_rows = len(next(iter(columns.values())))
        index = pd.date_range("2024-01-01", periods=n_rows, freq="h") if time is None else pd.to_datetime(time)
        frame = pd.DataFrame(columns, index=index, dtype=float)
        return Imputer(strategy="linear", **settings).fit(frame).fill(frame)

    return run


@pytest.fixture
def scores() -> list[Score]:
    """The scores of two strategies on two columns and two gap lengths; `auto` has half the squared error."""

    def score(strategy: str, column: str, gap: str) -> Score:
        mse = 0.25 if strategy == "auto" else 0.5
        return Score(
            strategy=strategy,
            pattern="block",
            rate=0.1,
            seed=0,
            column=column,
            gap=gap,
            cells=60,
            gaps=20,
            realised_rate=0.09,
            mse=mse,
            mae=0.4,
            mre=0.1,
            coverage=0.85 if column == "x" else 0.5,
            nominal=0.9,
            ratio_to_linear=mse / 0.5,
        )

    groups = [(column, gap) for column in (ALL, "x", "y") for gap in (ALL, "1", "4-6")]
    return [score(strategy, *group) for strategy in ("auto", "linear") for group in groups]


@pytest.fixture
def layer_rows() -> Callable[[Any], list[list[dict[str, Any]]]]:
    """The rows that each layer of a figure draws."""

    def of_layers(figure: Any) -> list[list[dict[str, Any]]]:
        spec = figure.to_dict()
        sources = [layer.get("data", spec.get("data")) for layer in spec["layer"]]
        return [spec["datasets"][data["name"]] if "name" in data else data["values"] for data in sources]

    return of_layers

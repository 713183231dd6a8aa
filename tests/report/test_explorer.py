"""The data of the gap explorer are the values of the filled table."""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
import pytest

from latentfill.imputation.imputation import Imputation
from latentfill.report import explorer
from latentfill.report.encoded import decimals_of, encode
from latentfill.report.explorer import explorer_data
from latentfill.report.gap_list import GapList


def decoded(encoded: dict[str, str]) -> np.ndarray:
    return np.frombuffer(base64.b64decode(encoded["base64"]), dtype=f"<{encoded['type']}").astype(float)


@pytest.fixture(scope="module")
def data(filled: Imputation) -> dict[str, Any]:
    return explorer_data(filled, GapList.of(filled))


def position(filled: Imputation, data: dict[str, Any], number: int) -> int:
    """The column of the filled table for a column of the data."""
    return filled.table.series.columns.index(data["columns"][number]["name"])


def test_every_filled_cell_has_its_value_bounds_error_and_candidates(filled: Imputation, data: dict[str, Any]):
    whole_table, of_candidates = filled.filled, filled.filled.candidates
    cells = {name: decoded(data["cells"][name]) for name in ("value", "lower", "upper", "expected")}
    first = 0
    for gap in data["gaps"]:
        at = (slice(gap["start"], gap["start"] + gap["length"]), position(filled, data, gap["column"]))
        of_gap = slice(first, first + gap["length"])
        for name, whole in (("value", whole_table.values), ("lower", whole_table.lower), ("upper", whole_table.upper)):
            np.testing.assert_allclose(np.round(cells[name][of_gap], 2), np.round(whole[at], 2), atol=1e-9)
        np.testing.assert_allclose(cells["expected"][of_gap], whole_table.expected[at], rtol=1e-6)
        for name, whole in of_candidates.items():
            np.testing.assert_allclose(decoded(data["cells"]["candidates"][name])[of_gap], whole[at], rtol=1e-6)
        first += gap["length"]
    assert first == len(cells["value"]) == np.isnan(filled.table.as_read).sum()


def test_readings_are_those_of_the_table_with_nothing_in_gaps(filled: Imputation, data: dict[str, Any]):
    values = filled.table.series.values
    for number, column in enumerate(data["columns"]):
        (stretch,) = column["stretches"]
        assert stretch["start"] == 0
        decimals = column["decimals"]
        np.testing.assert_array_equal(np.round(decoded(stretch), decimals), values[:, position(filled, data, number)])


def test_the_spike_is_marked_as_doubtful(filled: Imputation, data: dict[str, Any]):
    (reading,) = data["columns"][0]["doubtful"]
    assert (reading["step"], reading["reason"]) == (200, "spike")
    assert reading["value"] == filled.table.as_read[200, 0]


def test_even_stamps_are_a_first_one_and_a_spacing(data: dict[str, Any]):
    assert data["time"] == {"first": 1_704_067_200_000.0, "spacing": 3_600_000.0}


def test_without_room_for_all_the_most_telling_gaps_stay_with_their_surroundings(
    filled: Imputation, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(explorer, "ROOM", 20_000)
    monkeypatch.setattr(explorer, "CONTEXT", 10)
    gaps = GapList.of(filled)
    data = explorer_data(filled, gaps)
    assert 0 < len(data["gaps"]) < len(gaps)
    assert data["left_out"] == len(gaps) - len(data["gaps"])
    assert {(gap["start"], gap["length"]) for gap in data["gaps"]} >= {(300, 40), (140, 20)}  # the longest ones
    for gap in data["gaps"]:
        stretches = data["columns"][gap["column"]]["stretches"]
        ends = [(each["start"], each["start"] + len(decoded(each))) for each in stretches]
        assert any(
            start <= max(0, gap["start"] - 10) and gap["start"] + gap["length"] + 10 <= stop for start, stop in ends
        )


@pytest.mark.parametrize(
    ("values", "decimals", "kind"),
    [
        ([1.5, np.nan, 2.25], 2, "f4"),
        ([123_456_789.12, 123_456_789.13], 2, "f8"),  # more digits than single precision has
        ([1e300], 0, "f8"),
        ([], 0, "f4"),
    ],
)
def test_numbers_lose_nothing_that_is_shown(values: list[float], decimals: int, kind: str):
    with np.errstate(over="ignore"):
        encoded = encode(np.array(values), decimals)
    assert encoded["type"] == kind
    np.testing.assert_array_equal(np.round(decoded(encoded), decimals), np.round(values, decimals))


@pytest.mark.parametrize(
    ("values", "decimals"),
    [
        ([1, 2, 3], 0),
        ([1.5, 2.25], 2),
        ([0.1, np.nan, 0.3], 1),
        ([1 / 3] * 9, 6),
        ([1e-5 / 3] * 9, 11),
        ([], 0),
        ([0.0], 0),
    ],
)
def test_the_decimals_of_a_column_are_those_of_its_readings(values: list[float], decimals: int):
    assert decimals_of(np.array(values, dtype=float)) == decimals

"""Refused fills are left empty, and nothing else changes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from latentfill import Imputer, InputError
from latentfill.imputation.decisions import Decisions


def table(*, stamps: bool = True) -> pa.Table:
    """Two columns of 200 hours with gaps at steps 50 to 59 (a) and 100 (b)."""
    hours = np.datetime64("2024-01-01T00", "s") + np.arange(200) * np.timedelta64(1, "h")
    a, b = np.sin(np.arange(200) / 4), np.cos(np.arange(200) / 4)
    a[50:60], b[100] = np.nan, np.nan
    columns = {"a": pa.array(a, from_pandas=True), "b": pa.array(b, from_pandas=True)}
    return pa.table({"time": hours, **columns} if stamps else columns)


def decisions(*refused: dict[str, object]) -> Decisions:
    return Decisions.parse({"format": 1, "refused": list(refused)}, "decisions.json")


def imputer(**settings: object) -> Imputer:
    return Imputer(strategy="linear", **settings).fit(table())


GAP = {"column": "a", "from": "2024-01-03 02:00", "to": "2024-01-03 11:00"}


def test_refused_fills_are_empty_and_all_else_is_as_before():
    fitted = imputer(intervals=0.9, samples=2)
    before, after = fitted.fill(table()), fitted.fill(table(), decisions=decisions(GAP))
    assert np.isnan(after.filled.values[50:60, 0]).all()
    assert np.isnan(after.filled.lower[50:60, 0]).all()
    assert np.isnan(after.filled.samples[:, 50:60, 0]).all()
    same = np.ones((200, 2), dtype=bool)
    same[50:60, 0] = False
    assert (before.filled.values[same] == after.filled.values[same]).all()
    assert after.summary["columns"]["a"]["left_empty"] == 10
    assert after.summary["refused"] == {"a": 10}
    assert "10 cells left empty, as the decisions refuse them." in after.notes
    assert after.filled.weights.cell_texts[55, 0] == ""


def test_a_part_of_a_gap_can_be_refused():
    filled = imputer().fill(table(), decisions=decisions({**GAP, "to": "2024-01-03T02:00"})).filled
    assert np.isnan(filled.values[50:60, 0]).tolist() == [True] + 9 * [False]


def test_without_stamps_gaps_are_named_by_steps():
    plain = table(stamps=False)
    filled = (
        Imputer(strategy="linear").fit(plain).fill(plain, decisions=decisions({"column": "b", "from": 100, "to": 100}))
    )
    assert np.flatnonzero(np.isnan(filled.filled.values[:, 1])).tolist() == [100]


def test_readings_stay_where_nothing_is_missing():
    filled = imputer().fill(table(), decisions=decisions({"column": "b", "from": "2024-01-01", "to": "2024-01-02"}))
    assert not np.isnan(filled.filled.values).any()
    assert any("Nothing is missing in 1 fill" in note for note in filled.notes)


def test_values_that_may_be_markers_stay():
    marked = table().to_pydict()
    marked["b"][20:60] = [-9999.0] * 40
    frame = pa.table(marked)
    filled = (
        Imputer(strategy="linear")
        .fit(frame)
        .fill(frame, decisions=decisions({"column": "b", "from": "2024-01-01", "to": "2024-01-04"}))
    )
    assert (filled.filled.values[20:60, 1] == -9999).all()


@pytest.mark.parametrize(
    ("gap", "words"),
    [
        ({**GAP, "column": "A"}, "did you mean 'a'"),
        ({**GAP, "from": "soon"}, "'soon' is no time stamp"),
        ({**GAP, "from": "2030-01-01", "to": "2030-01-02"}, "no cells of 'a' from '2030-01-01'"),
        ({**GAP, "from": "2024-01-04", "to": "2024-01-03"}, "no cells of 'a'"),
        ({"column": "a", "from": 150, "to": 200}, "no cells of 'a' from 150 to 200"),
        ({"column": "a", "from": -1, "to": 3}, "no cells of 'a'"),
    ],
)
def test_gaps_that_are_not_in_the_table_are_refused(gap: dict[str, object], words: str):
    with pytest.raises(InputError, match=words):
        imputer().fill(table(), decisions=decisions(gap))


def test_stamps_for_a_table_without_are_refused():
    plain = table(stamps=False)
    with pytest.raises(InputError, match="by time stamps"):
        Imputer(strategy="linear").fit(plain).fill(plain, decisions=decisions(GAP))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("{", "is no file of decisions: it must be JSON"),
        ("[" * 200_000, "is no file of decisions: it must be JSON"),
        ("[]", 'needs a list "refused"'),
        ('{"format": 1, "refused": {}}', 'needs a list "refused"'),
        ('{"format": 2, "refused": []}', "format 2, and this version reads 1"),
        ('{"format": 1, "refused": [3]}', "needs a column"),
        ('{"format": 1, "refused": [{"column": "a", "from": 1, "to": "2"}]}', "both time stamps or both steps"),
        ('{"format": 1, "refused": [{"column": "a", "from": true, "to": true}]}', "both time stamps or both steps"),
    ],
)
def test_files_that_are_no_decisions_are_refused(tmp_path: Path, content: str, words: str):
    path = tmp_path / "decisions.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        Decisions.read(path)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=r"decisions .*missing\.json cannot be read"):
        Decisions.read(tmp_path / "missing.json")


def test_the_imputer_reads_a_file_of_decisions(tmp_path: Path):
    path = tmp_path / "decisions.json"
    path.write_text(json.dumps({"format": 1, "table": "t", "refused": [GAP]}), encoding="utf-8")
    assert np.isnan(imputer().fill(table(), decisions=path).filled.values).sum() == 10


def test_a_causal_model_leaves_refused_fills_empty_too():
    causal = Imputer(causal=True, effort="quick").fit(table())
    assert np.isnan(causal.fill(table(), decisions=decisions(GAP)).filled.values[50:60, 0]).all()


def test_decisions_of_another_type_are_refused():
    table = pa.table({"a": [1.0, None, 3.0, 4.0]})
    with pytest.raises(InputError, match="decisions must be a file"):
        Imputer(strategy="linear").fit(table).fill(table, decisions=[1])  # type: ignore[arg-type]

from __future__ import annotations

import numpy as np

from latentfill.core.series import Series
from latentfill.imputation.summary.cell_counts import joined_counts
from latentfill.imputation.summary.column_facts import column_facts
from latentfill.kinds.number import Number

NAN = np.nan
HOURS = np.arange("2024-01-01T00", "2024-01-01T06", dtype="datetime64[h]").astype("datetime64[ns]")


def test_a_column_has_its_spread_and_its_longest_gap():
    values = np.array([[1, NAN, 3, NAN, NAN, 5], [1, 1, 1, 1, 1, 1]]).T
    facts = column_facts(Series(values, ("a", "b"), HOURS, np.arange(6)), {"a": Number(), "b": Number()})
    spread = float(f"{np.std([1, 3, 5]):.4g}")
    assert facts["a"] == {
        "kind": "continuous",
        "spread": spread,
        "longest_gap": {"steps": 2, "from": "2024-01-01 03:00"},
    }
    assert facts["b"] == {"kind": "continuous", "spread": 0.0, "longest_gap": None}


def test_without_time_stamps_a_gap_begins_at_a_step():
    series = Series(np.array([[1.0], [NAN], [2.0]]), ("a",), None, np.arange(3))
    assert column_facts(series, {"a": Number()})["a"]["longest_gap"] == {"steps": 1, "from": "step 2"}


def test_of_several_tables_the_longest_gap_is_kept():
    gaps = [{"steps": 2, "from": "x"}, None, {"steps": 3, "from": "y"}]
    tables = [{"a": {"kind": "flag", "spread": 1.0, "longest_gap": gap, "missing": 1}} for gap in gaps]
    assert joined_counts(tables)["a"] == {"kind": "flag", "longest_gap": gaps[2], "missing": 3}

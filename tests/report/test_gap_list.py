"""Which gaps of a filled table to look at."""

from __future__ import annotations

import numpy as np

from latentfill.imputation.imputation import Imputation
from latentfill.report.gap_list import GapList


def test_cells_are_those_of_the_gaps_one_after_the_other(filled: Imputation):
    gaps = GapList.of(filled)
    for gap in range(len(gaps)):
        at = gaps.cells(gap)
        first = gaps.gaps.start[gap]
        assert gaps.step[at].tolist() == list(range(first, first + gaps.gaps.length[gap]))
        assert set(gaps.column[at].tolist()) == {gaps.gaps.column[gap]}


def test_expected_errors_are_means_over_the_cells(filled: Imputation):
    gaps = GapList.of(filled)
    longest = int(np.argmax(gaps.gaps.length))
    cells = (gaps.step[gaps.cells(longest)], gaps.column[gaps.cells(longest)])
    assert gaps.expected[longest] == np.mean(filled.filled.expected[cells])


def test_the_longest_gaps_come_first_with_their_reason(filled: Imputation):
    gaps = GapList.of(filled)
    looks = gaps.to_look_at()
    lengths = [int(gaps.gaps.length[gap]) for gap, reasons in looks.items() if "among the longest" in reasons]
    assert lengths == sorted(gaps.gaps.length, reverse=True)[:3]
    assert {gap for gap in looks} <= set(gaps.by_interest[:9].tolist())


def test_departures_go_around_the_circle(filled: Imputation):
    gaps = GapList.of(filled)
    columns = filled.summary["columns"]
    circular = gaps.gaps.column == filled.table.series.columns.index("wind_dir")
    assert (gaps.departure[circular] * columns["wind_dir"]["spread"] <= 180).all()

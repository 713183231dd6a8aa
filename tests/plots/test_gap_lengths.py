from __future__ import annotations

from collections.abc import Callable

import numpy as np

from latentfill import plots
from latentfill.imputation.imputation import Imputation
from latentfill.plots.gap_lengths import length_bins
from latentfill.plots.save import to_svg

N = None


def test_bins_double_and_count_gaps_and_cells():
    of_gaps = np.array([1, 1, 2, 3, 4, 9])
    bins = length_bins(of_gaps, np.repeat(of_gaps, of_gaps))
    assert [each["length"] for each in bins] == ["1", "2", "3-4", "5-8", "9-16"]
    assert [each["gaps"] for each in bins] == [2, 1, 2, 0, 1]
    assert [each["cells"] for each in bins] == [2, 2, 7, 0, 9]
    assert bins[0]["about"] == "1 step: 2 gaps, 2 missing cells"


def test_the_title_tells_the_gaps_of_all_columns(fill: Callable[..., Imputation]):
    figure = plots.gap_lengths(fill({"a": [1, N, 3, N, N, N, 7], "b": [1, 2, 3, 4, N, 6, 7]}))
    assert figure.to_dict()["title"] == "3 gaps with 5 missing cells; median length 1, longest 3 steps"


def test_a_table_without_gaps_says_so(fill: Callable[..., Imputation]):
    figure = plots.gap_lengths(fill({"a": [1, 2, 3]}))
    assert figure.to_dict()["title"] == "No cell is missing"
    assert "<svg" in to_svg(figure)

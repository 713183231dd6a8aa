"""The longest gaps of a series that is read part by part."""

import numpy as np

from latentfill.core.series import Series
from latentfill.imputation.streaming.gap_scan import GapScan


def test_gaps_go_on_from_part_to_part():
    values = np.ones((30, 2))
    values[3:5, 0] = values[8:22, 0] = values[28:, 0] = np.nan  # 14 steps across two ends of parts, 2 at the end
    values[:4, 1] = values[10:20, 1] = np.nan  # the second one fills a whole part
    series = Series(values, ("x", "y"), None, np.arange(30))
    scan = GapScan(limit=12)
    for first in (0, 10, 20):
        scan.add(series.part(slice(first, first + 10)), first)
    scan.close()
    assert scan.longest == {"x": {"steps": 14, "from": "step 9"}, "y": {"steps": 10, "from": "step 11"}}
    assert scan.over_limit == {"x": 1}

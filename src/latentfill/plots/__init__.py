"""Figures of filled tables and of scores, as altair charts; they need the packages of the extra `report`.

No figure is imported with altair until it is made.
"""

from __future__ import annotations

from latentfill.plots.calibration import calibration
from latentfill.plots.error_by_gap_length import error_by_gap_length
from latentfill.plots.filled_series import filled_series
from latentfill.plots.gap_lengths import gap_lengths
from latentfill.plots.heat_maps import coverage_by_column, error_by_column
from latentfill.plots.missing_map import missingness
from latentfill.plots.save import save

__all__ = [
    "calibration",
    "coverage_by_column",
    "error_by_column",
    "error_by_gap_length",
    "filled_series",
    "gap_lengths",
    "missingness",
    "save",
]

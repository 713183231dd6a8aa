"""The parts that all pages about the gaps of a table have, filled or not."""

from __future__ import annotations

import json
from typing import Any

from latentfill.imputation.imputation import Imputation
from latentfill.plots.gap_lengths import gap_lengths
from latentfill.plots.missing_map import missingness
from latentfill.plots.save import to_svg
from latentfill.report.column_rows import column_rows, facts
from latentfill.report.explorer import explorer_data
from latentfill.report.gap_list import GapList
from latentfill.report.looks import doubtful_to_look_at, gaps_to_look_at
from latentfill.report.series_figure import vega_scripts


def gap_parts(imputation: Imputation, *, filled: bool) -> dict[str, Any]:
    """The values that the shared templates need; `filled`: whether the gaps were filled."""
    gaps = GapList.of(imputation)
    data = explorer_data(imputation, gaps)
    return {
        "summary": imputation.summary,
        "filled": filled,
        "n_gaps": len(gaps),
        "facts": list(facts(imputation.summary, len(gaps), filled=filled)),
        "missing_map": to_svg(missingness(imputation), css=True),
        "gap_lengths": to_svg(gap_lengths(imputation), css=True),
        "looks": [*gaps_to_look_at(imputation, gaps, data), *doubtful_to_look_at(imputation)],
        "columns": list(column_rows(imputation)),
        "data": as_script(data),
        "vega": vega_scripts(),
    }


def as_script(data: object) -> str:
    """JSON that may stand inside of a script element, whatever texts it holds."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")

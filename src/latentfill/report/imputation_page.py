"""The page about a filled table: a verdict, what was missing, what filled it, how far to trust it, and each gap."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from latentfill.imputation.imputation import Imputation
from latentfill.report.changed_settings import changed_settings
from latentfill.report.fill_verdict import verdict
from latentfill.report.gap_parts import gap_parts
from latentfill.report.rendering import check_installed, render
from latentfill.report.spans import span_text
from latentfill.report.trust_table import length_rows, trust_rows

MOST_COLUMNS = 60  # whose expected errors are shown


def imputation_page(imputation: Imputation, made_from: Mapping[str, str] | None = None) -> bytes:
    """The page as bytes of HTML; `made_from` may have `command`, `sha256` (of the table), `output`, `output_sha256`.

    Raises an `InputError` if the packages of the extra `report` are not installed.
    """
    check_installed()
    summary: Mapping[str, Any] = imputation.summary
    step = imputation.table.series.step
    lengths, trusted = trust_rows(summary)
    return render(
        "imputation.html.jinja",
        **gap_parts(imputation, filled=True),
        about={"latentfill": summary["latentfill"], "table": imputation.table.name or "the table", **(made_from or {})},
        settings=changed_settings(summary),
        verdict=verdict(summary, step),
        shares=sorted(summary["filled_from"].items(), key=lambda item: -item[1]),
        lengths=[(name, _length_text(name, step)) for name in lengths],
        trust=trusted,
        tested=[(row, _length_text(row.length, step)) for row in length_rows(summary)],
        most=MOST_COLUMNS,
    )


def _length_text(length: str, step: np.timedelta64 | None) -> str:
    """A gap length in steps, such as `7-24`, as a time; empty if steps are not regular."""
    if step is None:
        return ""
    last = length.lstrip(">").rpartition("-")[2]
    return f"{'over' if length.startswith('>') else 'up to'} {span_text(int(last), step)}"

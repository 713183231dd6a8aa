"""Describing stored embeddings, and checking whether they belong to a table and are reproducible."""

from __future__ import annotations

from pathlib import Path

from latentfill.core.config import Config
from latentfill.core.series import Series
from latentfill.embeddings.checks.verdicts import check_against_table, check_repeatability
from latentfill.embeddings.protocols.record import StoredEmbeddings
from latentfill.embeddings.stored.opening import open_embeddings
from latentfill.embeddings.stored.pairing import adopt_split_plan, pairing_problems
from latentfill.embeddings.stored.split_windows import plan_of, starts_by_split
from latentfill.imputation.summary.covered_rows import covered_rows


def describe_embeddings(
    path: Path, config: Config, series: Series | None, name: str | None, beside: Path | None
) -> dict[str, object]:
    """Describe an embeddings file or folder as JSON values.

    Given the `series` and the `name` of the table that the embeddings were made from, also tells how they pair with its
    windows, which rows they cover, and whether each belongs to its window. Given other embeddings at `beside`, also
    tells how the two sets differ.
    """
    pred_len = None if series is None else config.stored.pred_len
    stored = open_embeddings(path, name, pred_len, config.stored.dataset)
    described: dict[str, object] = {**stored.describe()}
    checks: dict[str, object] = {}
    if series is not None:
        config = adopt_split_plan(config, [stored.provenance])
        described["pairing"] = describe_pairing(stored, series, config)
        checks |= check_against_table(stored, series, starts_by_split(config, series.n_steps), config)
    if beside is not None:
        checks["repeatability"] = check_repeatability(
            stored, open_embeddings(beside, name, pred_len, config.stored.dataset)
        )
    return described | {"checks": checks} if checks else described


def describe_pairing(stored: StoredEmbeddings, series: Series, config: Config) -> dict[str, object]:
    """How stored embeddings pair with a table's windows, which of its rows they cover, and the problems of pairing."""
    windows = starts_by_split(config, series.n_steps)
    stored_starts = {split: windows[split][:count] for split, count in stored.splits.items() if split in windows}
    return {
        **plan_of(config),
        **covered_rows(stored_starts, config.stored.seq_len, series.n_steps),
        "windows_of_the_table": {split: len(starts) for split, starts in windows.items()},
        "problems": pairing_problems(stored, series, windows),
    }

"""Describing stored embeddings, and checking whether they belong to a table and are reproducible."""

from __future__ import annotations

from pathlib import Path

from latentfill.core.config import Config
from latentfill.core.config_settings import StoredSettings
from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.series import Series
from latentfill.embeddings.checks.verdicts import Check, check_against_table, check_repeatability
from latentfill.embeddings.pairing import check_table, columns_of
from latentfill.embeddings.protocols.record import StoredEmbeddings
from latentfill.embeddings.stored.found_plan import FoundPlan, find_plan
from latentfill.embeddings.stored.opening import open_embeddings
from latentfill.embeddings.stored.pooling import pooled
from latentfill.embeddings.stored.problems import short
from latentfill.embeddings.stored.split_windows import UNSORTED, is_sorted, starts_by_split
from latentfill.imputation.summary.covered_rows import covered_rows


def describe_embeddings(
    path: Path, config: Config, series: Series | None, name: str | None, beside: Path | None
) -> dict[str, object]:
    """Describe an embeddings file or folder as JSON values.

    Given the `series` and the `name` of the table that the embeddings were made from, also tells how they pair with its
    windows, which rows they cover, and whether each belongs to its window. Given other embeddings at `beside`, also
    tells how the two sets differ. `problems` lists everything that is wrong.
    """
    pred_len, dataset = config.stored.pred_len, config.stored.dataset
    stored = open_embeddings(path, name, pred_len, dataset)
    described: dict[str, object] = {**stored.describe()}
    problems, checks = _file_problems(described), dict[str, object]()
    if series is not None:
        pairing, verdicts, of_pairing = _describe_pairing(stored, series, config.stored)
        described["pairing"], checks = pairing, {**verdicts}
        problems += of_pairing
    if beside is not None:
        checks["repeatability"] = check_repeatability(stored, open_embeddings(beside, name, pred_len, dataset))
    return described | ({"checks": checks} if checks else {}) | {"problems": problems}


def _file_problems(described: dict[str, object]) -> list[str]:
    """The problems of the files, by split."""
    splits = described["splits"]
    assert isinstance(splits, dict)
    missing = [
        f"{split}: no file for window {short(each['missing'], each['n_missing'])}"
        for split, each in splits.items()
        if each.get("n_missing")
    ]
    return missing + [f"{split}: {problem}" for split, each in splits.items() for problem in each["problems"]]


def _describe_pairing(
    stored: StoredEmbeddings, series: Series, settings: StoredSettings
) -> tuple[dict[str, object], dict[str, dict[str, Check]], list[str]]:
    """How stored embeddings pair with a table's windows, the checks of them, and the problems of pairing."""
    problems = [] if is_sorted(series) else [UNSORTED]
    notes: tuple[str, ...] = ()
    stored = pooled(stored, settings, series.n_steps)
    try:
        notes = check_table(stored, series)
    except EmbeddingMismatchError as error:
        problems.append(str(error))
    try:
        found = find_plan(stored, settings, series.n_steps)
        columns = columns_of(stored, found.plan, series)
    except EmbeddingMismatchError as error:
        return {**settings.plan.to_dict(), "notes": list(notes)}, {}, [*problems, str(error)]
    starts = {**starts_by_split(found.plan, series.n_steps), **found.starts}
    verdicts = check_against_table(stored, series, starts, found.plan, columns)
    off = [str(check["says"]) for check in verdicts["alignment"].values() if check["contradicts"]]
    return _describe_plan(found, series.n_steps, notes), verdicts, [*problems, *off]


def _describe_plan(found: FoundPlan, n_rows: int, notes: tuple[str, ...]) -> dict[str, object]:
    """The plan of the embeddings, the rows that they cover, and the windows of the table, as JSON values."""
    windows = starts_by_split(found.plan, n_rows)
    return {
        **found.plan.to_dict(),
        **covered_rows(found.starts, found.plan.seq_len, n_rows),
        "windows_of_the_table": {split: len(starts) for split, starts in windows.items()},
        "notes": [*notes, *found.notes],
    }

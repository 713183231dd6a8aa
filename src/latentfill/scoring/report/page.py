"""Scores of `latentfill evaluate` as one page of HTML that needs nothing else: charts are drawings inside it."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

from latentfill.core.errors import InputError
from latentfill.scoring.encoder_table import HEADINGS as OF_ENCODERS
from latentfill.scoring.encoder_table import NONE, encoder_rows
from latentfill.scoring.report.charts import coverage_by_column, ratio_by_column, ratio_by_gap
from latentfill.scoring.scores import ALL, METRICS, Mean, Score, key_of, of_all_cells, over_seeds

HEADINGS = {
    "mse": "MSE",
    "mae": "MAE",
    "mre": "MRE",
    "crps": "CRPS",
    "coverage": "coverage",
    "width": "width",
    "ratio_to_linear": "ratio to linear",
}
PACKAGES = ("altair", "jinja2", "vl_convert")  # of the extra `report`
MOST_COLUMNS = 60  # of the table that a map of columns shows; more do not fit on a page


@dataclass(frozen=True, slots=True)
class Section:
    """What one pattern at one rate came to."""

    pattern: str
    rate: float  # asked for
    realised_rate: float
    cells: int  # hidden, over all seeds
    seeds: int
    metrics: list[str]  # headings of the table
    rows: list[tuple[str, list[str]]]  # strategy with its encoder, and its means with their spread over the seeds
    encoders: list[tuple[str, ...]]  # rows under `OF_ENCODERS`, where encoders are put side by side
    best: dict[str, str]  # heading -> strategy with the least error
    oracle: list[str]  # strategies whose embeddings may have seen the hidden cells
    by_gap: str  # SVG
    first: str  # the strategy of the maps
    by_column: str  # SVG
    coverage: str | None  # SVG, where there are intervals
    left_out: int  # columns that the maps have no room for


def to_html(about: Mapping[str, Any], scores: Sequence[Score]) -> bytes:
    """A page on one run: `about` names the table, the settings and the version, as `scores.to_json` does.

    Raises an `InputError` without the extra `report`.
    """
    check_installed()
    import jinja2

    template = resources.files("latentfill.scoring.report").joinpath("page.html.jinja").read_text(encoding="utf-8")
    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True).from_string(template)
    return page.render(about=about, of_encoders=OF_ENCODERS, sections=list(_sections(scores))).encode()


def check_installed() -> None:
    """An `InputError` if a package is missing that a report needs."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"a report needs {', '.join(missing)}: pip install 'latentfill[report]'.")


def _sections(scores: Sequence[Score]) -> Iterator[Section]:
    for pattern, rate in dict.fromkeys((score.pattern, score.rate) for score in scores):
        yield _section([score for score in scores if (score.pattern, score.rate) == (pattern, rate)])


def _section(scores: Sequence[Score]) -> Section:
    overall = of_all_cells(scores)
    found = {key.name: metrics for key, metrics in over_seeds(overall).items()}
    metrics = [metric for metric in METRICS if any(metric in of_strategy for of_strategy in found.values())]
    names = dict.fromkeys(key_of(score).name for score in overall if score.encoder != NONE)
    first = next(iter(names))
    shown = list(dict.fromkeys(score.column for score in scores if score.column != ALL))
    mapped = [score for score in scores if score.column in shown[:MOST_COLUMNS]]
    of_first = [score for score in overall if key_of(score).name == first]
    return Section(
        pattern=overall[0].pattern,
        rate=overall[0].rate,
        realised_rate=sum(score.realised_rate for score in of_first) / len(of_first),
        cells=sum(score.cells for score in of_first),
        seeds=len({score.seed for score in overall}),
        metrics=[HEADINGS[metric] for metric in metrics],
        rows=[(name, [_cell(of_strategy.get(metric)) for metric in metrics]) for name, of_strategy in found.items()],
        encoders=[row.texts for row in encoder_rows(scores)],
        best={HEADINGS[metric]: _best(found, metric) for metric in metrics if metric not in ("coverage", "width")},
        oracle=list(dict.fromkeys(key_of(score).name for score in overall if score.label)),
        by_gap=ratio_by_gap(scores),
        first=first,
        by_column=ratio_by_column(mapped, first),
        coverage=coverage_by_column(mapped, first) if any(score.coverage is not None for score in scores) else None,
        left_out=max(0, len(shown) - MOST_COLUMNS),
    )


def _best(found: Mapping[str, Mapping[str, Mean]], metric: str) -> str:
    known = {name: metrics[metric].mean for name, metrics in found.items() if metric in metrics}
    return min(known, key=lambda name: known[name])


def _cell(mean: Mean | None) -> str:
    return mean.text() if mean else ""

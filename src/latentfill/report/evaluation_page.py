"""The scores of `latentfill evaluate` as one self-contained page of HTML, with tables and charts."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from latentfill.core.errors import InputError
from latentfill.plots.error_by_gap_length import YARDSTICK_NAMES, coverage_by_column, ratio_by_column, ratio_by_gap
from latentfill.scoring.encoder_table import HEADINGS as ENCODER_HEADINGS
from latentfill.scoring.encoder_table import NONE, encoder_rows
from latentfill.scoring.scores import ALL, METRICS, Mean, Score, key_of, of_all_cells, over_seeds, yardstick_of

HEADINGS = {
    "mse": "MSE",
    "mae": "MAE",
    "mre": "MRE",
    "crps": "CRPS",
    "coverage": "coverage",
    "width": "width",
    "ratio_to_linear": "ratio to linear",
    "ratio_to_locf": "ratio to locf",
}
NOT_RANKED = ("coverage", "width")  # metrics that are not better if they are smaller
PACKAGES = ("altair", "jinja2", "vl_convert")  # of the extra `report`
MOST_COLUMNS = 60  # most columns in a heat map; more do not fit on a page


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """The part of the page about one pattern and rate."""

    pattern: str
    rate: float  # requested share of the observed cells to hide
    realised_rate: float  # share of the observed cells that were hidden
    cells: int  # hidden, over all seeds
    seeds: int
    metrics: list[str]  # headings of the table
    rows: list[tuple[str, list[str]]]  # strategy with its encoder, and the cells below `metrics`
    encoders: list[tuple[str, ...]]  # rows below `ENCODER_HEADINGS`; empty if encoders are not compared
    best: dict[str, str]  # the strategy with the smallest error, by heading
    oracle: list[str]  # strategies whose embeddings may have seen the hidden cells
    yardstick: str  # what the charts compare with
    by_gap: str  # SVG
    first: str  # the strategy that the heat maps show
    by_column: str  # SVG
    coverage: str | None  # SVG, None without intervals
    left_out: int  # number of columns that the heat maps do not show


def to_html(about: Mapping[str, object], scores: Sequence[Score]) -> bytes:
    """The page of one run; `about` holds its table, settings and version, as for `score_files.to_json`.

    Raises an `InputError` if the packages of the extra `report` are not installed.
    """
    check_installed()
    import jinja2

    template = resources.files("latentfill.report").joinpath("evaluation.html.jinja").read_text(encoding="utf-8")
    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True).from_string(template)
    return page.render(about=about, encoder_headings=ENCODER_HEADINGS, sections=list(_sections(scores))).encode()


def check_installed() -> None:
    """Raise an `InputError` that names the packages of the extra `report` that are not installed."""
    missing = [name for name in PACKAGES if importlib.util.find_spec(name) is None]
    if missing:
        raise InputError(f"a report needs {', '.join(missing)}: pip install 'latentfill[report]'.")


def _sections(scores: Sequence[Score]) -> Iterator[Section]:
    """A section for each pattern and rate."""
    for pattern, rate in dict.fromkeys((score.pattern, score.rate) for score in scores):
        yield _section([score for score in scores if (score.pattern, score.rate) == (pattern, rate)])


def _section(scores: Sequence[Score]) -> Section:
    """The section of one pattern and rate."""
    overall = of_all_cells(scores)
    means = {key.name: metrics for key, metrics in over_seeds(overall).items()}
    shown = [metric for metric in METRICS if any(metric in strategy_means for strategy_means in means.values())]
    first = next(key_of(score).name for score in overall if score.encoder != NONE)
    first_scores = [score for score in overall if key_of(score).name == first]
    columns = list(dict.fromkeys(score.column for score in scores if score.column != ALL))
    mapped = [score for score in scores if score.column in columns[:MOST_COLUMNS]]
    has_intervals = any(score.coverage is not None for score in scores)
    return Section(
        pattern=overall[0].pattern,
        rate=overall[0].rate,
        realised_rate=sum(score.realised_rate for score in first_scores) / len(first_scores),
        cells=sum(score.cells for score in first_scores),
        seeds=len({score.seed for score in overall}),
        metrics=[HEADINGS[metric] for metric in shown],
        rows=[
            (name, [_cell(strategy_means.get(metric)) for metric in shown]) for name, strategy_means in means.items()
        ],
        encoders=[row.texts for row in encoder_rows(scores)],
        best={HEADINGS[metric]: _best(means, metric) for metric in shown if metric not in NOT_RANKED},
        oracle=list(dict.fromkeys(key_of(score).name for score in overall if score.label)),
        yardstick=YARDSTICK_NAMES[yardstick_of(scores)],
        by_gap=ratio_by_gap(scores),
        first=first,
        by_column=ratio_by_column(mapped, first),
        coverage=coverage_by_column(mapped, first) if has_intervals else None,
        left_out=max(0, len(columns) - MOST_COLUMNS),
    )


def _best(means: Mapping[str, Mapping[str, Mean]], metric: str) -> str:
    """The strategy with the smallest mean of a metric."""
    known = {name: metrics[metric].mean for name, metrics in means.items() if metric in metrics}
    return min(known, key=lambda name: known[name])


def _cell(mean: Mean | None) -> str:
    """The text of one table cell; empty without a mean."""
    return mean.text() if mean else ""

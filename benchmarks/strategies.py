"""Errors of all strategies on real files, scored by `latentfill evaluate`.

    python benchmarks/strategies.py [--quick] [--data DIR] [--seeds 0] [DATA ...]

The benchmark hides 10 % of the observed cells in the pattern of the file's own gaps (scattered cells in a file without
gaps) and fills them by every strategy, like `latentfill evaluate FILE --strategies auto,denoise,...`. Errors are in
standard deviations of the columns. The strategy auto combines linear interpolation, kriging and the decoder;
`auto / best` compares it with the best of these three in each file. Results are written to benchmarks/results/.
"""

from __future__ import annotations

from common import Row, config_of, measured_line, names_of, parser_of, read_results, write_results, write_table
from latentfill.core.config import AUTO
from latentfill.core.strategy_table import STRATEGIES
from latentfill.scoring.evaluate import Run, evaluate
from latentfill.scoring.scores import ALL
from latentfill.scoring.spec import ScoringSpec
from real_files import read

PROTOCOL = "strategies"
NAMES = ("ETTh1", "beijing_multisite", "airquality_uci")
ORDER = (
    AUTO,
    "denoise",
    "kriging",
    "neighbours",
    "latent",
    *(name for kind in ("series", "baseline") for name, row in STRATEGIES.items() if row.kind == kind),
)


def main() -> None:
    parser = parser_of(__doc__, NAMES, seeds=(0,))
    arguments = parser.parse_args()
    for name in names_of(parser, arguments, NAMES):
        table = read(name, arguments.data)
        pattern = "like-gaps" if not table.series.observed.all() else "point"
        spec = ScoringSpec(strategies=ORDER, patterns=(pattern,), seeds=tuple(arguments.seeds))
        config = config_of(arguments)
        rows = [row for run in evaluate(table, config, spec) for row in rows_of(run)]
        print(name, rows, flush=True)
        write_results(PROTOCOL, name, {"settings": config.to_dict(), "pattern": pattern, "rows": rows}, arguments)
    write_table(PROTOCOL, report(quick=arguments.quick), arguments)


def rows_of(run: Run) -> list[Row]:
    """A row for each strategy, with its errors over all hidden cells."""
    return [
        {
            "strategy": s.strategy,
            "seed": s.seed,
            "mse": s.mse,
            "mae": s.mae,
            "mre": s.mre,
            "seconds": round(run.seconds),
        }
        for s in run.scores
        if s.column == ALL and s.gap == ALL
    ]


def report(*, quick: bool = False) -> str:
    """The results as Markdown."""
    records = read_results(PROTOCOL, NAMES, quick=quick)
    means_by_data = {record["data"]: _means(record["rows"]) for record in records}
    lines = [
        "| | " + " | ".join(f"{r['data']} ({r['pattern']})" for r in records) + " |",
        "|---" * (len(means_by_data) + 1) + "|",
    ]
    for strategy in (name for name in ORDER if any(name in means for means in means_by_data.values())):
        cells = [_cell(means.get(strategy), means["linear"]) for means in means_by_data.values()]
        lines.append(f"| {strategy} | " + " | ".join(cells) + " |")
    best = [
        means[AUTO] / min(means[name] for name in ("linear", "kriging", "denoise")) for means in means_by_data.values()
    ]
    lines.append("| auto / best of linear, kriging, denoise | " + " | ".join(f"{ratio:.3f}" for ratio in best) + " |")
    return "\n".join([*lines, "", "MSE, and as a ratio to linear.", "", measured_line(records)])


def _means(rows: list[Row]) -> dict[str, float]:
    """Mean squared error over the seeds, by strategy."""
    of_strategy: dict[str, list[float]] = {}
    for row in rows:
        of_strategy.setdefault(row["strategy"], []).append(row["mse"])
    return {strategy: sum(errors) / len(errors) for strategy, errors in of_strategy.items()}


def _cell(mse: float | None, linear: float) -> str:
    """The MSE and its ratio to linear interpolation as text."""
    if mse is None:
        return "-"
    return f"{mse:.4f} ({mse / linear:.2f})" if mse == mse else "leaves cells empty"


if __name__ == "__main__":
    main()

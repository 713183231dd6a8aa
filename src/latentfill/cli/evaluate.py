"""`latentfill evaluate`: score strategies and encoders on observed cells that are hidden."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

import typer

from latentfill.cli.command_settings import make_imputer, parse_numbers, parse_whole_numbers
from latentfill.cli.console import make_console, say, show_notes
from latentfill.cli.long_files import open_long_file
from latentfill.cli.many_series import ENGINE, refuse_without_engine, score_many_series
from latentfill.cli.options import (
    BY,
    COLUMNS,
    INTERVALS,
    LONG,
    MEMORY,
    METHOD,
    READING,
    REPLACE,
    RUNNING,
    STORED,
    TRUST_CODE,
    WITH,
    Given,
    Options,
    Quiet,
    option,
    with_options,
)
from latentfill.cli.plot_folder import PLOTS, PlotFolder
from latentfill.core.config import AUTO
from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.core.setting_type import split_names

if TYPE_CHECKING:
    from latentfill.imputation.imputer import Imputer
    from latentfill.imputation.streaming.long_file import LongFile
    from latentfill.nn.progress import ProgressCallback
    from latentfill.scoring.checks import Check
    from latentfill.scoring.scores import Score
    from latentfill.scoring.spec import ScoringSpec
    from latentfill.scoring.stacked import StackedScores

SCORING: Final[Options] = {
    "strategies": option(
        "Scoring",
        str,
        "--strategies",
        help="Strategies to compare, separated by commas. Default: auto,linear; with --causal auto,locf.",
    ),
    "patterns": option(
        "Scoring",
        str,
        "--patterns",
        help="Missing patterns by which cells are hidden, separated by commas: point, block, subsequence, blackout, "
        "like-gaps, mcar, mar, mnar.",
        default="like-gaps",
    ),
    "rates": option(
        "Scoring", str, "--rates", help="Shares of the observed cells to hide, separated by commas.", default="0.1"
    ),
    "seeds": option("Scoring", str, "--seeds", help="Seeds for hiding and training, separated by commas.", default="0"),
    "encoders": option(
        "Scoring",
        str,
        "--encoders",
        help="Encoders to compare, separated by commas: none, builtin, student:FOLDER, timekd:MODEL, "
        "module:package.attr; settings follow with +, as in timekd:MODEL+layers=6+decimals=1.",
        default="",
    ),
    **TRUST_CODE,
    "allow_oracle": option(
        "Scoring",
        bool,
        "--allow-oracle",
        help="Also score embeddings that may have been computed from the hidden cells.",
        default=False,
    ),
    "output": option("Scoring", Path, "--output", "-o", help="JSON file for the scores."),
    "csv": option("Scoring", Path, "--csv", help="CSV file for the scores."),
    "report": option(
        "Scoring", Path, "--report", help="HTML file for the scores, with charts; needs the extra 'report'."
    ),
    "fail_if": option(
        "Scoring",
        list[str],
        "--fail-if",
        help='Exit with code 1 if a score fulfils this condition, such as "ratio_to_linear>1.0" or "auto.mae>0.3"; '
        "may be repeated.",
    ),
}

ToBytes: TypeAlias = "Callable[[Mapping[str, object], list[Score]], bytes]"  # of what is known, and scores
Outputs: TypeAlias = "list[tuple[Path, ToBytes]]"

SHOWN_OF_SPEC: Final = ("strategies", "patterns", "rates", "seeds", "encoders")  # what the outputs say of the scoring


@with_options(
    *(READING, WITH, COLUMNS, BY, ENGINE, LONG, STORED, METHOD, RUNNING, MEMORY, INTERVALS, SCORING, REPLACE, PLOTS)
)
def evaluate(
    source: Annotated[
        Path | None, typer.Argument(metavar="IN", help="Table to read; some of its observed cells are hidden.")
    ] = None,
    compare: Annotated[
        tuple[Path, Path] | None,
        typer.Option(help="Compare the scores of two earlier runs (files written with -o) instead of running."),
    ] = None,
    quiet: Quiet = False,
    **given: Any,
) -> None:
    """Hide observed cells, fill them with several strategies, and score each strategy against the true values."""
    from latentfill.cli.display import show_differences
    from latentfill.scoring.checks import Check
    from latentfill.scoring.differences import differences
    from latentfill.scoring.score_files import read_json

    checks = [Check.parse(text) for text in given["fail_if"] or []]
    if compare is not None:
        if checks:
            raise InputError("--fail-if checks the scores of a run, and --compare runs nothing: leave out one of them.")
        show_differences(make_console(stderr=False), differences(read_json(compare[0]), read_json(compare[1])))
        return
    if source is None:
        raise InputError("there is no table to evaluate on: name one, or two earlier runs with --compare A B.")
    scores = _evaluate(source, checks, quiet, given)
    failures = [failure for check in checks for failure in check.failures(scores)]
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    if failures:
        sys.exit(1)


def _evaluate(source: Path, checks: Sequence[Check], quiet: bool, given: Given) -> list[Score]:
    """Compute the scores, write them to the output files, and print them; `checks` must be about what is measured."""
    from latentfill.cli.display import show_scores, show_series_scores
    from latentfill.cli.input_files import check_unchanged, file_digests, inputs_of_config, provenance, table_files
    from latentfill.core.files import STANDARD, write_together
    from latentfill.core.output_paths import refuse_inputs
    from latentfill.scoring.scores import PAST_YARDSTICK, YARDSTICK, of_all_cells

    refuse_without_engine(given)
    outputs, plots = _outputs(source, given), _plots(source, given)
    imputer, digests = make_imputer(given), file_digests(table_files(source))
    refuse_inputs([path for path, _ in outputs], inputs_of_config(imputer.config))
    spec = _scoring_spec(given, f"{AUTO},{PAST_YARDSTICK if imputer.config.causal else YARDSTICK}")
    for check in checks:
        check.check_run(spec, imputer.config)
    result = _score(source, imputer, spec, quiet, given)
    check_unchanged(digests)
    show_notes(result.notes, quiet)
    about: dict[str, object] = {
        "table": str(source),
        **provenance(digests),
        "latentfill": version("latentfill"),
        "scoring": {name: list(getattr(spec, name)) for name in SHOWN_OF_SPEC},
        "settings": imputer.config.to_dict(),
        "reading": asdict(imputer.options),
    }
    series = {name: [asdict(each) for each in of_all_cells(scores)] for name, scores in result.by_series.items()}
    about |= {"series": series} if series else {}
    line = write_together(lambda: _write(outputs, plots, about, result.joint))
    if not quiet and STANDARD not in [path for path, _ in outputs]:
        show_scores(make_console(stderr=False), result.joint)
        show_series_scores(make_console(stderr=False), result.by_series)
    if line:
        say(line, quiet)
    return result.joint


def _score(source: Path, imputer: Imputer, spec: ScoringSpec, quiet: bool, given: Given) -> StackedScores:
    if given["engine"] is not None:
        return score_many_series(source, imputer, spec, quiet, given)
    return (_score_series if imputer.options.by else _score_table)(source, imputer, spec, quiet)


def _write(outputs: Outputs, plots: PlotFolder | None, about: Mapping[str, object], scores: list[Score]) -> str:
    """Write all files, the JSON file last, with the digests of the others; returns a line about the figures."""
    from latentfill.core.files import staged_digests, write_bytes

    line = plots.write_scores(scores) if plots else ""
    for path, to_bytes in outputs:
        write_bytes(path, to_bytes({**about, "outputs": staged_digests(path)}, scores))
    return line


def _score_table(source: Path, imputer: Imputer, spec: ScoringSpec, quiet: bool) -> StackedScores:
    """The scores on a table of one series."""
    from latentfill.scoring.evaluate import evaluate
    from latentfill.scoring.stacked import StackedScores

    obstacles = ["encoders to compare (--encoders) embed the whole table"] if spec.encoders else []
    if (long := open_long_file(imputer, source, obstacles)) is not None:
        return _score_long(long, imputer, spec, quiet)
    table = imputer.read(source)
    covariates = imputer.align(table)
    show_notes([*table.notes, *(covariates.notes if covariates else ())], quiet)
    with _progress(quiet) as (progress, on_progress):
        runs = list(evaluate(table, imputer.config, spec, covariates, progress=progress, on_progress=on_progress))
    notes = dict.fromkeys(note for run in runs for note in run.notes)
    return StackedScores([score for run in runs for score in run.scores], {}, list(notes))


def _score_long(file: LongFile, imputer: Imputer, spec: ScoringSpec, quiet: bool) -> StackedScores:
    """The scores on stretches of a long file."""
    from latentfill.scoring.stacked import StackedScores
    from latentfill.scoring.stretches import evaluate_stretches

    show_notes(file.scan.notes, quiet)
    with _progress(quiet) as (progress, on_progress):
        runs = list(
            evaluate_stretches(file.stretches, imputer.config, spec, progress=progress, on_progress=on_progress)
        )
    notes = dict.fromkeys(note for run in runs for note in run.notes)
    return StackedScores([score for run in runs for score in run.scores], {}, list(notes))


def _score_series(source: Path, imputer: Imputer, spec: ScoringSpec, quiet: bool) -> StackedScores:
    """The scores on a table that stacks several series."""
    from latentfill.scoring.stacked import evaluate_stacked

    if imputer.covariates:
        raise InputError(
            "--with is not scored on stacked series: leave it out, or score each series in a file of its own."
        )
    grouped = imputer.read_groups(source)
    show_notes(grouped.notes, quiet)
    with _progress(quiet) as (progress, on_progress):
        return evaluate_stacked(grouped, imputer.config, spec, progress=progress, on_progress=on_progress)


@contextmanager
def _progress(quiet: bool) -> Iterator[tuple[ProgressCallback | None, Callable[[str], None] | None]]:
    """Callbacks for the progress of training, and for lines of text; None if `quiet`."""
    from latentfill.api.progress_bars import progress_bars

    console = make_console()
    on_progress = None if quiet else lambda text: console.print(f"hiding {text}", highlight=False, markup=False)
    with progress_bars(console, quiet) as progress:
        yield progress, on_progress


def _outputs(source: Path, given: Given) -> Outputs:
    """Each output file, with the function that formats the scores for it; an `InputError` if it cannot be written."""
    from latentfill.cli.input_files import inputs_of, table_files
    from latentfill.core.output_paths import check_new, refuse_inputs
    from latentfill.report.evaluation_page import to_html
    from latentfill.report.rendering import check_installed
    from latentfill.scoring.score_files import to_csv, to_json
    from latentfill.tables.backends.table_files import check_output_path

    if given["report"] is not None:
        check_installed()
    formats: dict[str, ToBytes] = {"csv": lambda about, scores: to_csv(scores), "report": to_html, "output": to_json}
    outputs = [(given[name], to_bytes) for name, to_bytes in formats.items() if given[name] is not None]
    for path, _ in outputs:
        check_output_path(source, path, table=False)
    check_new([] if given["overwrite"] else [path for path, _ in outputs])
    refuse_inputs([path for path, _ in outputs], [*table_files(source), *inputs_of(given)])
    if len({os.path.realpath(path) for path, _ in outputs}) < len(outputs):
        raise InputError(f"the outputs must be different files, got {', '.join(str(path) for path, _ in outputs)}.")
    return outputs


def _plots(source: Path, given: Given) -> PlotFolder | None:
    """The folder for figures; an `InputError` if they cannot be written."""
    from latentfill.cli.input_files import inputs_of, table_files

    plots = PlotFolder.of(given)
    if plots:
        plots.refuse_inputs([*table_files(source), *inputs_of(given)])
    if plots and not given["overwrite"]:
        plots.refuse_replacing()
    return plots


def _scoring_spec(given: Given, strategies: str) -> ScoringSpec:
    """The options of scoring; `strategies` are those to compare if none are given."""
    from latentfill.scoring.spec import ScoringSpec

    encoders = split_names(given["encoders"])
    if given["encoders"].strip() and not encoders:
        raise InputError(f"--encoders has no names, got {quoted(given['encoders'])}. Name encoders, or leave it out.")
    return ScoringSpec(
        strategies=split_names(strategies if given["strategies"] is None else given["strategies"]),
        patterns=split_names(given["patterns"]),
        rates=parse_numbers("rates", given["rates"]),
        seeds=parse_whole_numbers("seeds", given["seeds"]),
        encoders=encoders,
        allow_oracle=given["allow_oracle"],
        trust_code=given["trust_code"],
    )

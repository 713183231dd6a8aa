"""The command line: impute, fit, apply, evaluate, pack, inspect and demo."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentfill.cli.options import (
    COLUMNS,
    DISTIL,
    GRID,
    LIMITS,
    MAKING,
    METHOD,
    MOVED,
    PLAN,
    READER,
    READING,
    RUNNING,
    SCORING,
    STORED,
    WRITING,
    Model,
    Output,
    Quiet,
    Source,
    with_options,
)
from latentfill.core.errors import InputError, LatentFillError

if TYPE_CHECKING:
    from rich.console import Console

    from latentfill.core.config import Config
    from latentfill.embeddings.protocols.embedder import Embedder
    from latentfill.imputation.imputation import Imputation
    from latentfill.imputation.imputer import Imputer
    from latentfill.scoring.scores import Score
    from latentfill.tables.options import TableOptions
    from latentfill.tables.table import Table

app = typer.Typer(
    name="latentfill",
    help="Fill the missing values of multivariate time series from frozen time-series embeddings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.command()
@with_options(READING, COLUMNS, GRID, STORED, METHOD, RUNNING, LIMITS, WRITING)
def impute(source: Source, output: Output, quiet: Quiet = False, **given: Any) -> None:
    """Learn from a table and fill its gaps."""
    outputs = _outputs(source, output, given)
    imputer = _make_imputer(given)
    if "explain" in outputs:
        imputer.check_explains()
    filled = _fit_and_fill(imputer, source, quiet)
    if "explain" in outputs:
        imputer.explain(filled.table, outputs["explain"])
    _write(filled, outputs, given["precision"], quiet)


@app.command()
@with_options(READING, COLUMNS, STORED, METHOD, RUNNING, LIMITS)
def fit(source: Source, model: Model, quiet: Quiet = False, **given: Any) -> None:
    """Learn from a table and save the model."""
    from latentfill.cli.display import show_notes
    from latentfill.imputation.model_folder import check_model_path

    check_model_path(model)
    imputer = _make_imputer(given)
    table = _read(imputer, source, quiet)
    console = _console()
    with _bars(imputer, console, quiet):
        imputer.fit(table)
    imputer.save(model)
    if not quiet:
        show_notes(console, imputer.fitted_.notes)
        console.print(f"Model: {model}", highlight=False, soft_wrap=True, markup=False)


@app.command()
@with_options(READING, GRID, MOVED, RUNNING, LIMITS, WRITING)
def apply(source: Source, model: Model, output: Output, quiet: Quiet = False, **given: Any) -> None:
    """Fill a table with a saved model, without training."""
    outputs = _outputs(source, output, given)
    from latentfill.imputation.imputer import Imputer

    imputer = Imputer.load(model, **_settings(given))
    filled = imputer.fill(_read(imputer, source, quiet))
    if "explain" in outputs:
        imputer.explain(filled.table, outputs["explain"])
    _write(filled, outputs, given["precision"], quiet)


@app.command()
@with_options(READING, COLUMNS, STORED, METHOD, RUNNING, SCORING)
def evaluate(
    source: Annotated[Path | None, typer.Argument(metavar="IN", help="Table to hide cells of.")] = None,
    compare: Annotated[
        tuple[Path, Path] | None, typer.Option(help="Compare two runs that were written with -o, instead of running.")
    ] = None,
    quiet: Quiet = False,
    **given: Any,
) -> None:
    """Hide known cells, fill them by several strategies, and score each against the truth."""
    from latentfill.cli.display import show_differences
    from latentfill.scoring.checks import Check
    from latentfill.scoring.differences import differences
    from latentfill.scoring.score_files import read_json

    checks = [Check.parse(text) for text in given.pop("fail_if") or []]
    if compare is not None:
        found = differences(read_json(compare[0]), read_json(compare[1]))
        show_differences(_console(stderr=False), found)
        return
    if source is None:
        raise InputError("name a table to evaluate on, or two earlier runs with --compare A B.")
    scores = _evaluate(source, quiet, given)
    failures = [failure for check in checks for failure in check.failures(scores)]
    for failure in failures:
        print(f"failed: {failure}", file=sys.stderr)
    if failures:
        sys.exit(1)


@app.command()
@with_options(READING, COLUMNS, PLAN, MAKING, READER, RUNNING)
def embed(
    source: Source,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="OUT", help="The bank, or the folder above TimeKD's layout.")
    ],
    quiet: Quiet = False,
    **given: Any,
) -> None:
    """Make embeddings of a table's windows; an interrupted run is gone on with."""
    from latentfill.cli.display import embedding_bar, show_notes
    from latentfill.core.files import stem
    from latentfill.embeddings.embed_table import TableEmbedder, parse_layout
    from latentfill.tables.read import read_table

    layout = parse_layout(given.pop("layout"))
    overwrite = given.pop("overwrite")
    making = {name: given.pop(name) for name in (*MAKING, *READER) if name in given}
    if given["pred_len"] is None and given["split"] in (None, "none") and not making["privileged"]:
        given["pred_len"] = 0  # every row is to be covered
    config, options = _plan_and_reading(given)
    table = read_table(source, replace(options, regular=False))
    maker = TableEmbedder(table.series, _embedder(making, config), config)
    console = _console()
    if not quiet:
        show_notes(console, table.notes)
    with embedding_bar(console, quiet) as on_progress:
        if layout == "packed":
            maker.make_packed_file(output, overwrite=overwrite, on_progress=on_progress)
        else:
            output = maker.make_folder(output, stem(source), on_progress=on_progress)
    if not quiet:
        counts = ", ".join(f"{len(starts)} windows of {split}" for split, starts in maker.starts.items())
        console.print(f"{output}: {counts}", highlight=False, soft_wrap=True, markup=False)


@app.command()
@with_options(READING, COLUMNS, STORED, DISTIL, RUNNING)
def distil(
    source: Source,
    model: Annotated[Path, typer.Option("--model", "-m", metavar="STUDENT", help="Folder of the student.")],
    quiet: Quiet = False,
    **given: Any,
) -> None:
    """Train TimeKD's student against a teacher's embeddings: it embeds without a language model."""
    from latentfill.cli.display import progress_bars, show_forecasts, show_notes
    from latentfill.core.files import stem
    from latentfill.embeddings.stored.pairing import pair_embeddings
    from latentfill.embeddings.timekd.distil import distil as train
    from latentfill.embeddings.timekd.distil_settings import DistilSettings
    from latentfill.embeddings.timekd.student_folder import check_student_path
    from latentfill.tables.read import read_table

    check_student_path(model)
    settings = DistilSettings(teacher=not given.pop("no_teacher"), steps=given.pop("steps"))
    embeddings = given.pop("embeddings")
    if embeddings and not settings.teacher:
        raise InputError("--no-teacher trains without embeddings: leave out --embeddings, or --no-teacher.")
    config, options = _plan_and_reading(given, embeddings=embeddings)
    table = read_table(source, replace(options, regular=False))
    console = _console()
    if not quiet:
        show_notes(console, table.notes)
    vectors = pair_embeddings(config, table.series, stem(source)) if config.embeddings else {}
    with progress_bars(console, quiet) as progress:
        found = train(table.series, vectors, config, settings, progress)
    found.student.save(model)
    if not quiet:
        show_forecasts(console, found)
        console.print(f"Student: {model}", highlight=False, soft_wrap=True, markup=False)


@app.command()
@with_options(READING, COLUMNS, PLAN)
def pack(
    source: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of .h5 files, or an .h5 file.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="BANK", help="The packed file.")],
    table: Annotated[
        Path | None, typer.Option(help="The table they were made of: pairs them with its windows, and checks.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace a bank that is there.")] = False,
    quiet: Quiet = False,
    **given: Any,
) -> None:
    """Pack per-window embeddings into one file, which is read many times as fast."""
    from latentfill.cli.display import show_notes
    from latentfill.core.files import stem
    from latentfill.embeddings.stored.opening import open_embeddings
    from latentfill.embeddings.stored.packing import TableWithPlan
    from latentfill.embeddings.stored.packing import pack as pack_into
    from latentfill.tables.read import read_table

    config, options = _plan_and_reading(given)
    if table is None:
        stored = open_embeddings(source, dataset=config.dataset)
        pack_into(stored, output, overwrite=overwrite)
    else:
        found = read_table(table, options)
        if not quiet:
            show_notes(_console(), found.notes)
        stored = open_embeddings(source, stem(table), config.pred_len, config.dataset)
        pack_into(stored, output, TableWithPlan(found.series, config), overwrite=overwrite)
    if not quiet:
        _console().print(
            f"{output}: {', '.join(f'{n} windows of {split}' for split, n in stored.splits.items())}",
            highlight=False,
            soft_wrap=True,
            markup=False,
        )


@app.command()
@with_options(READING, COLUMNS, PLAN)
def inspect(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A table, an .h5 folder or bank, or a model folder.")],
    table: Annotated[
        Path | None,
        typer.Option(help="The table that embeddings were made of: checks that they belong to its windows."),
    ] = None,
    beside: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Other embeddings of the same windows: shows how they differ.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    **given: Any,
) -> None:
    """Say what a table, a set of embeddings or a model holds."""
    from latentfill.cli.display import show_inspection
    from latentfill.imputation.inspection import inspect_path

    config, options = _plan_and_reading(given)
    found = inspect_path(path, options, config, table, beside)
    if as_json:
        print(json.dumps(found, indent=1))
    else:
        show_inspection(_console(stderr=False), found)


@app.command()
def demo(
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the sample and the filled file.")] = Path(
        "demo"
    ),
    seed: Annotated[int, typer.Option(help="Seed of the sample and of the training.")] = 0,
    quiet: Quiet = False,
) -> None:
    """Make a sample with gaps, fill it, and compare with the truth that was kept aside."""
    from latentfill.cli.display import progress_bars, show_demo
    from latentfill.scoring.demo import run_demo

    with progress_bars(_console(), quiet) as progress:
        outcome = run_demo(output, seed, progress)
    if not quiet:
        show_demo(_console(stderr=False), outcome)


def main() -> None:
    """Run the command line; what a user can cause ends with one line on stderr and exit code 2."""
    logging.getLogger("latentfill").addHandler(logging.NullHandler())  # notes are shown here, and once
    try:
        app()
    except LatentFillError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)


# Flags that steer the command itself and are no settings of the method or of reading.
_NOT_SETTINGS = {"config", "set_", "codes", "summary", "precision", "intervals_to", "explain"}
_LISTS = {"time", "missing", "leave", "columns"}


def _make_imputer(given: Mapping[str, Any]) -> Imputer:
    """An imputer from defaults, then the settings file, then flags."""
    from latentfill.imputation.imputer import Imputer

    settings = _read_config(given["config"]) if given["config"] else {}
    settings |= dict(_name_and_value(item) for item in given["set_"] or [])
    return Imputer(**(_understood(settings) | _settings(given)))


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among the flags, those that were given."""
    given = {n: v for n, v in given.items() if n not in _NOT_SETTINGS and v is not None and v is not False}
    return _understood(given)


def _plan_and_reading(given: Mapping[str, Any], **more: Any) -> tuple[Config, TableOptions]:
    """The split plan, seed, device and `more`, and how to read a table, for commands that fit no imputer."""
    from latentfill.core.config import Config
    from latentfill.tables.options import TableOptions

    named = {*PLAN, *RUNNING}
    plan = {name: value for name, value in given.items() if name in named and value is not None}
    reading = {name: value for name, value in given.items() if name not in named}
    return Config(**plan, **more), TableOptions(**_settings(reading))


def _embedder(making: Mapping[str, Any], config: Config) -> Embedder:
    """What embeds, from the flags that say so."""
    from latentfill.embeddings.registry import make_embedder
    from latentfill.embeddings.spec import FLAGS, EncoderName

    spec = making["encoder"]
    kind = EncoderName.parse(spec).kind
    for flag, its_kind in (("lm", "timekd"), ("student", "student")):
        where = making[flag]
        if where is None:
            continue
        if kind != its_kind or ":" in spec:
            raise InputError(f"--{flag} {where} goes with --encoder {its_kind}, got {spec}. Leave out one of them.")
        if not str(where).strip():
            raise InputError(f"--{flag} is empty. Name one, or leave it out.")
        spec = spec.replace(kind, f"{kind}:{where}", 1)
    can_be_set = {name: default for name, (_, default) in {**MAKING, **READER}.items() if name in FLAGS}
    settings = {name: making[name] for name, default in can_be_set.items() if making[name] != default}
    return make_embedder(spec, config=config, pred_len=config.pred_len, settings=settings)


def _understood(given: Mapping[str, Any]) -> dict[str, Any]:
    """Settings with 'none', lists and comma lists as the library takes them."""
    settings = {name: tuple(value) if isinstance(value, list) else value for name, value in given.items()}
    for name in _LISTS & settings.keys():
        if isinstance(text := settings[name], str):
            settings[name] = _split_list(text)
    if given.get("time") == "none":
        settings["time"] = ()
    elif settings.get("time") == () and isinstance(given["time"], str):
        raise InputError("--time is empty. Name the column(s) that make the stamp, or give 'none' for row numbers.")
    for name in (
        "embeddings",
        "margin",
        "max_gap",
        "minimum",
        "maximum",
        "non_negative",
        "time_budget",
        "bank",
        "intervals",
    ):
        if settings.get(name) == "none":
            settings[name] = None
    for name in ("minimum", "maximum"):  # a number or a table in a settings file
        if name in settings and not isinstance(settings[name], str | None):
            settings[name] = json.dumps(settings[name])
    return settings


def _split_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _name_and_value(item: str) -> tuple[str, Any]:
    name, equals, text = item.partition("=")
    if not equals:
        raise InputError(f"--set takes NAME=VALUE, got {item!r}.")
    name = name.strip().replace("-", "_")
    if name in _LISTS and not text.startswith("["):
        return name, text
    try:
        return name, json.loads(text)
    except (ValueError, RecursionError):
        return name, text


def _read_config(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        text = path.read_text(encoding="utf-8-sig")
        settings = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except OSError as error:
        raise InputError(f"the settings file {path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"the settings file {path} is not valid {path.suffix.lstrip('.') or 'JSON'}: {error}."
        ) from error
    if not isinstance(settings, dict):
        raise InputError(f"the settings file {path} must hold names and values, got {type(settings).__name__}.")
    return settings


def _outputs(source: Path, output: Path, given: Mapping[str, Any]) -> dict[str, Path]:
    """Where everything goes, refused before any work where it cannot go there."""
    from latentfill.tables.backends.table_files import check_output_path

    samples = range(1, (given["samples"] or 0) + 1)
    outputs = {"table": output, "summary": given["summary"] or _beside(output, ".summary.json")}
    outputs |= {
        name: given[flag]
        for name, flag in (("codes", "codes"), ("bounds", "intervals_to"), ("explain", "explain"))
        if given[flag]
    }
    outputs |= {f"sample {i}": _beside(output, f".sample{i}{_endings(output)}") for i in samples}
    if given["intervals_to"] and given["intervals"] is None:
        raise InputError("--intervals-to needs a coverage: add --intervals 0.9, say.")
    if len({os.path.realpath(path) for path in outputs.values()}) < len(outputs):
        raise InputError(f"the outputs must be different files, got {', '.join(map(str, outputs.values()))}.")
    for name, path in outputs.items():
        check_output_path(source, path, table=name != "summary")
    return outputs


def _beside(output: Path, ending: str) -> Path:
    """A file beside the output, with its name and another ending."""
    from latentfill.core.files import stem

    return output.with_name(stem(output) + ending)


def _endings(output: Path) -> str:
    """What comes after the stem of a file's name."""
    from latentfill.core.files import stem

    return output.name[len(stem(output)) :]


def _fit_and_fill(imputer: Imputer, source: Path, quiet: bool) -> Imputation:
    began = time.monotonic()
    table = _read(imputer, source, quiet)
    with _bars(imputer, _console(), quiet):
        imputer.fit(table)
    filled = imputer.fill(table)
    filled.summary["seconds"] = round(time.monotonic() - began, 2)
    return filled


def _evaluate(source: Path, quiet: bool, given: dict[str, Any]) -> list[Score]:
    """Run, show and write the scores."""
    from latentfill.cli.display import show_notes, show_scores
    from latentfill.core.files import write_bytes
    from latentfill.scoring.evaluate import evaluate
    from latentfill.scoring.report.page import check_installed, to_html
    from latentfill.scoring.score_files import to_csv, to_json
    from latentfill.scoring.spec import ScoringSpec
    from latentfill.tables.backends.table_files import check_output_path

    asked = {name: given.pop(name) for name in ("output", "csv", "report")}
    outputs = {name: path for name, path in asked.items() if path is not None}
    for path in outputs.values():
        check_output_path(source, path, table=False)
    if "report" in outputs:
        check_installed()
    encoders = given["encoders"]
    lists = {name: _split_list(given.pop(name)) for name in ("strategies", "patterns", "rates", "seeds", "encoders")}
    if encoders.strip() and not lists["encoders"]:
        raise InputError(f"--encoders names none, got {encoders!r}. Name some, or leave it out.")
    spec = ScoringSpec(
        strategies=lists["strategies"],
        patterns=lists["patterns"],
        rates=_numbers("rates", lists["rates"], float),
        seeds=_numbers("seeds", lists["seeds"], int),
        encoders=lists["encoders"],
        allow_oracle=given.pop("allow_oracle"),
    )
    imputer = _make_imputer(given)
    table = _read(imputer, source, quiet)
    scores: list[Score] = []
    notes: list[str] = []
    console = _console()
    with _bars(imputer, console, quiet):
        on_progress = None if quiet else lambda text: console.print(f"hiding {text}", highlight=False)
        for run in evaluate(table, imputer.config, spec, progress=imputer.progress, on_progress=on_progress):
            scores += run.scores
            notes += run.notes
    if not quiet:
        show_notes(console, list(dict.fromkeys(notes)))
    about = {"table": str(source), "settings": imputer.config.to_dict(), "latentfill": version("latentfill")}
    made = {
        "output": lambda: to_json(about, scores),
        "csv": lambda: to_csv(scores),
        "report": lambda: to_html(about, scores),
    }
    for name, path in outputs.items():
        write_bytes(path, made[name]())
    if not quiet:
        show_scores(_console(stderr=False), scores)
    return scores


def _numbers(name: str, texts: tuple[str, ...], kind: Callable[[str], Any]) -> tuple[Any, ...]:
    try:
        return tuple(kind(text) for text in texts)
    except ValueError as error:
        raise InputError(f"--{name} takes numbers, separated by commas, got {','.join(texts)!r}.") from error


def _read(imputer: Imputer, source: Path, quiet: bool) -> Table:
    """The table, and what was noticed about it, before any long work."""
    from latentfill.cli.display import show_notes

    table = imputer.read(source)
    if not quiet:
        show_notes(_console(), table.notes)
    return table


def _write(filled: Imputation, outputs: Mapping[str, Path], precision: int | None, quiet: bool) -> None:
    from latentfill.cli.display import show_summary
    from latentfill.core.files import write_bytes

    filled.summary["precision"] = precision
    filled.write(outputs["table"], precision=precision, bounds="bounds" not in outputs)
    if "codes" in outputs:
        filled.write_codes(outputs["codes"])
    if "bounds" in outputs:
        filled.write_bounds(outputs["bounds"])
    for number in range(sum(name.startswith("sample ") for name in outputs)):
        filled.write_sample(number, outputs[f"sample {number + 1}"], precision=precision)
    write_bytes(outputs["summary"], (json.dumps(filled.summary, indent=1) + "\n").encode())
    if not quiet:
        console = _console()
        show_summary(console, filled.summary, known=len(filled.table.notes))
        for name, path in outputs.items():
            console.print(f"{name}: {path}", highlight=False, soft_wrap=True, markup=False)


def _bars(imputer: Imputer, console: Console, quiet: bool) -> Any:
    from contextlib import contextmanager

    from latentfill.cli.display import progress_bars

    @contextmanager
    def bars() -> Any:
        with progress_bars(console, quiet) as progress:
            imputer.progress = progress
            yield

    return bars()


def _console(*, stderr: bool = True) -> Console:
    from rich.console import Console

    console = Console(stderr=stderr)
    if not console.is_terminal:
        console.width = 140  # a pipe has no width of its own: keep tables whole
    return console

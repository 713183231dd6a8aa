"""The command line: impute, fit, apply, inspect and demo."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from latentfill.errors import InputError, LatentFillError

if TYPE_CHECKING:
    from rich.console import Console

    from latentfill.imputer import Imputation, Imputer

app = typer.Typer(
    name="latentfill",
    help="Fill the missing values of multivariate time series from frozen time-series embeddings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

In = Annotated[Path, typer.Argument(metavar="IN", help="Table to read: .csv, .tsv, .txt (each also .gz) or .parquet.")]
Out = Annotated[Path, typer.Option("--output", "-o", metavar="OUT", help="Filled table, CSV or Parquet by its name.")]
Model = Annotated[Path, typer.Option("--model", "-m", metavar="MODEL", help="Model folder.")]
Text = Optional[str]  # noqa: UP045 - typer reads this form on every supported Python

TimeColumns = Annotated[
    Text,
    typer.Option(
        "--time", help="Column(s) that make the time stamp, e.g. year,month,day,hour; 'none' for row numbers."
    ),
]
TimeFormat = Annotated[Text, typer.Option("--time-format", help="strptime format of the stamps.")]
Missing = Annotated[Text, typer.Option("--missing", help="Values that mean missing, e.g. -200,-9999.")]
Leave = Annotated[Text, typer.Option("--leave", help="Columns to pass through untouched.")]
Columns = Annotated[Text, typer.Option("--columns", help="Use and fill these columns only.")]
Grid = Annotated[bool, typer.Option("--grid", help="Add the rows that are missing from the regular time grid.")]
Delimiter = Annotated[Text, typer.Option("--delimiter", help="Field delimiter of the CSV; found if not given.")]
Encoding = Annotated[Text, typer.Option("--encoding", help="Text encoding of the CSV; UTF-8 if not given.")]
Decimal = Annotated[Text, typer.Option("--decimal", help="Decimal sign, '.' or ','; found if not given.")]

Embeddings = Annotated[Text, typer.Option("--embeddings", help="Stored .h5 embeddings: folder, parent, or bank.")]
Dataset = Annotated[Text, typer.Option("--dataset", help="Name of the dataset inside the .h5 files.")]
Split = Annotated[Text, typer.Option("--split", help="TimeKD split plan: none, ett-hour, ett-minute or custom.")]
SeqLen = Annotated[Optional[int], typer.Option("--seq-len", help="Window length of the stored embeddings.")]  # noqa: UP045
PredLen = Annotated[Optional[int], typer.Option("--pred-len", help="Horizon of the stored embeddings.")]  # noqa: UP045
Features = Annotated[Text, typer.Option("--features", help="TimeKD feature mode: M, MS or S.")]
Target = Annotated[Text, typer.Option("--target", help="TimeKD target column.")]

Head = Annotated[Text, typer.Option("--head", help="Decoder head: conv or mlp.")]
Context = Annotated[Text, typer.Option("--context", help="What the decoder sees beside z: observed or none.")]
Noise = Annotated[Optional[float], typer.Option("--noise", help="Strength of the noise on z.")]  # noqa: UP045
NoiseKind = Annotated[Text, typer.Option("--noise-kind", help="gaussian or dropout.")]
Length = Annotated[Optional[int], typer.Option("--length", help="Steps per window.")]  # noqa: UP045
Seed = Annotated[Optional[int], typer.Option("--seed", help="Seed of everything random.")]  # noqa: UP045
Device = Annotated[Text, typer.Option("--device", help="auto, cpu or cuda.")]
ConfigFile = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--config", help="Settings file, .toml or .json; flags win over it."),
]
Set = Annotated[
    Optional[list[str]],  # noqa: UP045
    typer.Option("--set", metavar="NAME=VALUE", help="Any other setting, e.g. decoder_steps=500; may be repeated."),
]

Codes = Annotated[Optional[Path], typer.Option("--codes", help="Also write one code per cell: where it came from.")]  # noqa: UP045
SummaryFile = Annotated[
    Optional[Path],  # noqa: UP045
    typer.Option("--summary", help="Where the JSON summary goes; beside OUT if not given."),
]
Precision = Annotated[Optional[int], typer.Option("--precision", help="Decimals of filled cells.")]  # noqa: UP045
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")]


@app.command()
def impute(
    source: In,
    output: Out,
    time: TimeColumns = None,
    time_format: TimeFormat = None,
    missing: Missing = None,
    leave: Leave = None,
    columns: Columns = None,
    grid: Grid = False,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    embeddings: Embeddings = None,
    dataset: Dataset = None,
    split: Split = None,
    seq_len: SeqLen = None,
    pred_len: PredLen = None,
    features: Features = None,
    target: Target = None,
    head: Head = None,
    context: Context = None,
    noise: Noise = None,
    noise_kind: NoiseKind = None,
    length: Length = None,
    seed: Seed = None,
    device: Device = None,
    config: ConfigFile = None,
    set_: Set = None,
    codes: Codes = None,
    summary: SummaryFile = None,
    precision: Precision = None,
    quiet: Quiet = False,
) -> None:
    """Learn from a table and fill its gaps."""
    given = dict(locals())
    outputs = _outputs(source, output, codes, summary)
    imputer = _make_imputer(given)
    filled = _fit_and_fill(imputer, source, quiet)
    _write(filled, outputs, precision, quiet)


@app.command()
def fit(
    source: In,
    model: Model,
    time: TimeColumns = None,
    time_format: TimeFormat = None,
    missing: Missing = None,
    leave: Leave = None,
    columns: Columns = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    embeddings: Embeddings = None,
    dataset: Dataset = None,
    split: Split = None,
    seq_len: SeqLen = None,
    pred_len: PredLen = None,
    features: Features = None,
    target: Target = None,
    head: Head = None,
    context: Context = None,
    noise: Noise = None,
    noise_kind: NoiseKind = None,
    length: Length = None,
    seed: Seed = None,
    device: Device = None,
    config: ConfigFile = None,
    set_: Set = None,
    quiet: Quiet = False,
) -> None:
    """Learn from a table and save the model."""
    given = dict(locals())
    from latentfill.model_dir import check_model_path

    check_model_path(model)
    imputer = _make_imputer(given)
    console = _console()
    with _bars(imputer, console, quiet):
        imputer.fit(source)
    imputer.save(model)
    if not quiet:
        console.print(f"Model: {model}", highlight=False)


@app.command()
def apply(
    source: In,
    model: Model,
    output: Out,
    time: TimeColumns = None,
    time_format: TimeFormat = None,
    missing: Missing = None,
    grid: Grid = False,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    embeddings: Annotated[
        Text, typer.Option("--embeddings", help="Where the stored embeddings are now; 'none' to fill without them.")
    ] = None,
    device: Device = None,
    codes: Codes = None,
    summary: SummaryFile = None,
    precision: Precision = None,
    quiet: Quiet = False,
) -> None:
    """Fill a table with a saved model, without training."""
    given = dict(locals())
    outputs = _outputs(source, output, codes, summary)
    from latentfill.imputer import Imputer

    settings = _settings({name: given[name] for name in given if name not in ("model", "output")})
    imputer = Imputer.load(model, **settings)
    filled = imputer.fill(source)
    _write(filled, outputs, precision, quiet)


@app.command()
def inspect(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A table, an .h5 folder or bank, or a model folder.")],
    time: TimeColumns = None,
    time_format: TimeFormat = None,
    missing: Missing = None,
    leave: Leave = None,
    columns: Columns = None,
    delimiter: Delimiter = None,
    encoding: Encoding = None,
    decimal: Decimal = None,
    dataset: Annotated[str, typer.Option(help="Name of the dataset inside the .h5 files.")] = "embeddings",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Say what a table, a set of embeddings or a model holds."""
    given = dict(locals())
    from latentfill.inspection import inspect_path
    from latentfill.tables import TableOptions
    from latentfill.terminal import show_inspection

    names = ("time", "time_format", "missing", "leave", "columns", "delimiter", "encoding", "decimal")
    found = inspect_path(path, TableOptions(**_settings({name: given[name] for name in names})), dataset)
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
    from latentfill.demo import run_demo
    from latentfill.terminal import progress_bars, show_demo

    console = _console()
    with progress_bars(console, quiet) as progress:
        outcome = run_demo(output, seed, progress)
    show_demo(_console(stderr=False), outcome)


def main() -> None:
    """Run the command line; what a user can cause ends with one line on stderr and exit code 2."""
    try:
        app()
    except LatentFillError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(2)
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        sys.exit(130)


# Flags that steer the command itself and are no settings of the method or of reading.
_NOT_SETTINGS = {"source", "output", "model", "config", "set_", "codes", "summary", "precision", "quiet"}
_LISTS = {"missing", "leave", "columns"}


def _make_imputer(given: Mapping[str, Any]) -> Imputer:
    """An imputer from defaults, then the settings file, then flags."""
    from latentfill.imputer import Imputer

    settings = _read_config(given["config"]) if given["config"] else {}
    settings |= dict(_name_and_value(item) for item in given["set_"] or [])
    return Imputer(**(settings | _settings(given)))


def _settings(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings among the flags, those that were given; 'none' and comma lists understood."""
    settings = {n: v for n, v in given.items() if n not in _NOT_SETTINGS and v is not None and v is not False}
    for name in _LISTS & settings.keys():
        settings[name] = _split_list(settings[name])
    if "time" in settings:
        settings["time"] = () if settings["time"] == "none" else _split_list(settings["time"])
    if settings.get("embeddings") == "none":
        settings["embeddings"] = None
    return settings


def _split_list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


def _name_and_value(item: str) -> tuple[str, Any]:
    name, equals, text = item.partition("=")
    if not equals:
        raise InputError(f"--set takes NAME=VALUE, got {item!r}.")
    try:
        value = json.loads(text)
    except ValueError:
        value = None if text == "none" else text
    return name.strip().replace("-", "_"), value


def _read_config(path: Path) -> dict[str, Any]:
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        settings = tomllib.loads(text) if path.suffix.lower() == ".toml" else json.loads(text)
    except OSError as error:
        raise InputError(f"the settings file {path} cannot be read: {error.strerror}.") from error
    except ValueError as error:
        raise InputError(
            f"the settings file {path} is not valid {path.suffix.lstrip('.') or 'JSON'}: {error}."
        ) from error
    if not isinstance(settings, dict):
        raise InputError(f"the settings file {path} must hold names and values, got {type(settings).__name__}.")
    return {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}


def _outputs(source: Path, output: Path, codes: Path | None, summary: Path | None) -> dict[str, Path]:
    """Where everything goes, refused before any work where it cannot go there."""
    from latentfill.tables import check_output_path

    outputs = {"table": output, "summary": summary or _summary_path(output)} | ({"codes": codes} if codes else {})
    if len({path.resolve() for path in outputs.values()}) < len(outputs):
        raise InputError(f"the outputs must be different files, got {', '.join(map(str, outputs.values()))}.")
    check_output_path(source, output)
    if codes:
        check_output_path(source, codes)
    check_output_path(source, outputs["summary"], table=False)
    return outputs


def _summary_path(output: Path) -> Path:
    return output.with_name(output.name.split(".")[0] + ".summary.json")


def _fit_and_fill(imputer: Imputer, source: Path, quiet: bool) -> Imputation:
    began = time.monotonic()
    table = imputer.read(source)
    with _bars(imputer, _console(), quiet):
        imputer.fit(table)
    filled = imputer.fill(table)
    filled.summary["seconds"] = round(time.monotonic() - began, 2)
    return filled


def _write(filled: Imputation, outputs: Mapping[str, Path], precision: int | None, quiet: bool) -> None:
    from latentfill.files import write_bytes
    from latentfill.terminal import show_summary

    filled.write(outputs["table"], precision=precision)
    if "codes" in outputs:
        filled.write_codes(outputs["codes"])
    write_bytes(outputs["summary"], (json.dumps(filled.summary, indent=1) + "\n").encode())
    if not quiet:
        console = _console()
        show_summary(console, filled.summary)
        for name, path in outputs.items():
            console.print(f"{name}: {path}", highlight=False, soft_wrap=True)


def _bars(imputer: Imputer, console: Console, quiet: bool) -> Any:
    from contextlib import contextmanager

    from latentfill.terminal import progress_bars

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

"""Command-line options, from declared settings or for single commands."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Final, NoReturn

import typer

from latentfill.core.config import Config
from latentfill.core.config_settings import (
    DecoderSettings,
    NeighbourSettings,
    OutputSettings,
    StoredSettings,
    WindowSettings,
)
from latentfill.core.errors import InputError
from latentfill.core.memory_limit import set_memory_limit
from latentfill.core.setting_type import Setting
from latentfill.core.settings_base import Settings, declared
from latentfill.tables.options import TableOptions

Option = tuple[Any, object]  # annotated type and default of a parameter, as typer takes them
Options = Mapping[str, Option]  # by name
Given = dict[str, Any]  # values that a command was given, by name of the option

Source = Annotated[
    list[Path],
    typer.Argument(
        metavar="IN",
        help="Table to read: .csv, .tsv, .txt, .dat (each also .gz), .parquet, .feather, .orc, .xlsx, .xls or .ods; - "
        "for CSV from standard input. Several files, or a folder of them, are read as one table, but with --output-dir "
        "each as its own.",
    ),
]
TableFile = Annotated[Path, typer.Argument(metavar="IN", help="Table to read, as for `latentfill impute`.")]
OUT: Final = typer.Option(
    "--output",
    "-o",
    metavar="OUT",
    help="File for the filled table; its ending sets the format, as for IN; - for standard output.",
)
Output = Annotated[Path, OUT]
MaybeOutput = Annotated[Path | None, OUT]
OutputFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="FOLDER",
        help="Instead of -o: fill each IN with a model of its own, into this folder, under its own name; a folder IN "
        "stands for its tables. If one cannot be filled, the others are, and the exit code is 1.",
    ),
]
Model = Annotated[Path, typer.Option("--model", "-m", metavar="MODEL", help="Model folder.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")]


def one_table(paths: list[Path]) -> Path | list[Path]:
    """The path of a table, or the paths of its parts."""
    return paths[0] if len(paths) == 1 else paths


def with_options(*groups: Options) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Decorator that adds the options of `groups` to a command, which receives them as keyword arguments."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        keyword = inspect.Parameter.KEYWORD_ONLY
        own = inspect.signature(command, eval_str=True).parameters.values()
        parameters = [p.replace(kind=keyword) for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
        for name, (kind, default) in (item for group in groups for item in group.items()):
            parameters.append(inspect.Parameter(name, keyword, default=default, annotation=kind))

        @wraps(command)
        def run(**arguments: object) -> None:
            command(**arguments)

        # typer reads the options of a command from its signature and annotations
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


def options_of(record: type[Settings], *, only: Collection[str] = (), without: Collection[str] = ()) -> Options:
    """Options for the declared settings of a record that have a flag; `only` and `without` select by name."""
    settings = (each for each in declared(record) if each.flag and each.name not in without)
    return {each.name: _of_setting(each, record.panel) for each in settings if not only or each.name in only}


def option(panel: str, kind: Any, *flags: str, help: str, default: object = None, **more: Any) -> Option:
    """An option under the heading `panel` of the help; an option without a default is None if it is not given."""
    annotation = kind if default is not None else kind | None
    return Annotated[annotation, typer.Option(*flags, help=help, rich_help_panel=panel, **more)], default


def _of_setting(each: Setting, panel: str) -> Option:
    """Option of a declared setting.

    Lists and choices stay text here: `Settings` converts and checks them, with the same messages for flags, config
    files and Python.
    """
    kind = str if each.is_list or each.choices else each.base_type
    choices = f" One of {each.choice_text}." if each.choices else ""
    value = ",".join(each.default) if isinstance(each.default, tuple) else each.default
    default = f" Default: {value}." if value not in (None, "", False) else ""
    flags = (each.flag, *each.extras.get("more_flags", ()))
    return option(
        each.extras.get("panel", panel),
        kind,
        *flags,
        help=f"{each.help}{choices}{default}",
        default=False if each.base_type is bool else None,
        autocompletion=_starting_with(each.choices),
    )


def _starting_with(choices: Sequence[str]) -> Callable[[str], list[str]] | None:
    """What the shell completes the beginning of a value to; None, for names of files, if there are no choices."""

    def complete(incomplete: str) -> list[str]:
        return [choice for choice in choices if choice.startswith(incomplete)]

    return complete if choices else None


def refuse_by(command: str | None, by: str, *advice: str) -> NoReturn:
    """Raise an `InputError` if a command that works on one series is given `--by`."""
    ways = [
        *advice,
        f"fill all series of the table with `latentfill impute IN -o OUT --by {by}`",
        f"score them with `latentfill evaluate IN --by {by}`",
        "or write each to a file of its own",
    ]
    text = ", ".join(ways)
    raise InputError(f"`latentfill {command}` works on one series, so it takes no --by. {text[0].upper()}{text[1:]}.")


def _refuse_by(context: typer.Context, value: str | None) -> None:
    if value is not None:
        refuse_by(context.info_name, value)


def _set_max_memory(value: str | None) -> None:
    if value is not None:
        set_memory_limit(value)


BY: Final = options_of(TableOptions, only=("by",))
ONE_SERIES: Final[Options] = {
    "by": option("Reading the table", str, "--by", help="Refused, with advice.", hidden=True, callback=_refuse_by)
}
READING: Final[Options] = {
    **options_of(TableOptions, without=("columns", "leave", "grid", "by", "pivot")),
    "max_memory": option(
        TableOptions.panel,
        str,
        "--max-memory",
        metavar="GB",
        help="Memory that reading the files may take, in GB, or none for no limit; half of the machine's if not given. "
        "A file that declares or unpacks to more is refused before it is read; long files of one series are filled "
        "block by block.",
        callback=_set_max_memory,
        expose_value=False,
    ),
}
SERIES: Final[Options] = {**BY, **options_of(Config, only=("model",))}
LONG: Final = options_of(TableOptions, only=("pivot",))
WITH: Final[Options] = {
    "covariates": option(
        TableOptions.panel,
        list[Path],
        "--with",
        metavar="OTHER",
        help="Another table, of another station or of weather for example, to predict the table from: its columns are "
        "aligned in time and never filled. May be repeated.",
    )
}
COLUMNS: Final = options_of(TableOptions, only=("columns", "leave"))
KIND: Final = options_of(Config, only=("kind",))
GRID: Final = options_of(TableOptions, only=("grid",))
STORED: Final = options_of(StoredSettings)
SPLIT_PLAN: Final = options_of(StoredSettings, without=("embeddings",))
EMBEDDINGS: Final = options_of(StoredSettings, only=("embeddings",))
RUNNING: Final = options_of(Config, only=("seed", "device"))
MEMORY: Final = options_of(Config, only=("ignore_memory",))
OUTPUT: Final = options_of(OutputSettings)
INTERVALS: Final = options_of(OutputSettings, only=("intervals",))
OVERWRITE: Final[Options] = {
    "overwrite": option("Writing", bool, "--overwrite", help="Replace an existing packed file.", default=False)
}
TRUST_CODE: Final[Options] = {
    "trust_code": option(
        "Making embeddings",
        bool,
        "--trust-code",
        help="Allow encoders that run code of a module or a file: module, torchscript and export.",
        default=False,
    )
}
REPLACE: Final[Options] = {
    "overwrite": option(
        "Writing",
        bool,
        "--overwrite/--no-clobber",
        help="Replace outputs that exist; with --no-clobber, refuse to before any work.",
        default=True,
    )
}
METHOD: Final[Options] = {
    **options_of(Config, without=("seed", "device", "model", "ignore_memory")),
    **options_of(NeighbourSettings),
    **options_of(DecoderSettings),
    **options_of(WindowSettings),
    "config": option(
        "Method",
        Path,
        "--config",
        help="Config file, .toml or .json, which flags and --set override; `latentfill settings` prints one.",
    ),
    "set_": option(
        "Method",
        list[str],
        "--set",
        help="Value of any setting, such as decoder_steps=500; may be repeated.",
        metavar="NAME=VALUE",
    ),
}

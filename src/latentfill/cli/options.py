"""The command line's options, in groups that commands share."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from latentfill.core.config import STRATEGY_NAMES

Group = Mapping[str, tuple[Any, Any]]  # parameter name -> annotated type, default


def with_options(*groups: Group) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the options of `groups`; it receives them as keywords."""

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        keyword = inspect.Parameter.KEYWORD_ONLY
        own = inspect.signature(command, eval_str=True).parameters.values()
        parameters = [p.replace(kind=keyword) for p in own if p.kind is not inspect.Parameter.VAR_KEYWORD]
        for name, (kind, default) in (item for group in groups for item in group.items()):
            parameters.append(inspect.Parameter(name, keyword, default=default, annotation=kind))

        @wraps(command)
        def run(**arguments: Any) -> None:
            command(**arguments)

        # typer reads a command's options off its signature and annotations.
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


def _option(panel: str, kind: Any, *flags: str, help: str, default: Any = None, **more: Any) -> tuple[Any, Any]:
    wanted = kind if default is not None else kind | None
    return Annotated[wanted, typer.Option(*flags, help=help, rich_help_panel=panel, **more)], default


def _reading(kind: Any, flag: str, help: str, default: Any = None) -> tuple[Any, Any]:
    return _option("Reading the table", kind, flag, help=help, default=default)


def _stored(kind: Any, flag: str, help: str) -> tuple[Any, Any]:
    return _option("Stored embeddings", kind, flag, help=help)


def _making(kind: Any, flag: str, help: str, default: Any = None) -> tuple[Any, Any]:
    return _option("Making embeddings", kind, flag, help=help, default=default)


def _reader(kind: Any, flag: str, help: str, default: Any = None) -> tuple[Any, Any]:
    return _option("Language model", kind, flag, help=help, default=default)


def _method(kind: Any, flag: str, help: str, **more: Any) -> tuple[Any, Any]:
    return _option("Method", kind, flag, help=help, **more)


def _scoring(kind: Any, flag: str, help: str, default: Any = None, *more: str) -> tuple[Any, Any]:
    return _option("Scoring", kind, flag, *more, help=help, default=default)


def _writing(kind: Any, flag: str, help: str, **more: Any) -> tuple[Any, Any]:
    return _option("Writing", kind, flag, help=help, **more)


Source = Annotated[
    Path, typer.Argument(metavar="IN", help="Table to read: .csv, .tsv, .txt (each also .gz) or .parquet.")
]
Output = Annotated[
    Path, typer.Option("--output", "-o", metavar="OUT", help="Filled table, by its name .csv or .parquet.")
]
Model = Annotated[Path, typer.Option("--model", "-m", metavar="MODEL", help="Model folder.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show errors only.")]

READING: Group = {
    "time": _reading(str, "--time", "Column(s) that make the time stamp: year,month,day,hour; 'none' for row numbers."),
    "time_format": _reading(str, "--time-format", "strptime format of the stamps."),
    "missing": _reading(str, "--missing", "Values that mean missing, such as -200,-9999."),
    "delimiter": _reading(str, "--delimiter", "Field delimiter of a CSV file; found if not given."),
    "encoding": _reading(str, "--encoding", "Text encoding of a CSV file; UTF-8 if not given."),
    "decimal": _reading(str, "--decimal", "Decimal sign, '.' or ','; found if not given."),
}
COLUMNS: Group = {
    "columns": _reading(str, "--columns", "Use and fill these columns only."),
    "leave": _reading(str, "--leave", "Columns to pass through untouched."),
}
GRID: Group = {"grid": _reading(bool, "--grid", "Add the rows that are missing from the regular time grid.", False)}
STORED: Group = {
    "embeddings": _stored(str, "--embeddings", "Stored .h5 embeddings: a folder, one above it, or a bank file."),
    "dataset": _stored(str, "--dataset", "Name of the dataset inside the .h5 files."),
    "split": _stored(str, "--split", "TimeKD split plan: none, ett-hour, ett-minute or custom."),
    "seq_len": _stored(int, "--seq-len", "Window length of the embeddings."),
    "pred_len": _stored(int, "--pred-len", "Horizon of the embeddings."),
    "embedding_stride": _stored(int, "--embedding-stride", "Steps between the windows of the embeddings; TimeKD: 1."),
    "features": _stored(str, "--features", "TimeKD feature mode: M, MS or S."),
    "target": _stored(str, "--target", "TimeKD target column."),
}
PLAN: Group = {name: option for name, option in STORED.items() if name != "embeddings"}
MAKING: Group = {
    "encoder": _making(
        str,
        "--encoder",
        "timekd (a language model reads the values), or KIND:WHERE: student, module, torchscript, export, chronos.",
        "timekd",
    ),
    "student": _making(Path, "--student", "Folder of a distilled student, for --encoder student."),
    "inputs": _making(str, "--inputs", "What a module takes, and the order of its axes, such as filled,observed:BLC."),
    "layout": _making(
        str, "--layout", "bank (one packed file), or timekd (a file for each window, in a folder).", "bank"
    ),
    "overwrite": _making(bool, "--overwrite", "Replace a bank that is there.", False),
}
DISTIL: Group = {
    "no_teacher": _making(bool, "--no-teacher", "Train on the table alone, without embeddings.", False),
    "steps": _making(int, "--steps", "At most this many training steps.", 2000),
}
READER: Group = {
    "lm": _reader(str, "--lm", "Folder of a language model, or its name on the Hugging Face hub; gpt2 if not given."),
    "layers": _reader(int, "--layers", "Keep this many of its layers, the first ones; all if not given."),
    "dtype": _reader(str, "--lm-dtype", "float32, bfloat16, or auto: the faster one that the processor has.", "auto"),
    "decimals": _reader(int, "--decimals", "Decimals of the values; two digits of the column's spread if not given."),
    "truncate": _reader(bool, "--truncate", "Cut further digits off instead of rounding; TimeKD: --decimals 0.", False),
    "rough_fill": _reader(str, "--rough-fill", "What stands for a gap: linear, mean, zero or word.", "linear"),
    "missing_word": _reader(str, "--missing-word", "The word, with --rough-fill word.", "missing"),
    "plain_attention": _reader(bool, "--plain-attention", "Let numbers and words attend to each other.", False),
    "privileged": _reader(
        bool, "--privileged", "Also read the --pred-len values after a window: to train a student, not to fill.", False
    ),
}
MOVED: Group = {
    "embeddings": _stored(str, "--embeddings", "Where the embeddings are now; 'none' to fill without them."),
}
METHOD: Group = {
    "strategy": _method(str, "--strategy", "auto, which weighs several, or one: " + ", ".join(STRATEGY_NAMES) + "."),
    "candidates": _method(str, "--candidates", "Strategies that auto weighs, a comma list."),
    "time_budget": _method(float, "--time-budget", "Seconds that fitting may take; auto leaves out the dearest."),
    "bank": _method(str, "--bank", "Another table with the same columns, whose windows are neighbours too."),
    "head": _method(str, "--head", "Decoder head: conv, mlp, lstm or transformer."),
    "context": _method(str, "--context", "What the decoder sees beside the embedding: observed or none."),
    "noise": _method(float, "--noise", "Strength of the noise on the embedding."),
    "noise_kind": _method(str, "--noise-kind", "gaussian or dropout."),
    "length": _method(int, "--length", "Steps per window."),
    "config": _method(Path, "--config", "Settings file, .toml or .json; flags win over it."),
    "set_": _method(
        list[str], "--set", "Any other setting, such as decoder_steps=500; may be repeated.", metavar="NAME=VALUE"
    ),
}
RUNNING: Group = {
    "seed": _method(int, "--seed", "Seed of everything random; filling with a saved model draws nothing."),
    "device": _method(str, "--device", "auto, cpu or cuda."),
}
SCORING: Group = {
    "strategies": _scoring(str, "--strategies", "Strategies to compare, a comma list.", "auto,linear"),
    "patterns": _scoring(
        str,
        "--patterns",
        "What is hidden: point, block, subsequence, blackout, like-gaps, mcar, mar, mnar.",
        "like-gaps",
    ),
    "rates": _scoring(str, "--rates", "Shares of the observed cells to hide, a comma list.", "0.1"),
    "seeds": _scoring(str, "--seeds", "Seeds of what is hidden and learnt, a comma list.", "0"),
    "encoders": _scoring(
        str,
        "--encoders",
        "Encoders to put side by side, a comma list: none, builtin, student:FOLDER, timekd:MODEL, module:package.attr; "
        "with settings, timekd:MODEL+layers=6+decimals=1.",
        "",
    ),
    "intervals": _scoring(float, "--intervals", "Also score intervals of this coverage, such as 0.9."),
    "allow_oracle": _scoring(bool, "--allow-oracle", "Score embeddings that may have seen the hidden cells.", False),
    "output": _scoring(Path, "--output", "Scores as JSON.", None, "-o"),
    "csv": _scoring(Path, "--csv", "Scores as CSV."),
    "report": _scoring(Path, "--report", "Scores as a page of HTML with charts; needs the extra 'report'."),
    "fail_if": _scoring(list[str], "--fail-if", 'Exit with code 1 if, e.g. "ratio_to_linear>1.0" or "auto.mae>0.3".'),
}
LIMITS: Group = {
    "intervals": _writing(float, "--intervals", "Also write bounds that hold with this probability, such as 0.9."),
    "samples": _writing(
        int, "--samples", "Also draw so many completed tables that reflect the uncertainty: OUT.sample1.csv, ..."
    ),
    "max_gap": _writing(int, "--max-gap", "Leave gaps of more steps than this empty."),
    "minimum": _writing(str, "--min", "Least estimate: a number, or COLUMN=NUMBER,..."),
    "maximum": _writing(str, "--max", "Largest estimate: a number, or COLUMN=NUMBER,..."),
    "non_negative": _writing(str, "--non-negative", "Columns whose estimates are at least 0; '*' for all."),
}
WRITING: Group = {
    "intervals_to": _writing(Path, "--intervals-to", "Write the bounds to this file, not beside the values."),
    "codes": _writing(
        Path, "--codes", "Also write where each cell comes from: a code, the error to expect, the bounds, the model."
    ),
    "explain": _writing(Path, "--explain", "Also write which neighbours stand behind each cell, and their weights."),
    "summary": _writing(Path, "--summary", "Where the JSON summary goes; beside OUT if not given."),
    "precision": _writing(
        int, "--precision", "Decimals of filled cells; the column's own if not given.", min=0, max=17
    ),
}

"""`latentfill embed`: compute embeddings of a table's windows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latentfill.cli.command_settings import config_and_reading
from latentfill.cli.console import make_console, say, show_notes
from latentfill.cli.interrupt import Interrupted
from latentfill.cli.many_series import ENGINE, embed_many_series, refuse_without_engine
from latentfill.cli.options import (
    BY,
    COLUMNS,
    OVERWRITE,
    READING,
    RUNNING,
    SPLIT_PLAN,
    TRUST_CODE,
    Given,
    Options,
    Quiet,
    TableFile,
    option,
    options_of,
    refuse_by,
    with_options,
)
from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.embeddings.protocols.encoder_settings import BY_NAME, ENCODER_SETTINGS

if TYPE_CHECKING:
    from latentfill.embeddings.protocols.embedder import Embedder

ENCODER: Final[Options] = {
    "encoder": option(
        "Making embeddings",
        str,
        "--encoder",
        help="timekd (a language model), or KIND:PLACE with student, module, torchscript, export or chronos as KIND.",
        default="timekd",
    ),
    "student": option(
        "Making embeddings", Path, "--student", help="Folder of a distilled student, for --encoder student."
    ),
    "lm": option(
        "Language model",
        str,
        "--lm",
        help="Folder of a language model, or its name on the Hugging Face hub; gpt2 if not given.",
    ),
    **TRUST_CODE,
    **{name: each for record in ENCODER_SETTINGS for name, each in options_of(record).items()},
}
LAYOUT: Final[Options] = {
    "layout": option(
        "Making embeddings",
        str,
        "--layout",
        help="How OUT is written: packed (one file), or timekd (a folder with one file per window).",
        default="packed",
    )
}


@with_options(BY, ENGINE, READING, COLUMNS, SPLIT_PLAN, ENCODER, LAYOUT, OVERWRITE, RUNNING)
def embed(
    source: TableFile,
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT",
            help="Packed file to write; with --layout timekd, the folder to write into.",
        ),
    ],
    quiet: Quiet = False,
    **given: Any,
) -> None:
    """Compute embeddings of a table's windows; run the same command again to continue an interrupted run."""
    from latentfill.api.progress_bars import embedding_bar
    from latentfill.cli.input_files import inputs_of
    from latentfill.core.files import stem
    from latentfill.core.output_paths import refuse_inputs
    from latentfill.embeddings.embed_table import TableEmbedder, parse_layout
    from latentfill.imputation.fitting.smoothed_series import smoothed_values
    from latentfill.tables.read import read_table

    layout = parse_layout(given["layout"])
    refuse_inputs([output if layout == "packed" else output / stem(source)], inputs_of(given, source))
    if given["pred_len"] is None and given["split"] in (None, "auto", "none") and not given["privileged"]:
        given["pred_len"] = 0  # so that the windows cover every row
    config, options = config_and_reading({name: value for name, value in given.items() if name not in ENCODER})
    if given["engine"] is not None:
        if layout != "packed":
            raise InputError("with --engine, each series gets a packed file: leave out --layout.")
        embed_many_series(source, output, {**given, "quiet": quiet}, options, config, partial(_embedder, given, config))
        return
    refuse_without_engine(given)
    if given["by"] is not None:
        refuse_by("embed", given["by"], "embed all with --engine local, each into a file of its own in the folder OUT")
    table = read_table(source, replace(options, regular=False))
    embedder = TableEmbedder(table.series, _embedder(given, config), config, smoothed_values)
    show_notes(table.notes, quiet)
    with embedding_bar(make_console(), quiet) as on_progress, _continuable():
        if layout == "timekd":
            output = embedder.make_folder(output, stem(source), on_progress=on_progress)
        else:
            embedder.make_packed_file(output, overwrite=given["overwrite"], on_progress=on_progress)
    counts = ", ".join(f"{len(starts)} windows of {split}" for split, starts in embedder.starts.items())
    say(f"{output}: {counts}", quiet)


@contextmanager
def _continuable() -> Iterator[None]:
    """Add to an interrupt inside the block that the same command continues."""
    try:
        yield
    except Interrupted as stop:
        stop.add_note("The same command continues where this one stopped.")
        raise


def _embedder(given: Given, config: Config) -> Embedder:
    """The embedder that the flags --encoder, --student and --lm name."""
    from latentfill.embeddings.registry import make_embedder
    from latentfill.embeddings.spec import EncoderName

    spec = given["encoder"]
    kind = EncoderName.parse(spec).kind
    for flag, flag_kind in (("lm", "timekd"), ("student", "student")):
        place = given[flag]
        if place is None:
            continue
        if kind != flag_kind or ":" in spec:
            raise InputError(f"--{flag} {place} goes with --encoder {flag_kind}, got {spec}. Leave out one of them.")
        if not str(place).strip():
            raise InputError(f"--{flag} is empty. Give a folder or a name, or leave it out.")
        spec = spec.replace(kind, f"{kind}:{place}", 1)
    return make_embedder(
        spec,
        config=config,
        pred_len=config.stored.plan.pred_len,
        settings={name: given[name] for name in BY_NAME if given[name] not in (None, False)},
        trust_code=given["trust_code"],
    )

"""`latentfill distil`: train TimeKD's student network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from latentfill.cli.command_settings import config_and_reading
from latentfill.cli.console import make_console, say, show_notes
from latentfill.cli.options import (
    COLUMNS,
    ONE_SERIES,
    READING,
    RUNNING,
    STORED,
    Options,
    Quiet,
    TableFile,
    option,
    with_options,
)
from latentfill.core.errors import InputError

if TYPE_CHECKING:
    from latentfill.embeddings.protocols.record import Embeddings

TRAINING: Final[Options] = {
    "no_teacher": option(
        "Training", bool, "--no-teacher", help="Train on the table alone, without embeddings.", default=False
    ),
    "steps": option("Training", int, "--steps", help="Maximum number of training steps.", default=2000),
}


@with_options(ONE_SERIES, READING, COLUMNS, STORED, TRAINING, RUNNING)
def distil(
    source: TableFile,
    model: Annotated[Path, typer.Option("--model", "-m", metavar="STUDENT", help="Folder for the trained student.")],
    quiet: Quiet = False,
    **given: Any,
) -> None:
    """Train TimeKD's student network on stored embeddings, so that it embeds windows without a language model."""
    from latentfill.api.progress_bars import progress_bars
    from latentfill.cli.display import show_forecasts
    from latentfill.cli.input_files import inputs_of
    from latentfill.core.files import stem
    from latentfill.core.output_paths import SMALLEST_MODEL, check_room, refuse_inputs
    from latentfill.embeddings.pairing import pair_embeddings
    from latentfill.embeddings.timekd.distil import distil as train
    from latentfill.embeddings.timekd.distil_settings import DistilSettings
    from latentfill.embeddings.timekd.student_folder import check_student_path
    from latentfill.tables.read import read_table

    check_student_path(model)
    refuse_inputs([model], inputs_of(given, source))
    check_room(model, SMALLEST_MODEL)
    settings = DistilSettings(teacher=not given["no_teacher"], steps=given["steps"])
    if given["embeddings"] and not settings.teacher:
        raise InputError("--no-teacher trains without embeddings: leave out --embeddings or --no-teacher.")
    config, options = config_and_reading(given)
    table = read_table(source, replace(options, regular=False))
    show_notes(table.notes, quiet)
    vectors: Mapping[str, Embeddings] = {}
    if config.stored.embeddings:
        pairing = pair_embeddings(config, table.series, stem(source))
        show_notes(pairing.notes, quiet)
        config, vectors = config.with_plan(pairing.plan), pairing.splits
    with progress_bars(make_console(), quiet) as progress:
        distilled = train(table.series, vectors, config, settings, progress)
    distilled.student.save(model)
    if not quiet:
        show_forecasts(make_console(), distilled)
    say(f"Student: {model}", quiet)

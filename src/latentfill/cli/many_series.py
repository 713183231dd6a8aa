"""`--engine`: many series, filled in parts by processes of this machine or of a cluster, as a data set."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from latentfill.cli.console import make_console, say, show_notes
from latentfill.cli.options import Given, Options, option
from latentfill.cli.shown import Shown, print_json
from latentfill.core.errors import InputError
from latentfill.core.files import STANDARD, write_bytes
from latentfill.core.messages import counted, name_problems

if TYPE_CHECKING:
    from latentfill.api.data_sets.data_set import DataSet
    from latentfill.core.config import Config
    from latentfill.embeddings.protocols.embedder import Embedder
    from latentfill.imputation.imputer import Imputer
    from latentfill.scoring.spec import ScoringSpec
    from latentfill.scoring.stacked import StackedScores
    from latentfill.tables.options import TableOptions

ENGINE: Final[Options] = {
    "engine": option(
        "Many series",
        str,
        "--engine",
        metavar="NAME",
        help="Fill many series in parts: by processes of this machine (local) or of a Ray cluster (ray). IN is a table "
        "with --by, a folder of tables, a partitioned Parquet data set or an address such as s3://bucket/data; OUT is "
        "a folder or an address, for Parquet files with the filled series, and the codes, expected errors and bounds "
        "of their cells. The same command again does only what is missing.",
    ),
    "address": option(
        "Many series",
        str,
        "--address",
        help="Address of a running Ray cluster, such as ray://head:10001 or auto; without it, --engine ray starts one "
        "on this machine.",
    ),
}
OF_ONE_TABLE = ("intervals_to", "codes", "explain", "doubt", "report", "decisions", "samples", "plots")  # options


def fill_many_series(
    sources: Sequence[Path], output: Path | None, given: Given, shown: Shown, imputer: Imputer, *, fitted: bool = False
) -> None:
    """Fill the series of a data set, and print the summary; with `fitted`, by the model of the imputer."""
    from latentfill.api.data_sets.fill_data_set import fill_data_set
    from latentfill.api.progress_bars import series_bar
    from latentfill.cli.display import show_summary
    from latentfill.engines.open_engine import open_engine
    from latentfill.imputation.imputer import model_for_many

    engine = open_engine(given["engine"], given["address"])
    data = _data_set(sources, output, given)
    model = model_for_many(imputer) if fitted else None
    with series_bar(make_console(), shown.quiet, of="parts") as on_part:
        summary = fill_data_set(
            data, imputer, engine, model=model, precision=given["precision"], on_part=on_part and partial(on_part, "")
        )
    if given["summary"]:
        write_bytes(given["summary"], (json.dumps(summary, indent=1) + "\n").encode())
    if shown.as_json:
        print_json(summary)
    if shown.notes:
        show_summary(make_console(), summary, everything=shown.everything)
        say(f"data set: {data.output}")


def score_many_series(source: Path, imputer: Imputer, spec: ScoringSpec, quiet: bool, given: Given) -> StackedScores:
    """The scores on the series of a data set; what is known of parts that are done stays beside -o until all are."""
    from latentfill.api.data_sets.data_set import DataSet
    from latentfill.api.data_sets.score_data_set import score_data_set
    from latentfill.api.progress_bars import series_bar
    from latentfill.core.places import Place
    from latentfill.engines.open_engine import open_engine

    engine, output = open_engine(given["engine"], given["address"]), given["output"]
    with TemporaryDirectory(prefix="latentfill-") as folder:
        beside = Path(folder) / "parts" if output in (None, STANDARD) else output.with_name(f"{output.name}.parts")
        data = DataSet((Place.of(source),), Place.of(beside))
        with series_bar(make_console(), quiet, of="parts") as on_part:
            scores = score_data_set(data, imputer, spec, engine, on_part and partial(on_part, ""))
        data.output.remove()
    return scores


def embed_many_series(
    source: Path,
    output: Path,
    given: Given,
    options: TableOptions,
    config: Config,
    open_embedder: Callable[[], Embedder],
) -> None:
    """Embed the series of a data set, each into a packed file of its own."""
    from latentfill.api.data_sets.data_set import DataSet
    from latentfill.api.data_sets.embed_data_set import embed_data_set
    from latentfill.api.progress_bars import series_bar
    from latentfill.core.places import Place
    from latentfill.engines.open_engine import open_engine

    engine, quiet = open_engine(given["engine"], given["address"]), given["quiet"]
    data = DataSet((Place.of(source),), Place.of(output))
    with series_bar(make_console(), quiet, of="parts") as on_part:
        made = embed_data_set(data, options, config, open_embedder, engine, on_part and partial(on_part, ""))
    if problems := made["not_embedded"]:
        show_notes([f"{counted(len(problems), 'series')} not embedded: {name_problems(problems)}"], quiet)
    say(f"{data.output}: {made['windows']} windows of {len(made['files'])} series", quiet)


def refuse_without_engine(given: Given) -> None:
    """Raise an `InputError` for options that are only for many series."""
    if given["address"] is not None:
        raise InputError("--address is that of a cluster: add --engine ray, or leave it out.")


def _data_set(sources: Sequence[Path], output: Path | None, given: Given) -> DataSet:
    """Where the series are read and written; an `InputError` for options that name something for a single table."""
    from latentfill.api.data_sets.data_set import DataSet
    from latentfill.core.places import Place
    from latentfill.tables.backends.file_formats import FORMATS

    if named := [f"--{name.replace('_', '-')}" for name in OF_ONE_TABLE if given[name]]:
        raise InputError(
            f"with --engine, {', '.join(named)} would be for a single table: leave it out. The codes, expected errors "
            "and bounds (--intervals) of all cells are in the data set."
        )
    if output is None or STANDARD in (output, *sources):
        raise InputError("with --engine, IN and -o OUT are places of files: name a folder or an address for OUT.")
    if output.name.lower().endswith(tuple(FORMATS)):
        raise InputError(
            f"with --engine, OUT is a folder of Parquet files, and {output} is named like a table. Name a folder, or "
            "leave out --engine to fill a single table."
        )
    data = DataSet(tuple(map(Place.of, sources)), Place.of(output))
    if not given["overwrite"] and data.is_there():
        raise InputError(
            f"{data.output} exists already, and --no-clobber keeps what exists. Choose another output, or leave out "
            "--no-clobber."
        )
    return data

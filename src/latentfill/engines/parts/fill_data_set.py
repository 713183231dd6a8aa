"""Fills a data set of many series into another one, in parts, with the processes of an engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace

from latentfill.core.errors import InputError
from latentfill.core.locks import locked
from latentfill.core.messages import joined
from latentfill.core.places import Place
from latentfill.engines.engine import Engine
from latentfill.engines.parts.bunches import Bunch, bunches_of, copied, divided
from latentfill.engines.parts.fill_totals import fill_summary
from latentfill.engines.parts.fill_work import FillWork
from latentfill.engines.parts.part import RECORDS, Content, Job, do_part
from latentfill.engines.parts.rows import RowFormat
from latentfill.engines.parts.series_reader import SeriesReader
from latentfill.engines.parts.shared_model import Sample, model_of
from latentfill.engines.parts.stored_types import stored_types
from latentfill.engines.parts.units import SeriesFiles
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.model_choice import ModelChoice, SeriesModel

SUMMARY = "summary.json"
DIVIDED = "divided"  # the folder with the parts of large files, while they are worked on

OnPart = Callable[[int, int], None]  # how many parts are done, number of all


@dataclass(frozen=True, slots=True)
class DataSet:
    """Where many series are read, and where they are written."""

    sources: tuple[Place, ...]  # files, or a folder of them
    output: Place  # a folder

    def is_there(self) -> bool:
        """Whether the output is there already."""
        return self.output.child(RECORDS).exists()

    def check(self) -> None:
        """Raise an `InputError` if the output cannot be written, or if it is, holds or lies in a source."""
        self.output.check_folder("a data set that latentfill has filled", RECORDS)
        for source in self.sources:
            one, other = f"{source}/", f"{self.output}/"
            if one.startswith(other) or other.startswith(one):
                raise InputError(f"the output {self.output} and the input {source} must not hold each other.")


def fill_data_set(
    data: DataSet,
    imputer: Imputer,
    engine: Engine,
    *,
    model: Fitted | None = None,
    precision: int | None = None,
    on_part: OnPart | None = None,
) -> Content:
    """Fill all series of a data set, and write the output; returns the summary.

    The output is a folder of Parquet files, each with whole series, and a folder `_latentfill` with the summary and
    with what is known of each part. With the same input and settings, only what is missing or damaged is done again.

    `imputer` has the settings; with a `model`, that one fills all series. `precision` is the number of decimals of
    filled cells; without it, they have as many as their column.

    Raises an `InputError` for settings that are for one series, for places that cannot be read or written, and if no
    series can be filled.
    """
    _check_settings(imputer)
    data.check()
    with _alone(data.output):
        files = SeriesFiles.of(data.sources, imputer.options.by)
        types = stored_types(files.units)
        records = data.output.child(RECORDS)
        units = divided(files, imputer.options, records.child(DIVIDED))
        own = imputer.of_one_series().options
        if model is not None:
            own = replace(own, columns=model.columns, leave=())
        with copied(max(units, key=lambda unit: unit.size)) as paths:
            reader = SeriesReader.like(paths, own, files.in_file)
        sample = Sample(reader, units)
        if not sample.series:
            raise InputError(f"None of the series can be filled. {next(iter(sample.problems), '')}")
        settings = imputer.with_options(reader.options)
        of_all = model_of(sample, settings, records) if model is None else SeriesModel(ModelChoice(True), model)
        intervals = settings.config.output.intervals is not None
        rows = RowFormat.of(reader, files.by_path, sample.series[0], types, intervals=intervals)
        work = FillWork(settings.of_part(), of_all, rows, precision)
        parts = _run(engine, Job(work, reader, data.output), bunches_of(units), on_part)
        summary = fill_summary(parts, settings, of_all, files.by)
        records.child(SUMMARY).write_bytes((json.dumps(summary, indent=1) + "\n").encode())
        _tidy(data.output, len(parts))
        return summary


def _check_settings(imputer: Imputer) -> None:
    config = imputer.config
    for_one = {
        "covariates (--with)": imputer.covariates,
        "a long table (--pivot)": imputer.options.pivot,
        "stored embeddings (--embeddings)": config.stored.embeddings,
        "a donor table (--donor-table)": config.neighbours.donor_table,
    }
    if given := [name for name, value in for_one.items() if value]:
        raise InputError(f"{joined(given)} cannot be used for a data set of many series: leave it out.")


def _run(engine: Engine, job: Job, bunches: Sequence[Bunch], on_part: OnPart | None) -> list[Content]:
    """What is known of each part, in their order."""
    found: dict[int, Content] = {}
    for number, content in engine.map(_do, job, bunches):
        found[number] = content
        if on_part:
            on_part(len(found), len(bunches))
    return [found[number] for number in sorted(found)]


def _do(job: Job, bunch: Bunch) -> tuple[int, Content]:
    return bunch.number, do_part(job, bunch)


def _tidy(output: Place, n_parts: int) -> None:
    """Remove the parts of an earlier output that had more, and what was only needed for the work."""
    for file in output.files():
        if file.name.startswith("part-") and int(file.name[5:10]) >= n_parts:
            file.place.remove()
            output.child(f"{RECORDS}/{file.name[:10]}.json").remove()
    for name in (DIVIDED, "tries"):
        output.child(f"{RECORDS}/{name}").remove()


@contextmanager
def _alone(output: Place) -> Iterator[None]:
    """An `InputError` if another run of this machine writes to the output."""
    if not output.is_remote:
        output.path.mkdir(parents=True, exist_ok=True)
    with nullcontext() if output.is_remote else locked(output.child(RECORDS).path):
        yield

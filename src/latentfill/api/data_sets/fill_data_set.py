"""Fills a data set of many series into another one, in parts, with the processes of an engine."""

from __future__ import annotations

import json
from dataclasses import replace

from latentfill.api.data_sets.data_set import DataSet, OnPart
from latentfill.api.data_sets.fill_totals import fill_summary
from latentfill.api.data_sets.fill_work import FillWork
from latentfill.api.data_sets.part import Content
from latentfill.api.data_sets.rows import RowFormat
from latentfill.api.data_sets.shared_model import Sample, model_of
from latentfill.core.errors import InputError
from latentfill.core.messages import joined
from latentfill.engines.engine import Engine
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.imputation.imputer import Imputer
from latentfill.imputation.model_choice import ModelChoice, SeriesModel

SUMMARY = "summary.json"


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
    check_for_many(imputer)
    options = imputer.options if model is None else replace(imputer.options, columns=model.columns, leave=())
    with data.opened(options) as opened:
        sample = Sample(opened.reader, opened.units)
        settings = imputer.with_options(opened.reader.options)
        fills = model_of(sample, settings, data.records) if model is None else SeriesModel(ModelChoice(True), model)
        intervals = settings.config.output.intervals is not None
        rows = RowFormat.of(opened, sample.series[0], intervals=intervals)
        parts = opened.run(engine, FillWork(settings.of_part(), fills, rows, precision), on_part)
        summary = fill_summary(parts, settings, fills, opened.files.by)
        data.records.child(SUMMARY).write_bytes((json.dumps(summary, indent=1) + "\n").encode())
        return summary


def check_for_many(imputer: Imputer) -> None:
    """Raise an `InputError` for settings that are for one series."""
    config = imputer.config
    for_one = {
        "covariates (--with)": imputer.covariates,
        "a long table (--pivot)": imputer.options.pivot,
        "stored embeddings (--embeddings)": config.stored.embeddings,
        "a donor table (--donor-table)": config.neighbours.donor_table,
    }
    if given := [name for name, value in for_one.items() if value]:
        raise InputError(f"{joined(given)} cannot be used for a data set of many series: leave it out.")

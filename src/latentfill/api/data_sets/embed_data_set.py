"""Embeds the windows of many series, in parts, with the processes of an engine: one packed file for each series."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from latentfill.api.data_sets.data_set import DataSet, OnPart
from latentfill.api.data_sets.part import Content, PartFiles
from latentfill.api.data_sets.series_reader import OneSeries
from latentfill.core.config import Config
from latentfill.core.errors import LatentFillError
from latentfill.embeddings.embed_table import TableEmbedder
from latentfill.embeddings.protocols.embedder import Embedder
from latentfill.engines.engine import Engine
from latentfill.imputation.fitting.smoothed_series import smoothed_values
from latentfill.tables.options import TableOptions

LONGEST_NAME = 120  # characters of a file name that the labels of a series give
ENDING = ".packed"


@dataclass(frozen=True, eq=False)
class EmbedWork:
    """A `Work` that embeds each series into a file of its own."""

    open_embedder: Callable[[], Embedder]  # in each process
    embeds: str  # what the embedder is and depends on
    config: Config
    options: TableOptions

    @cached_property
    def key(self) -> str:
        """See `Work`."""
        settings = [self.embeds, self.config.to_dict(), asdict(self.options)]
        return hashlib.sha256(json.dumps([version("latentfill"), *settings]).encode()).hexdigest()

    @cached_property
    def embedder(self) -> Embedder:
        """The embedder of this process."""
        return self.open_embedder()

    def check(self, series: OneSeries) -> None:
        """See `Work`."""
        with TemporaryDirectory(prefix="latentfill-") as folder:
            self._write(series, Path(folder) / "checked")

    def do(self, series: Sequence[OneSeries], left_out: Mapping[str, str], name: str, files: PartFiles) -> Content:
        """See `Work`."""
        problems = {each.name: each.problem for each in series if each.table is None} | dict(left_out)
        written: dict[str, str] = {}
        windows = 0
        for each in series:
            if each.name in problems:
                continue
            file = f"{file_name(each.labels)}{ENDING}"
            try:
                with TemporaryDirectory(prefix="latentfill-") as folder, files.writing(file) as path:
                    windows += self._write(each, Path(folder) / "embedded")
                    shutil.copyfile(Path(folder) / "embedded", path)
            except LatentFillError as error:
                problems[each.name] = str(error)
            else:
                written[each.name] = file
        return {"series": len(series), "windows": windows, "files": written, "not_embedded": problems}

    def _write(self, series: OneSeries, path: Path) -> int:
        """Write the embeddings of a series; returns how many windows there are."""
        assert series.table is not None
        made = TableEmbedder(series.table.series, self.embedder, self.config, smoothed_values)
        made.make_packed_file(path)
        return sum(map(len, made.starts.values()))


def file_name(labels: Sequence[str]) -> str:
    """A file name for the series with these labels, which is that of no other series."""
    name = ",".join(quote(label, safe=" ") for label in labels)
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[:LONGEST_NAME]}-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def embed_data_set(
    data: DataSet,
    options: TableOptions,
    config: Config,
    open_embedder: Callable[[], Embedder],
    engine: Engine,
    on_part: OnPart | None = None,
) -> Content:
    """Embed all series; returns the file of each, how many windows there are, and why some are not embedded."""
    embedder = open_embedder()
    embeds = repr((embedder.name, embedder.settings, embedder.weights_digest))
    with data.opened(replace(options, regular=False)) as opened:
        work = EmbedWork(open_embedder, embeds, config, opened.reader.options)
        parts = opened.run(engine, work, on_part)
    return {
        "windows": sum(part["windows"] for part in parts),
        "files": {name: file for part in parts for name, file in part["files"].items()},
        "not_embedded": {name: problem for part in parts for name, problem in part["not_embedded"].items()},
    }

"""Embeddings of a whole table: piece by piece, and on from where an earlier run was interrupted."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.locks import locked
from latentfill.core.series import IntArray, Series
from latentfill.embeddings.protocols.embedder import Embedder, cut_stretches
from latentfill.embeddings.protocols.record import Provenance, VectorArray
from latentfill.embeddings.stored.digests import scaler_digest, table_digest
from latentfill.embeddings.stored.folder_record import reserved_folder
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.embeddings.stored.h5_writing import window_bytes, write_window
from latentfill.embeddings.stored.packed_writing import (
    SplitShape,
    check_packed_path,
    packed_header,
    starts_bytes,
    vector_bytes,
)
from latentfill.embeddings.stored.problems import short
from latentfill.embeddings.stored.split_windows import (
    check_sorted,
    plan_of,
    starts_by_split,
    train_rows,
    variable_columns,
)
from latentfill.windows.scaling import ColumnScaler

Layout = Literal["packed", "timekd"]
BATCH = 32  # windows embedded at a time, always the same ones, so that an interrupted run ends in the same bytes


def parse_layout(text: str) -> Layout:
    """The layout that `text` names; "bank" is the former name of "packed"."""
    if text in ("packed", "bank"):
        return "packed"
    if text == "timekd":
        return "timekd"
    raise InputError(f"--layout must be packed or timekd, got {text!r}.")


@dataclass(frozen=True, slots=True)
class EmbedProgress:
    """How far the embedding of a table is."""

    done: int  # windows, those of an earlier run included
    total: int
    per_second: float  # windows, of this run
    seconds_left: float


@dataclass(frozen=True, slots=True)
class WindowBatch:
    """Windows that are embedded together."""

    split: str
    first: int  # number of its first window in the split
    starts: IntArray  # rows at which they begin
    opens: bool  # whether it is the first of its split


class TableEmbedder:
    """Embeds the windows of one table under the split plan of the settings."""

    def __init__(self, series: Series, embedder: Embedder, config: Config) -> None:
        check_sorted(series)
        if embedder.length not in (None, config.seq_len):
            raise InputError(f"the encoder reads windows of {embedder.length} steps, seq_len is {config.seq_len}.")
        order = variable_columns(config, series)
        self.series = replace(series, values=series.values[:, order], columns=tuple(series.columns[i] for i in order))
        self.embedder, self.config = embedder, config
        self.scaler = ColumnScaler.fit(self.series.values[: train_rows(config, series.n_steps)], config.scaling)
        self.plan = {split: starts for split, starts in starts_by_split(config, series.n_steps).items() if len(starts)}
        if not self.plan:
            raise InputError(
                f"the table has {series.n_steps} rows, fewer than one window needs (seq_len={config.seq_len} + "
                f"pred_len={config.pred_len}). Use shorter windows."
            )
        if embedder.horizon > config.pred_len:
            raise InputError(f"the encoder looks {embedder.horizon} steps ahead, pred_len is {config.pred_len}.")
        self.provenance = Provenance(
            encoder=embedder.name,
            source="computed",
            settings=embedder.settings,
            weights_digest=embedder.weights_digest,
            window=plan_of(config),
            table_digest=table_digest(series),
            scaler_digest=scaler_digest(self.scaler),
            deterministic=True,
            saw="observed",
        )

    def make_packed_file(
        self, target: Path, *, overwrite: bool = False, on_progress: Callable[[EmbedProgress], None] | None = None
    ) -> Provenance:
        """Write all embeddings as one packed file; an interrupted run is resumed, and ends in the same bytes."""
        check_packed_path(target, overwrite=overwrite)
        _, columns, dim = self._embed(next(self.batches()), most=1).shape
        partial = target.with_name(f".{target.name}.partial")
        with locked(target), _told_as_unwritable(partial):
            check_packed_path(target, overwrite=overwrite)  # a run that has ended meanwhile may have written it
            self._complete(partial, (columns, dim), on_progress)
            os.replace(partial, target)
        return self.provenance

    def _complete(
        self, partial: Path, size: tuple[int, int], on_progress: Callable[[EmbedProgress], None] | None
    ) -> None:
        """Append the batches that a packed file lacks; it is begun anew where it was begun with other settings."""
        shapes = {split: SplitShape(len(starts), *size, has_starts=True) for split, starts in self.plan.items()}
        header = packed_header(shapes, self.provenance, self.weights)
        batches = list(self.batches())
        ends = len(header) + np.cumsum([self._bytes_of(batch, size) for batch in batches])
        partial.touch()
        with partial.open("r+b") as file:
            _begin(file, header)
            written = int(np.searchsorted(ends, file.seek(0, os.SEEK_END), side="right"))
            file.truncate(file.seek(ends[written - 1] if written else len(header)))
            clock = Clock(batches, written, on_progress)
            for batch in batches[written:]:
                file.write(starts_bytes(self.plan[batch.split]) if batch.opens else b"")
                file.write(vector_bytes(self._embed(batch)))
                file.flush()
                os.fsync(file.fileno())
                clock.tick(batch)

    def make_folder(
        self, target: Path, name: str, *, on_progress: Callable[[EmbedProgress], None] | None = None
    ) -> Path:
        """Write `{target}/{name}/{pred_len}/{split}/{i}.h5` as TimeKD's loader reads them; the folder of the splits."""
        if self.config.embedding_stride != 1:
            raise InputError(
                "TimeKD's layout numbers every window: leave --embedding-stride at 1, or write a packed file."
            )
        folder = target / name / str(self.config.pred_len)
        places = {split: folder / ("" if split == WHOLE else split) for split in self.plan}
        batches = list(self.batches())
        first, *_ = self._embed(batches[0], most=1)
        with _told_as_unwritable(folder), reserved_folder(folder, self.provenance, self.weights, self.config.dataset):
            whole = window_bytes(first, self.config.dataset)
            done = [self._is_done(batch, places[batch.split], len(whole)) for batch in batches]
            clock = Clock(batches, done.index(False) if False in done else len(batches), on_progress)
            for batch, is_done in zip(batches, done, strict=True):
                if is_done:
                    continue
                places[batch.split].mkdir(parents=True, exist_ok=True)
                for i, vector in enumerate(self._embed(batch)):
                    write_window(places[batch.split] / f"{batch.first + i}.h5", vector, self.config.dataset)
                clock.tick(batch)
        return folder

    def _is_done(self, batch: WindowBatch, folder: Path, size: int) -> bool:
        """Whether all windows of a piece have a file of the size that whole ones have."""
        paths = (folder / f"{batch.first + i}.h5" for i in range(len(batch.starts)))
        return all(path.is_file() and path.stat().st_size == size for path in paths)

    @property
    def weights(self) -> Mapping[str, VectorArray]:
        """The encoder's own weights, those that were drawn for it."""
        return self.embedder.weights(len(self.series.columns))

    def batches(self) -> Iterator[WindowBatch]:
        """All windows, split by split."""
        for split, starts in self.plan.items():
            for first in range(0, len(starts), BATCH):
                yield WindowBatch(split, first, starts[first : first + BATCH], opens=not first)

    def _embed(self, batch: WindowBatch, most: int | None = None) -> VectorArray:
        starts, ahead = batch.starts[:most], self.embedder.horizon
        vectors = self.embedder.embed(cut_stretches(self.series, self.scaler, starts, self.config.seq_len, ahead))
        if bad := starts[~np.isfinite(vectors).all(axis=(1, 2))].tolist():
            raise InputError(f"the encoder makes numbers that are not finite of the windows at rows {short(bad)}.")
        return vectors

    def _bytes_of(self, batch: WindowBatch, size: tuple[int, int]) -> int:
        vectors = 4 * len(batch.starts) * int(np.prod(size))
        return vectors + (8 * len(self.plan[batch.split]) if batch.opens else 0)


class Clock:
    """Tells how far the work is."""

    def __init__(
        self, batches: list[WindowBatch], written: int, on_progress: Callable[[EmbedProgress], None] | None
    ) -> None:
        self.on_progress = on_progress
        self.total = sum(len(batch.starts) for batch in batches)
        self.earlier = self.done = sum(len(batch.starts) for batch in batches[:written])
        self.began = time.monotonic()
        self.tell()

    def tick(self, batch: WindowBatch) -> None:
        """A piece is done."""
        self.done += len(batch.starts)
        self.tell()

    def tell(self) -> None:
        """Report to whoever listens."""
        per_second = (self.done - self.earlier) / max(time.monotonic() - self.began, 1e-9)
        left = (self.total - self.done) / per_second if per_second else float("nan")
        if self.on_progress:
            self.on_progress(EmbedProgress(self.done, self.total, per_second, left))


def _begin(file: BinaryIO, head: bytes) -> None:
    """Make a file begin with `head`: what is in it is kept if it does."""
    if file.read(len(head)) != head:
        file.seek(0)
        file.truncate()
        file.write(head)


@contextmanager
def _told_as_unwritable(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be written: {error.strerror or error}. Choose another place.") from error

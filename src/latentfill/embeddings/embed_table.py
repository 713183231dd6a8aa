"""Embeddings of all windows of a table, as a packed file or in TimeKD's layout; interrupted runs are resumed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, Literal

import numpy as np

from latentfill.core.config import Config
from latentfill.core.errors import InputError, UnwritableError
from latentfill.core.files import keep_rights
from latentfill.core.locks import locked
from latentfill.core.path_parts import path_part
from latentfill.core.series import FloatArray, IntArray, Series
from latentfill.core.unwritable import keep_elsewhere, refusing_unwritable
from latentfill.embeddings.embed_progress import ProgressCallback, ProgressMeter
from latentfill.embeddings.protocols.embedder import (
    Embedder,
    FilledWindows,
    RawWindows,
    cut_raw_windows,
    reads_smoothed,
)
from latentfill.embeddings.protocols.record import COMPUTED, Provenance, RecordedTable, VectorArray
from latentfill.embeddings.stored.digests import scaler_digest, table_digest
from latentfill.embeddings.stored.folder_record import check_record, reserved_folder
from latentfill.embeddings.stored.h5_names import WHOLE
from latentfill.embeddings.stored.h5_writing import window_bytes, write_window
from latentfill.embeddings.stored.packed_digest import seal, unsealed
from latentfill.embeddings.stored.packed_writing import (
    BesideVectors,
    SplitShape,
    check_packed_path,
    packed_header,
    starts_bytes,
    vector_bytes,
)
from latentfill.embeddings.stored.problems import short
from latentfill.embeddings.stored.split_windows import (
    check_sorted,
    starts_by_split,
    train_rows,
    variable_columns,
)
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import cut

Smooth = Callable[[Series, Config], FloatArray]  # the values (T, C) of a series, its gaps filled
Layout = Literal["packed", "timekd"]
BATCH = 32  # windows embedded together; batches are fixed, so that a resumed run writes the same bytes


def parse_layout(text: str) -> Layout:
    """The layout that `text` names; "bank" is the former name of "packed"."""
    if text in ("packed", "bank"):
        return "packed"
    if text == "timekd":
        return "timekd"
    raise InputError(f"--layout must be packed or timekd, got {text!r}.")


@dataclass(frozen=True, slots=True, eq=False)
class WindowBatch:
    """Windows of one split that are embedded together."""

    split: str
    first: int  # index of its first window in the split
    starts: IntArray  # (B,) first rows of its windows

    def __len__(self) -> int:
        return len(self.starts)

    @property
    def begins_split(self) -> bool:
        return self.first == 0


class TableEmbedder:
    """Embeds the windows of one table under the split plan of the settings.

    Columns are reordered like TimeKD's variables. The scaler is fitted to the train rows.
    """

    def __init__(self, series: Series, embedder: Embedder, config: Config, smooth: Smooth | None = None) -> None:
        """`smooth` is for an embedder that reads smoothed windows; all columns of the series are smoothed together."""
        check_sorted(series)
        self.plan, self.table = config.stored.plan, RecordedTable.of(series)
        order = variable_columns(self.plan, series.columns)
        self.series = replace(series, values=series.values[:, order], columns=tuple(series.columns[i] for i in order))
        self.embedder, self.config = embedder, config
        self.starts = {split: rows for split, rows in starts_by_split(self.plan, series.n_steps).items() if len(rows)}
        self._check_windows()
        self.smoothed = smooth(series, config)[:, order] if smooth and reads_smoothed(embedder) else None
        n_train = train_rows(self.plan, series.n_steps)
        self.scaler = ColumnScaler.fit(self.series.values[:n_train], config.windows.scaling)
        self.provenance = Provenance(
            encoder=embedder.name,
            source=COMPUTED,
            settings=embedder.settings if self.smoothed is None else {**embedder.settings, "smoothing": config.seed},
            weights_digest=embedder.weights_digest,
            window=self.plan.to_dict(),
            table_digest=table_digest(series),
            scaler_digest=scaler_digest(self.scaler),
            deterministic=True,
            saw="observed",
        )

    def _check_windows(self) -> None:
        """Raise `InputError` for windows that the embedder cannot read, or a table shorter than one window."""
        plan, embedder = self.plan, self.embedder
        if embedder.length not in (None, plan.seq_len):
            raise InputError(
                f"the encoder reads windows of {embedder.length} steps, but seq_len is {plan.seq_len}. "
                f"Use seq_len={embedder.length}."
            )
        if not self.starts:
            raise InputError(
                f"the table has {self.series.n_steps} rows, fewer than one window needs "
                f"(seq_len={plan.seq_len} + pred_len={plan.pred_len}). Use shorter windows."
            )
        if embedder.horizon > plan.pred_len:
            raise InputError(
                f"the encoder reads {embedder.horizon} steps after a window, but pred_len is {plan.pred_len}. "
                f"Use pred_len={embedder.horizon} or more."
            )

    @property
    def weights(self) -> Mapping[str, VectorArray]:
        """The encoder's randomly drawn weights, which are stored with the embeddings."""
        return self.embedder.weights(len(self.series.columns))

    def batches(self) -> list[WindowBatch]:
        """All windows, split by split."""
        return [
            WindowBatch(split, first, rows[first : first + BATCH])
            for split, rows in self.starts.items()
            for first in range(0, len(rows), BATCH)
        ]

    def embed(self, starts: IntArray) -> VectorArray:
        """Vectors (B, K, D) of the windows that start at the rows `starts`; an `InputError` if they are not finite."""
        vectors = self.embedder.embed(self._raw(starts))
        if bad := starts[~np.isfinite(vectors).all(axis=(1, 2))].tolist():
            raise InputError(
                f"the encoder returns values that are not finite for the windows at positions {short(bad)}."
            )
        return vectors

    def _raw(self, starts: IntArray) -> RawWindows:
        """The windows that start at the rows `starts`, smoothed where the embedder reads that."""
        length, horizon = self.plan.seq_len, self.embedder.horizon
        raw = cut_raw_windows(self.series, self.scaler, starts, length, horizon)
        if self.smoothed is None:
            return raw
        values = cut(self.smoothed, starts, length)
        future = cut(self.smoothed, starts + length, horizon) if horizon else None
        return replace(raw, future=future, smoothed=FilledWindows(values, self.scaler.apply(values)))

    # --- a packed file ---------------------------------------------------------------------------

    def make_packed_file(
        self, target: Path, *, overwrite: bool = False, on_progress: ProgressCallback | None = None
    ) -> Provenance:
        """Write all embeddings as one packed file; resuming an interrupted run gives the same bytes."""
        target = Path(os.path.realpath(target))
        check_packed_path(target, overwrite=overwrite)
        _, columns, dim = self.embed(self.batches()[0].starts[:1]).shape
        partial = target.with_name(f".{target.name}.partial")
        with locked(target), refusing_unwritable(partial):
            check_packed_path(target, overwrite=overwrite)  # another run may have written it in the meantime
            self._complete(partial, (columns, dim), on_progress)
            seal(partial)
            keep_rights(target, partial)
            os.replace(partial, target)
        return self.provenance

    def _complete(self, partial: Path, size: tuple[int, int], on_progress: ProgressCallback | None) -> None:
        """Append the missing batches to a partial packed file, or restart the file if its settings differ."""
        shapes = {split: SplitShape(len(rows), *size, has_starts=True) for split, rows in self.starts.items()}
        header = packed_header(shapes, self.provenance, BesideVectors(self.weights, self.table))
        batches = self.batches()
        ends = len(header) + np.cumsum([self._bytes_of(batch, size) for batch in batches])
        partial.touch()
        with partial.open("r+b") as file:
            _begin_with(file, header)
            n_done = int(np.searchsorted(ends, file.seek(0, os.SEEK_END), side="right"))
            file.truncate(file.seek(ends[n_done - 1] if n_done else len(header)))
            missing = batches[n_done:]
            meter = _meter(batches, missing, on_progress)
            for batch in missing:
                file.write(starts_bytes(self.starts[batch.split]) if batch.begins_split else b"")
                file.write(vector_bytes(self.embed(batch.starts)))
                file.flush()
                os.fsync(file.fileno())
                if not os.fstat(file.fileno()).st_nlink:
                    raise _removed(partial, file)
                meter.add(len(batch))

    def _bytes_of(self, batch: WindowBatch, size: tuple[int, int]) -> int:
        """Bytes that a batch takes in a packed file."""
        starts = 8 * len(self.starts[batch.split]) if batch.begins_split else 0
        return starts + 4 * len(batch) * int(np.prod(size))

    # --- TimeKD's layout -------------------------------------------------------------------------

    def make_folder(self, target: Path, name: str, *, on_progress: ProgressCallback | None = None) -> Path:
        """Write `{target}/{name}/{pred_len}/{split}/{i}.h5`, as TimeKD's loader reads them; returns the splits' folder.

        Resuming an interrupted run gives the same bytes.
        """
        if self.plan.embedding_stride != 1:
            raise InputError(
                "TimeKD's layout numbers every window: leave --embedding-stride at 1, or write a packed file."
            )
        folder = target / path_part(name, "the name of the table") / str(self.plan.pred_len)
        batches, dataset = self.batches(), self.config.stored.dataset
        example = self.embed(batches[0].starts[:1])[0]
        with refusing_unwritable(folder), self._reserved(folder):
            size = len(window_bytes(example, dataset))
            missing = [batch for batch in batches if not _is_written(batch, folder, size)]
            meter = _meter(batches, missing, on_progress)
            for batch in missing:
                vectors = self.embed(batch.starts)
                check_record(folder)
                for path, vector in zip(_paths(batch, folder), vectors, strict=True):
                    path.parent.mkdir(parents=True, exist_ok=True)
                    write_window(path, vector, dataset)
                meter.add(len(batch))
        return folder

    def _reserved(self, folder: Path) -> AbstractContextManager[None]:
        """Reserve `folder` for the embeddings written in a block, with their record."""
        return reserved_folder(folder, self.provenance, self.weights, self.config.stored.dataset, self.table)


def _paths(batch: WindowBatch, folder: Path) -> list[Path]:
    """The files of the windows of a batch in TimeKD's layout."""
    split_folder = folder / ("" if batch.split == WHOLE else batch.split)
    return [split_folder / f"{batch.first + i}.h5" for i in range(len(batch))]


def _is_written(batch: WindowBatch, folder: Path, size: int) -> bool:
    """Whether each window of a batch has a complete file, of `size` bytes."""
    return all(path.is_file() and path.stat().st_size == size for path in _paths(batch, folder))


def _meter(
    batches: Sequence[WindowBatch], missing: Sequence[WindowBatch], on_progress: ProgressCallback | None
) -> ProgressMeter:
    total = sum(map(len, batches))
    return ProgressMeter(total, total - sum(map(len, missing)), on_progress)


def _removed(partial: Path, file: BinaryIO) -> UnwritableError:
    """The error for a partial file that was removed while it was written, with its content kept elsewhere."""

    def write(place: Path) -> None:
        file.seek(0)
        with (place / partial.name).open("wb") as copy:
            shutil.copyfileobj(file, copy)

    kept = keep_elsewhere(write, f"What is embedded so far, {partial.name},")
    return UnwritableError(f"{partial} was removed while it was written. {kept} Put back, it will be continued.")


def _begin_with(file: BinaryIO, header: bytes) -> None:
    """Keep the content of a file that begins with `header`; otherwise replace it by the header."""
    is_begun = unsealed(file.read(len(header))) == header
    file.seek(0)
    if not is_begun:
        file.truncate()
    file.write(header)

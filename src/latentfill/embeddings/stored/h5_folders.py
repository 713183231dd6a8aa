"""A folder with one .h5 file for each window, in the layouts of TimeKD and TimeCMA."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.record import Provenance, RecordedTable, VectorArray
from latentfill.embeddings.stored.folder_record import read_record, read_table_record, read_weights
from latentfill.embeddings.stored.h5_names import DATASET, WHOLE
from latentfill.embeddings.stored.h5_windows import WindowVectors, describe_windows, open_windows, read_windows
from latentfill.embeddings.stored.problems import check_split


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingFolder:
    """A folder of `{i}.h5`, one per window, in a folder for each split or in one for all."""

    path: Path
    folders: Mapping[str, Path]  # split -> folder of its files
    splits: Mapping[str, int]  # split -> number of files
    extents: Mapping[str, int]  # split -> last number in a file name, plus 1
    dataset: str = DATASET
    name: str = ""  # of the data set, taken from the path
    pred_len: int | None = None  # TimeKD's horizon, if the path contains it
    home: Path  # folder of the splits and of their record, if there is one
    starts: Mapping[str, IntArray] = field(default_factory=dict)  # not recorded
    is_numbered: bool = True

    @property
    def layout(self) -> str:
        return "one-folder" if WHOLE in self.folders else "split-folders"

    def read(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> VectorArray:
        """All vectors of a split in numeric order, (N, C, D) float32; an error lists all problems."""
        check_split(split, self.splits, self.path)
        return read_windows(self.folders[split], n_expected, n_columns, self.dataset)

    def open(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> WindowVectors:
        """An iterator over the vectors of a split."""
        check_split(split, self.splits, self.path)
        return open_windows(self.folders[split], n_expected, n_columns, self.dataset)

    @property
    def provenance(self) -> Provenance:
        """How the embeddings were made, from their record if there is one."""
        return read_record(self.home) or Provenance.unknown(self.path)

    @property
    def table(self) -> RecordedTable | None:
        """The table that the embeddings were made from, if it is stored."""
        return read_table_record(self.home)

    @property
    def weights(self) -> Mapping[str, VectorArray]:
        """The encoder's randomly drawn weights, if they are stored."""
        return read_weights(self.home)

    def describe(self) -> dict[str, object]:
        """Description of the folder, from a sample of its files, as JSON values."""
        return {
            "path": str(self.path),
            "layout": self.layout,
            "dataset": self.dataset,
            "name": self.name,
            "pred_len": self.pred_len,
            "splits": {split: describe_windows(folder, self.dataset) for split, folder in self.folders.items()},
            "provenance": self.provenance.to_dict(),
        }

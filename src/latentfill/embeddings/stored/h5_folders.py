"""TimeKD's folder layouts of per-window files, found at or below any folder."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.embeddings.protocols.record import Provenance, VectorArray
from latentfill.embeddings.stored.folder_record import read_record, read_weights
from latentfill.embeddings.stored.h5_listing import holds_windows, list_windows
from latentfill.embeddings.stored.h5_names import DATASET, SPLITS, WHOLE, without_csv
from latentfill.embeddings.stored.h5_windows import WindowVectors, describe_windows, open_windows, read_windows
from latentfill.embeddings.stored.problems import check_split, counts, short

logger = logging.getLogger(__name__)

_MAX_DEPTH = 4  # folders searched below the one given; the deepest published layout needs two


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingFolder:
    """A folder of `{i}.h5`, one per window, in a folder for each split or in one for all."""

    path: Path
    folders: Mapping[str, Path]  # split -> folder of its files
    splits: Mapping[str, int]  # split -> number of files
    dataset: str = DATASET
    name: str = ""  # of the data set, as far as the path tells
    pred_len: int | None = None  # TimeKD's horizon, as far as the path tells
    home: Path  # folder of the splits, and of their record if they have one

    @property
    def layout(self) -> str:
        return "one-folder" if WHOLE in self.folders else "split-folders"

    def read(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> VectorArray:
        """All vectors of a split in numeric order, (N, C, D) float32; an error lists all problems."""
        check_split(split, self.splits, self.path)
        return read_windows(self.folders[split], n_expected, n_columns, self.dataset)

    def open(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> WindowVectors:
        """The vectors of a split, to be read one after the other."""
        check_split(split, self.splits, self.path)
        return open_windows(self.folders[split], n_expected, n_columns, self.dataset)

    @property
    def provenance(self) -> Provenance:
        """How the embeddings were made, if a record says so."""
        return read_record(self.home) or Provenance.unknown(self.path)

    @property
    def weights(self) -> Mapping[str, VectorArray]:
        """The encoder's weights that were drawn at random for it, as far as they are known."""
        return read_weights(self.home)

    def describe(self) -> dict[str, object]:
        """What the folder holds, from a sample of its files, in plain JSON values."""
        return {
            "path": str(self.path),
            "layout": self.layout,
            "dataset": self.dataset,
            "name": self.name,
            "pred_len": self.pred_len,
            "splits": {split: describe_windows(folder, self.dataset) for split, folder in self.folders.items()},
            "provenance": self.provenance.to_dict(),
        }


def find_layout(
    folder: Path, name: str | None = None, pred_len: int | None = None, dataset: str = DATASET
) -> EmbeddingFolder:
    """The folder of per-window files at or below `folder`; `name` and `pred_len` choose one of several.

    Known layouts: `{data}/{pred_len}/{split}/{i}.h5` and `{data}.csv/{pred_len}/{split}/{i}.h5` (TimeKD),
    `Embeddings/{data}/{split}/{i}.h5` (TimeCMA), and `{i}.h5` with no split.
    """
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder. Give the folder that holds the .h5 embeddings, or one above it.")
    found = [_folder_at(path, dataset) for path in _window_folders(folder)]
    if not found:
        raise InputError(_nothing_found(folder))
    chosen = _narrow(found, folder, name, pred_len)
    if len(chosen) != 1:
        raise InputError(_undecided(chosen or found, len(chosen), folder, name, pred_len))
    return chosen[0]


def _window_folders(folder: Path, depth: int = _MAX_DEPTH) -> Iterator[Path]:
    """Folders at or below `folder` that hold per-window files, in split folders or directly."""
    if holds_windows(folder):
        yield folder
        return
    inner = _subfolders(folder)
    with_windows = {path for path in inner if path.name in SPLITS and holds_windows(path)}
    if with_windows:
        yield folder
    if depth > 0:
        for path in inner:
            if path not in with_windows:
                yield from _window_folders(path, depth - 1)


def _subfolders(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:  # one unreadable folder must not stop the search in the others
        logger.info("skipped %s: %s", folder, error)
        return []


def _folder_at(path: Path, dataset: str) -> EmbeddingFolder:
    labelled = path.absolute()
    if holds_windows(path):
        is_split = labelled.name in SPLITS
        folders = {labelled.name if is_split else WHOLE: path}
        labelled = labelled.parent if is_split else labelled
    else:
        folders = {split: path / split for split in SPLITS if holds_windows(path / split)}
    is_horizon = labelled.name.isascii() and labelled.name.isdecimal()
    return EmbeddingFolder(
        path=path,
        folders=folders,
        splits={split: len(list_windows(inner).files) for split, inner in folders.items()},
        dataset=dataset,
        name=without_csv(labelled.parent.name if is_horizon else labelled.name),
        pred_len=int(labelled.name) if is_horizon else None,
        home=labelled,
    )


def _narrow(
    found: list[EmbeddingFolder], folder: Path, name: str | None, pred_len: int | None
) -> list[EmbeddingFolder]:
    if len(found) > 1 and name is not None:
        found = [one for one in found if without_csv(name) in _names(one, folder)]
    if len(found) > 1 and pred_len is not None:
        found = [one for one in found if one.pred_len == pred_len]
    return found


def _names(one: EmbeddingFolder, folder: Path) -> set[str]:
    return {one.name, *(without_csv(part) for part in one.path.relative_to(folder).parts)}


def _undecided(
    candidates: list[EmbeddingFolder], n_chosen: int, folder: Path, name: str | None, pred_len: int | None
) -> str:
    asked = [f"name {name!r}"] if name is not None else []
    asked += [f"pred_len {pred_len}"] if pred_len is not None else []
    which = f"{n_chosen or 'none'} of them for {' and '.join(asked)}" if asked else "and nothing says which"
    listed = "".join(f"\n- {one.path} ({counts(one.splits)})" for one in candidates)
    return (
        f"{folder} holds several folders of embeddings, {which}:{listed}\n"
        "Give one of them, or the name and pred_len of one."
    )


def _nothing_found(folder: Path) -> str:
    others = sorted(path.name for path in folder.glob("*.h5"))
    if others:
        return (
            f"{folder} holds .h5 files that are not named by a window number ({short(others)}). If one of "
            "them holds all windows, give that file itself."
        )
    return (
        f"{folder} holds no .h5 embeddings: no {{i}}.h5 in it, in train, val or test below it, or in the "
        f"folders {_MAX_DEPTH} levels down. Give the folder TimeKD's storage script wrote, such as ETTh1/96."
    )

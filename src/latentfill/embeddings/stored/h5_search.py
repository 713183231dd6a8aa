"""Finds folders of per-window files, and chooses among several by name and forecast horizon."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from latentfill.core.errors import InputError
from latentfill.core.messages import quoted
from latentfill.embeddings.stored.h5_folders import EmbeddingFolder
from latentfill.embeddings.stored.h5_listing import holds_windows, list_windows
from latentfill.embeddings.stored.h5_names import DATASET, SPLITS, WHOLE, without_csv
from latentfill.embeddings.stored.problems import counts, short

logger = logging.getLogger(__name__)

_MAX_DEPTH = 4  # levels of folders that are searched; the deepest published layout needs two


@dataclass(frozen=True, slots=True)
class FolderChoice:
    """The name and horizon that choose among several sets of embeddings below a folder."""

    name: str | None  # of the data set; None for any
    pred_len: int | None  # TimeKD's horizon; None for any

    def narrow(self, candidates: Sequence[EmbeddingFolder], folder: Path) -> Sequence[EmbeddingFolder]:
        """The sets that match; a criterion is only applied while there are several sets."""
        if len(candidates) > 1 and self.name is not None:
            candidates = [each for each in candidates if without_csv(self.name) in _names(each, folder)]
        if len(candidates) > 1 and self.pred_len is not None:
            candidates = [each for each in candidates if each.pred_len == self.pred_len]
        return candidates

    def refusal(self, candidates: Sequence[EmbeddingFolder], chosen: Sequence[EmbeddingFolder], folder: Path) -> str:
        """The error message, with a list of the sets, if not exactly one set was chosen."""
        listed = "".join(f"\n- {each.path} ({counts(each.splits)})" for each in chosen or candidates)
        return (
            f"{folder} holds several folders of embeddings, {self._outcome(len(chosen))}:{listed}\n"
            "Give the path of one of them, or its name and pred_len."
        )

    def _outcome(self, n_chosen: int) -> str:
        criteria = [f"name {quoted(self.name)}"] if self.name is not None else []
        criteria += [f"pred_len {self.pred_len}"] if self.pred_len is not None else []
        return f"{n_chosen or 'none'} of them with {' and '.join(criteria)}" if criteria else "and none was chosen"


def _names(embeddings: EmbeddingFolder, folder: Path) -> set[str]:
    """The names by which a set of embeddings below `folder` can be chosen."""
    return {embeddings.name, *(without_csv(part) for part in embeddings.path.relative_to(folder).parts)}


def find_layout(
    folder: Path, name: str | None = None, pred_len: int | None = None, dataset: str = DATASET
) -> EmbeddingFolder:
    """The folder of per-window files at or below `folder`; `name` and `pred_len` choose among several.

    Known layouts: `{data}/{pred_len}/{split}/{i}.h5` and `{data}.csv/{pred_len}/{split}/{i}.h5` (TimeKD),
    `Embeddings/{data}/{split}/{i}.h5` (TimeCMA), and `{i}.h5` with no split.
    """
    if not os.path.isdir(folder):
        raise InputError(f"{folder} is not a folder. Give the folder that holds the .h5 embeddings, or one above it.")
    candidates = [_folder_at(path, dataset) for path in _window_folders(folder)]
    if not candidates:
        raise InputError(_nothing_found(folder))
    choice = FolderChoice(name, pred_len)
    chosen = choice.narrow(candidates, folder)
    if len(chosen) != 1:
        raise InputError(choice.refusal(candidates, chosen, folder))
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
    """The folders in a folder without hidden ones; an empty list if it cannot be read."""
    try:
        return sorted(path for path in folder.iterdir() if path.is_dir() and not path.name.startswith("."))
    except OSError as error:  # one unreadable folder must not stop the search in the others
        logger.info("skipped %s: %s", folder, error)
        return []


def _folder_at(path: Path, dataset: str) -> EmbeddingFolder:
    """The per-window files in a folder; name and horizon come from its path."""
    named = path.absolute()
    if holds_windows(path):
        is_split = named.name in SPLITS
        folders = {named.name if is_split else WHOLE: path}
        named = named.parent if is_split else named
    else:
        folders = {split: path / split for split in SPLITS if holds_windows(path / split)}
    numbered = {split: list_windows(inner).files for split, inner in folders.items()}
    is_horizon = named.name.isascii() and named.name.isdecimal()
    return EmbeddingFolder(
        path=path,
        folders=folders,
        splits={split: len(files) for split, files in numbered.items()},
        extents={split: max(files, default=-1) + 1 for split, files in numbered.items()},
        dataset=dataset,
        name=without_csv(named.parent.name if is_horizon else named.name),
        pred_len=int(named.name) if is_horizon else None,
        home=named,
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

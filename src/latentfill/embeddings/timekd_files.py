"""Embeddings stored as HDF5: TimeKD's one file per window, in any of its layouts, and single-file banks."""

from __future__ import annotations

import logging
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from latentfill.embeddings.base import Embeddings, Provenance, StoredEmbeddings, VectorArray
from latentfill.errors import EmbeddingMismatchError, InputError
from latentfill.series import IntArray

if TYPE_CHECKING:
    import h5py

logger = logging.getLogger(__name__)

SPLITS = ("train", "val", "test")
WHOLE = "all"  # the split of files that lie in no split
DATASET = "embeddings"  # the name TimeKD's storage script gives

_MAX_DEPTH = 4  # folders searched below the one given; the deepest published layout needs two
_MAX_VECTOR = 2**26  # values per window; a broken header can claim more than memory holds
_SAMPLE = 64  # windows `describe` looks at per split
_SHOWN = 5  # items of a list that an error spells out
_HDF5_FAILURES = (OSError, RuntimeError, KeyError, ValueError, MemoryError)  # of damaged files


def open_embeddings(
    path: str | os.PathLike[str], name: str | None = None, pred_len: int | None = None, dataset: str = DATASET
) -> StoredEmbeddings:
    """The stored embeddings at `path`: a TimeKD folder, a folder above one, or one .h5 file with all windows.

    `name` (the CSV's stem) and `pred_len` choose where a folder holds several.
    """
    path = Path(path)
    if path.is_file():
        return _open_file(path, dataset)
    return find_layout(path, name=name, pred_len=pred_len, dataset=dataset)


def load_split(
    stored: StoredEmbeddings, split: str, starts: IntArray, n_columns: int, source: str | os.PathLike[str]
) -> Embeddings:
    """The vectors of a split paired with the windows that start at `starts`; their making is unknown."""
    vectors = stored.read(split, len(starts), n_columns)
    return Embeddings(vectors, starts, Provenance(encoder="unknown", source=str(source)))


# --- one file per window: where they are -----------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingFolder:
    """A folder of `{i}.h5`, one per window, in split folders or in none."""

    path: Path
    folders: Mapping[str, Path]  # split -> the folder of its files
    splits: Mapping[str, int]  # split -> number of files
    dataset: str = DATASET
    name: str = ""  # the data set's name, where the path tells
    pred_len: int | None = None  # TimeKD's horizon, where the path tells

    @property
    def layout(self) -> str:
        return "one-folder" if WHOLE in self.folders else "split-folders"

    def read(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> VectorArray:
        """All vectors of a split in numeric order, (N, C, D) float32; every problem is told at once."""
        _check_split(split, self.splits, self.path)
        return _read_windows(self.folders[split], self.dataset, n_expected, n_columns)

    def describe(self) -> dict[str, object]:
        """What the folder holds, from a sample of its files, in plain JSON values."""
        splits = {split: _describe_windows(folder, self.dataset) for split, folder in self.folders.items()}
        return _description(self, self.name, self.pred_len, splits)


@dataclass(frozen=True, slots=True)
class _Listing:
    """The files of one split folder, sorted out by name."""

    files: dict[int, Path]  # window number -> file, in numeric order
    repeated: list[str]  # a second file for a number, such as 07.h5 beside 7.h5
    unnumbered: list[str]  # .h5 files that are not named by a number
    strays: list[str]  # everything else, ignored


def find_layout(
    folder: str | os.PathLike[str],
    name: str | None = None,
    pred_len: int | None = None,
    dataset: str = DATASET,
) -> EmbeddingFolder:
    """The one folder of per-window files at or below `folder`; several are narrowed by `name` and `pred_len`.

    Known layouts: `{data}/{pred_len}/{split}/{i}.h5` and `{data}.csv/{pred_len}/{split}/{i}.h5` (TimeKD),
    `Embeddings/{data}/{split}/{i}.h5` (TimeCMA), and `{i}.h5` with no split.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise InputError(
            f"{folder} is not a folder. Give the folder that holds the .h5 embeddings, or one above it."
        )
    found = [_folder_at(path, dataset) for path in _window_folders(folder)]
    if not found:
        raise InputError(_nothing_found(folder))
    chosen = _narrow(found, folder, name, pred_len)
    if len(chosen) != 1:
        raise InputError(_undecided(found, chosen, folder, name, pred_len))
    return chosen[0]


def read_split(
    folder: str | os.PathLike[str],
    split: str,
    n_expected: int | None = None,
    n_columns: int | None = None,
    dataset: str = DATASET,
) -> VectorArray:
    """All vectors of one split of a folder of per-window files, (N, C, D) float32."""
    return find_layout(folder, dataset=dataset).read(split, n_expected, n_columns)


def write_split(
    folder: str | os.PathLike[str], split: str, vectors: VectorArray, dataset: str = DATASET
) -> Path:
    """Write vectors (N, C, D) as `{folder}/{split}/{i}.h5`, as TimeKD does; "all" is `folder` itself."""
    import h5py

    target = Path(folder).absolute() / ("" if split == WHOLE else split)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise InputError(f"{target} is not empty. Remove it or write somewhere else.")
    partial = target.with_name(f".{target.name}.partial-{os.getpid()}")
    partial.mkdir(parents=True)
    try:
        for i, vector in enumerate(vectors):
            with h5py.File(partial / f"{i}.h5", "w") as file:
                file.create_dataset(dataset, data=vector)
        if target.exists():
            target.rmdir()
        partial.rename(target)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return target


def _window_folders(folder: Path, depth: int = _MAX_DEPTH) -> Iterator[Path]:
    """Folders at or below `folder` that hold per-window files, in split folders or directly."""
    if _holds_windows(folder):
        yield folder
        return
    inner = _subfolders(folder)
    with_windows = {path for path in inner if path.name in SPLITS and _holds_windows(path)}
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


def _holds_windows(folder: Path) -> bool:
    try:
        with os.scandir(folder) as entries:
            return any(_window_number(entry.name) is not None for entry in entries)
    except OSError:
        return False


def _window_number(file_name: str) -> int | None:
    stem, dot, suffix = file_name.rpartition(".")
    is_number = dot and suffix == "h5" and stem.isascii() and stem.isdecimal()
    return int(stem) if is_number else None


def _folder_at(path: Path, dataset: str) -> EmbeddingFolder:
    if _holds_windows(path):
        own_name = path.absolute().name
        folders = {own_name if own_name in SPLITS else WHOLE: path}
        labelled = path.absolute().parent if own_name in SPLITS else path.absolute()
    else:
        folders = {split: path / split for split in SPLITS if _holds_windows(path / split)}
        labelled = path.absolute()
    is_horizon = labelled.name.isascii() and labelled.name.isdecimal()
    return EmbeddingFolder(
        path=path,
        folders=folders,
        splits={split: len(_list_windows(inner).files) for split, inner in folders.items()},
        dataset=dataset,
        name=_without_csv(labelled.parent.name if is_horizon else labelled.name),
        pred_len=int(labelled.name) if is_horizon else None,
    )


def _without_csv(name: str) -> str:
    return name.removesuffix(".csv")


def _narrow(
    found: list[EmbeddingFolder], folder: Path, name: str | None, pred_len: int | None
) -> list[EmbeddingFolder]:
    if len(found) > 1 and name is not None:
        found = [one for one in found if _without_csv(name) in _names(one, folder)]
    if len(found) > 1 and pred_len is not None:
        found = [one for one in found if one.pred_len == pred_len]
    return found


def _names(one: EmbeddingFolder, folder: Path) -> set[str]:
    return {one.name, *(_without_csv(part) for part in one.path.relative_to(folder).parts)}


def _undecided(
    found: list[EmbeddingFolder],
    chosen: list[EmbeddingFolder],
    folder: Path,
    name: str | None,
    pred_len: int | None,
) -> str:
    asked = [f"name {name!r}"] if name is not None else []
    asked += [f"pred_len {pred_len}"] if pred_len is not None else []
    which = (
        f"{len(chosen) or 'none'} of them for {' and '.join(asked)}" if asked else "and nothing says which"
    )
    candidates = "".join(f"\n- {one.path} ({_counts(one.splits)})" for one in chosen or found)
    return (
        f"{folder} holds several folders of embeddings, {which}:{candidates}\n"
        "Give one of them, or the name and pred_len of one."
    )


def _nothing_found(folder: Path) -> str:
    if (folder / "bank.json").is_file():
        return f"{folder} is a packed bank, not a folder of .h5 files; read it with load_bank."
    others = sorted(path.name for path in folder.glob("*.h5"))
    if others:
        return (
            f"{folder} holds .h5 files that are not named by a window number ({_short(others)}). If one of "
            "them holds all windows, give that file itself."
        )
    return (
        f"{folder} holds no .h5 embeddings: no {{i}}.h5 in it, in train, val or test below it, or in the "
        f"folders {_MAX_DEPTH} levels down. Give the folder TimeKD's storage script wrote, such as ETTh1/96."
    )


def _list_windows(folder: Path) -> _Listing:
    listing = _Listing({}, [], [], [])
    numbered: dict[int, Path] = {}
    for name in sorted(os.listdir(folder)):
        number = _window_number(name)
        if number is None:
            is_hdf5 = name.endswith(".h5") and not name.startswith(".")  # macOS leaves ._0.h5 beside 0.h5
            (listing.unnumbered if is_hdf5 else listing.strays).append(name)
        elif number in numbered:
            listing.repeated.append(name)
        else:
            numbered[number] = folder / name
    listing.files.update(sorted(numbered.items()))
    return listing


# --- one file per window: what is in them ----------------------------------------------------------------


class _BadWindow(Exception):
    """One window's vector that cannot be used: a kind shared with others, and this one's detail."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(kind, detail)
        self.kind, self.detail = kind, detail


class _BadWindows:
    """Collects bad windows by kind, so that thousands make one short message."""

    def __init__(self) -> None:
        self.by_kind: dict[str, list[tuple[int, str]]] = {}

    def add(self, number: int, kind: str, detail: str) -> None:
        self.by_kind.setdefault(kind, []).append((number, detail))

    @contextmanager
    def catching(self, number: int, path: Path) -> Iterator[None]:
        """Takes note of whatever is wrong with this window's file and goes on."""
        try:
            yield
        except _BadWindow as bad:
            self.add(number, bad.kind, f"{path}, {bad.detail}")
        except _HDF5_FAILURES as error:
            self.add(number, "cannot be read", f"{path}, {error}")

    def lines(self) -> list[str]:
        return [
            f"{kind}: window {_short([number for number, _ in bad])}; first: {bad[0][1]}"
            for kind, bad in self.by_kind.items()
        ]


def _read_windows(folder: Path, dataset: str, n_expected: int | None, n_columns: int | None) -> VectorArray:
    listing = _list_windows(folder)
    if listing.strays:
        logger.info("ignored in %s, not .h5 files: %s", folder, _short(listing.strays))
    problems = _name_problems(listing) + _number_problems(listing.files, n_expected)
    vectors, bad = _stack(listing.files, dataset, n_columns, keep=not problems)
    problems += bad.lines()
    if problems:
        raise EmbeddingMismatchError(_unusable(folder, problems))
    return vectors


def _stack(
    files: Mapping[int, Path], dataset: str, n_columns: int | None, keep: bool
) -> tuple[VectorArray, _BadWindows]:
    """Every file's vector, (N, C, D), where `keep`; otherwise the files are only checked."""
    bad = _BadWindows()
    vectors = np.empty((0, n_columns or 1, 0), np.float32)
    first: int | None = None
    for row, (number, path) in enumerate(files.items()):
        with bad.catching(number, path):
            vector = _read_window(path, dataset, n_columns)
            if first is None:
                first = number
                vectors = np.empty((len(files) if keep else 1, *vector.shape), np.float32)
            if vector.shape != vectors.shape[1:]:
                raise _BadWindow(
                    f"not of the shape {vectors.shape[1:]} of window {first}", f"shape {vector.shape}"
                )
            vectors[row if keep else 0] = vector
    return vectors, bad


def _read_window(path: Path, dataset: str, n_columns: int | None) -> VectorArray:
    """One file's vector, (C, D) float32."""
    import h5py

    with h5py.File(path, "r") as file:
        node = _numeric_dataset(file, dataset)
        shape = _columns_and_size(node.shape, n_columns)
        vector = _as_float32(node[()]).reshape(shape)
    n_bad = vector.size - int(np.isfinite(vector).sum())
    if n_bad:
        raise _BadWindow("values that are not finite", f"{n_bad} of {vector.size} values")
    return vector


def _numeric_dataset(group: h5py.Group, name: str) -> h5py.Dataset:
    import h5py

    node = group.get(name)
    if node is None:
        raise _BadWindow(
            f"no dataset {name!r}", f"which holds {_short(_dataset_names(group)) or 'no dataset'}"
        )
    if not isinstance(node, h5py.Dataset):
        raise _BadWindow(
            f"{name!r} is not a dataset", f"which holds {_short(_dataset_names(node)) or 'none'}"
        )
    if node.dtype.kind not in "fiu" or not node.size:
        raise _BadWindow(f"{name!r} holds no numbers", f"dtype {node.dtype}, shape {node.shape}")
    return node


def _dataset_names(node: h5py.Group | h5py.Datatype) -> list[str]:
    import h5py

    names: list[str] = []
    if isinstance(node, h5py.Group):
        node.visititems(lambda name, node: names.append(name) if isinstance(node, h5py.Dataset) else None)
    return names


def _as_float32(values: NDArray[Any]) -> VectorArray:
    with np.errstate(over="ignore"):  # a float64 too large becomes inf, which is reported as not finite
        return values.astype(np.float32)


def _columns_and_size(shape: Sequence[int], n_columns: int | None) -> tuple[int, int]:
    """One window's stored shape read as (C, D).

    Axes of length 1 are dropped; (D,) is univariate, or one pooled vector for all columns, and becomes
    (1, D); axes after the columns, such as patches, are laid end to end. C must be 1 or `n_columns`.
    """
    axes = [size for size in shape if size != 1]
    if math.prod(axes) > _MAX_VECTOR:
        raise _BadWindow("too large", f"shape {tuple(shape)}, more than {_MAX_VECTOR} values per window")
    if len(axes) < 2:
        # (C, 1) is the one case where the lone axis is the columns: one number for each
        one_each = len(shape) > 1 and shape[-1] == 1 and axes == [n_columns]
        return (axes[0], 1) if one_each else (1, math.prod(axes))
    if n_columns is not None and axes[0] != n_columns:
        hint = "; it looks transposed" if axes[-1] == n_columns else ""
        raise _BadWindow(
            f"not embeddings of {n_columns} columns", f"{axes[0]} columns in its shape {tuple(shape)}{hint}"
        )
    return axes[0], math.prod(axes[1:])


# --- what is wrong, in words -----------------------------------------------------------------------------


def _name_problems(listing: _Listing) -> list[str]:
    problems = []
    if listing.repeated:
        problems.append(f"a second file for the same window: {_short(listing.repeated)}")
    if listing.unnumbered:
        problems.append(f".h5 files not named by a window number: {_short(listing.unnumbered)}")
    return problems


def _number_problems(files: Mapping[int, Path], n_expected: int | None) -> list[str]:
    if not files:
        return [] if n_expected == 0 else ["no file {i}.h5"]
    n_windows = max(files) + 1 if n_expected is None else n_expected
    problems = [_count_problem(len(files), n_expected)] if n_expected not in (None, len(files)) else []
    extra = [number for number in files if number >= n_windows]
    n_missing = n_windows - (len(files) - len(extra))
    if n_missing:
        # from a generator: one file called 999999999999.h5 must not make a list of all the others
        first = list(islice((number for number in range(n_windows) if number not in files), _SHOWN))
        problems.append(f"no file for window {_short(first, n_missing)}")
    if extra:
        problems.append(f"files for windows after the last, {n_windows - 1}: window {_short(extra)}")
    if n_missing and 0 not in files:
        problems.append(f"numbering starts at {min(files)}, TimeKD's starts at 0 in each split")
    return problems


def _count_problem(found: int, expected: int | None) -> str:
    return (
        f"{found} embeddings, but the split cuts into {expected} windows "
        "(n = rows - seq_len - pred_len + 1); likely causes: another pred_len or seq_len, another split plan "
        "(ett-hour, ett-minute, custom), or another table"
    )


def _unusable(where: Path | str, problems: Iterable[str]) -> str:
    listed = "".join(f"\n- {problem}" for problem in problems)
    return (
        f"{where} cannot be paired with the windows of the table:{listed}\n"
        "Use the settings the embeddings were written with, or write damaged files again; `latentfill "
        "inspect` shows what they contain."
    )


def _check_split(split: str, splits: Mapping[str, int], where: Path) -> None:
    if split in splits:
        return
    hint = " TimeKD's published storage script writes train and val only." if split == "test" else ""
    raise InputError(f"{where} holds no split {split!r}; it holds {_counts(splits)}.{hint}")


def _counts(splits: Mapping[str, int]) -> str:
    return ", ".join(f"{split}: {count}" for split, count in splits.items())


def _short(items: Sequence[object], count: int | None = None) -> str:
    """The first few items and, where there are more, the count of all."""
    count = len(items) if count is None else count
    shown = ", ".join(str(item) for item in items[:_SHOWN])
    return f"{shown} ... ({count} in all)" if count > _SHOWN else shown


# --- all windows in one file -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingFile:
    """One .h5 file with one dataset (N, C, D) per split, or one for all windows."""

    path: Path
    nodes: Mapping[str, str]  # split -> name of its dataset in the file
    splits: Mapping[str, int]  # split -> number of windows
    dataset: str = DATASET

    @property
    def layout(self) -> str:
        return "one-file"

    def read(self, split: str, n_expected: int | None = None, n_columns: int | None = None) -> VectorArray:
        """All vectors of a split, (N, C, D) float32; every problem is told at once."""
        _check_split(split, self.splits, self.path)
        vectors, problems = self._checked(split, n_expected, n_columns)
        if problems:
            raise EmbeddingMismatchError(_unusable(f"{self.path}, {self.nodes[split]},", problems))
        return vectors

    def describe(self) -> dict[str, object]:
        """What the file holds, from a sample of its windows, in plain JSON values."""
        splits = {split: self._describe_split(split) for split in self.splits}
        return _description(self, _without_csv(self.path.stem), None, splits)

    def _checked(
        self, split: str, n_expected: int | None, n_columns: int | None
    ) -> tuple[VectorArray, list[str]]:
        import h5py

        vectors = np.empty((0, 1, 0), np.float32)
        count = self.splits[split]
        problems = [_count_problem(count, n_expected)] if n_expected not in (None, count) else []
        try:
            with h5py.File(self.path, "r") as file:
                node = _numeric_dataset(file, self.nodes[split])
                shape = _columns_and_size(node.shape[1:], n_columns)
                vectors = _as_float32(node[()]).reshape(count, *shape)
        except _BadWindow as bad:
            problems.append(f"{bad.kind}: {bad.detail}")
        except _HDF5_FAILURES as error:
            problems.append(f"cannot be read: {error}")
        not_finite = np.flatnonzero(~np.isfinite(vectors).all(axis=(1, 2)))
        if len(not_finite):
            problems.append(f"values that are not finite: window {_short(not_finite.tolist())}")
        return vectors, problems

    def _describe_split(self, split: str) -> dict[str, object]:
        count = self.splits[split]
        summary = _summary(
            range(count),
            lambda number: _read_raw(self.path, self.nodes[split], number),
            lambda number: self.path,
        )
        return {"count": count, "n_missing": 0, "missing": [], **summary}


def _open_file(path: Path, dataset: str) -> EmbeddingFile:
    import h5py

    _refuse_one_window(path)
    try:
        with h5py.File(path, "r") as file:
            nodes = _split_nodes(file, dataset)
            counts = {split: int(file[node].shape[0]) for split, node in nodes.items()}
            names = _dataset_names(file)
    except _HDF5_FAILURES as error:
        raise InputError(f"{path} cannot be read as HDF5: {error}") from error
    if not nodes:
        raise InputError(
            f"{path} holds no dataset {dataset!r} of shape (windows, columns, size), at the top or in train, "
            f"val or test; it holds {_short(names) or 'no dataset'}. Name the dataset to read (--dataset)."
        )
    return EmbeddingFile(path=path, nodes=nodes, splits=counts, dataset=dataset)


def _refuse_one_window(path: Path) -> None:
    # 0.h5 of a TimeKD folder is (C, D); read as a bank it would be C univariate windows
    if _window_number(path.name) is not None and len(_list_windows(path.parent).files) > 1:
        raise InputError(f"{path} is the file of one window. Give its folder, {path.parent}.")


def _split_nodes(file: h5py.File, dataset: str) -> dict[str, str]:
    """Split -> name of the dataset that holds its windows."""
    places = {split: (split, f"{split}/{dataset}") for split in SPLITS} | {WHOLE: (dataset,)}
    return {split: node for split, names in places.items() for node in names if _is_bank(file.get(node))}


def _is_bank(node: object) -> bool:
    import h5py

    return isinstance(node, h5py.Dataset) and len(cast(tuple[int, ...], node.shape or ())) > 1


# --- describe --------------------------------------------------------------------------------------------


def _describe_windows(folder: Path, dataset: str) -> dict[str, object]:
    listing = _list_windows(folder)
    files = listing.files
    count = max(files, default=-1) + 1
    summary = _summary(list(files), lambda number: _read_raw(files[number], dataset), files.__getitem__)
    summary["problems"] = _name_problems(listing) + cast(list[str], summary["problems"])
    return {
        "count": len(files),
        "n_missing": count - len(files),
        "missing": list(islice((number for number in range(count) if number not in files), _SHOWN)),
        **summary,
    }


def _read_raw(path: Path, dataset: str, number: int | None = None) -> NDArray[Any]:
    """One window as it is stored: the whole dataset, or its row `number`."""
    import h5py

    with h5py.File(path, "r") as file:
        node = _numeric_dataset(file, dataset)
        _columns_and_size(node.shape if number is None else node.shape[1:], None)  # refuses absurd sizes
        return np.asarray(node[() if number is None else number])


def _summary(
    numbers: Sequence[int], read_one: Callable[[int], NDArray[Any]], where: Callable[[int], Path]
) -> dict[str, object]:
    """Shapes, types and lengths of a sample of the windows, and what is wrong with them."""
    sample: list[NDArray[Any]] = []
    bad = _BadWindows()
    for number in _sampled(numbers):
        with bad.catching(number, where(number)):
            sample.append(read_one(number))
    return {
        "shapes": [list(shape) for shape in sorted({array.shape for array in sample})],
        "dtype": ", ".join(sorted({str(array.dtype) for array in sample})),
        "problems": bad.lines(),
        **_statistics(sample),
    }


def _sampled(numbers: Sequence[int]) -> list[int]:
    if not numbers:
        return []
    places = np.linspace(0, len(numbers) - 1, min(_SAMPLE, len(numbers))).round().astype(int)
    return [numbers[place] for place in places]


def _statistics(sample: Sequence[NDArray[Any]]) -> dict[str, object]:
    """Length of the sampled vectors, one per column and window, and how many values are not finite."""
    norms = [_norms(array) for array in sample]
    lengths = np.concatenate(norms) if norms else np.empty(0)
    lengths = lengths[np.isfinite(lengths)]
    spread = {"min": lengths.min(), "mean": lengths.mean(), "max": lengths.max()} if len(lengths) else {}
    return {
        "n_sampled": len(sample),
        "n_not_finite": sum(int((~np.isfinite(array)).sum()) for array in sample),
        "norm": {key: float(value) for key, value in spread.items()},
    }


def _norms(array: NDArray[Any]) -> NDArray[np.float64]:
    vectors = array.astype(np.float64).reshape(_columns_and_size(array.shape, None))
    return cast(NDArray[np.float64], np.sqrt((vectors**2).sum(axis=1)))


def _description(
    stored: EmbeddingFolder | EmbeddingFile,
    name: str,
    pred_len: int | None,
    splits: dict[str, dict[str, object]],
) -> dict[str, object]:
    return {
        "path": str(stored.path),
        "layout": stored.layout,
        "dataset": stored.dataset,
        "name": name,
        "pred_len": pred_len,
        "splits": splits,
    }

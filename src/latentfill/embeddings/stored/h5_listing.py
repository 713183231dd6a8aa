"""Lists the files of a folder of windows by window number, and the problems with their names."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from latentfill.embeddings.stored.h5_names import window_number
from latentfill.embeddings.stored.problems import SHOWN, count_problems, short


@dataclass(frozen=True, slots=True)
class WindowFiles:
    """The files of one folder, sorted by their kind of name."""

    files: Mapping[int, Path]  # window number -> file, in numeric order
    repeated: list[str]  # a second file for a number, such as 07.h5 beside 7.h5
    unnumbered: list[str]  # .h5 files that are not named by a number
    others: list[str]  # everything else, ignored
    outside: list[str]  # links to files outside of the folder, and what is no file; not read

    @property
    def name_problems(self) -> list[str]:
        """A line for each kind of file name from which the window is not clear."""
        problems = []
        if self.repeated:
            problems.append(f"a second file for the same window: {short(self.repeated)}")
        if self.unnumbered:
            problems.append(f".h5 files not named by a window number: {short(self.unnumbered)}")
        if self.outside:
            problems.append(
                f"links to files outside of the folder, or no files at all: {short(self.outside)}; copy the folder "
                "with the files themselves (cp -rL) to read them"
            )
        return problems

    def number_problems(self, n_expected: int | None) -> list[str]:
        """A line for each problem with the window numbers, which must be 0 to `n_expected` - 1."""
        if not self.files:
            return [] if n_expected == 0 else ["no file {i}.h5"]
        n_windows = max(self.files) + 1 if n_expected is None else n_expected
        # missing files before the last one explain the number of files, so there is no need to doubt the settings
        problems = [] if max(self.files) + 1 == n_expected else count_problems(len(self.files), n_expected)
        extra = [number for number in self.files if number >= n_windows]
        n_missing = n_windows - (len(self.files) - len(extra))
        if n_missing:
            problems.append(f"no file for window {short(self.first_missing(n_windows), n_missing)}")
        if extra:
            problems.append(f"files for windows after the last, {n_windows - 1}: window {short(extra)}")
        if n_missing and 0 not in self.files:
            problems.append(f"numbering starts at {min(self.files)}, TimeKD's starts at 0 in each split")
        return problems

    def first_missing(self, n_windows: int) -> list[int]:
        """The first few windows, counted from 0, that have no file."""
        # a generator, as with a file called 999999999999.h5 a list of all numbers would be too large
        return list(islice((number for number in range(n_windows) if number not in self.files), SHOWN))


def list_windows(folder: Path) -> WindowFiles:
    """The files of a folder, by name, without opening them."""
    files: dict[int, Path] = {}
    repeated: list[str] = []
    unnumbered: list[str] = []
    others: list[str] = []
    outside: list[str] = []
    with os.scandir(folder) as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        name, number = entry.name, window_number(entry.name)
        if number is None:
            is_hdf5 = name.endswith(".h5") and not name.startswith(".")  # macOS leaves ._0.h5 beside 0.h5
            (unnumbered if is_hdf5 else others).append(name)
        elif not _is_own_file(entry, folder):
            outside.append(name)
        elif number in files:
            repeated.append(name)
        else:
            files[number] = folder / name
    return WindowFiles(dict(sorted(files.items())), repeated, unnumbered, others, outside)


def _is_own_file(entry: os.DirEntry[str], folder: Path) -> bool:
    """Whether an entry is a file in the folder, or a link to one there; the folder itself may be a link."""
    if not entry.is_symlink():
        return entry.is_file()
    target = os.path.realpath(entry)
    return os.path.isfile(target) and Path(target).is_relative_to(os.path.realpath(folder))


def holds_windows(folder: Path) -> bool:
    """Whether a folder can be read and holds a file `{i}.h5`."""
    try:
        with os.scandir(folder) as entries:
            return any(window_number(entry.name) is not None for entry in entries)
    except OSError:
        return False

"""The names that TimeKD's layout gives to splits, datasets and the files of windows."""

from __future__ import annotations

SPLITS = ("train", "val", "test")
WHOLE = "all"  # the split of windows that lie in no split
DATASET = "embeddings"  # the dataset that TimeKD's storage script writes


def window_number(file_name: str) -> int | None:
    """7 for "7.h5", None for any other kind of name."""
    stem, dot, suffix = file_name.rpartition(".")
    is_number = dot and suffix == "h5" and stem.isascii() and stem.isdecimal()
    return int(stem) if is_number else None


def without_csv(name: str) -> str:
    """The name of a data set, whose folder may be named after its file."""
    return name.removesuffix(".csv")

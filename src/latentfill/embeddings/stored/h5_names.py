"""The names that TimeKD's layout gives to splits, datasets and the files of windows."""

from __future__ import annotations

SPLITS = ("train", "val", "test")
WHOLE = "all"  # the name of the only split, if there is no split plan
DATASET = "embeddings"  # the dataset that TimeKD's storage script writes


def window_number(file_name: str) -> int | None:
    """The number in a file name such as 7.h5; None for other names."""
    stem, dot, suffix = file_name.rpartition(".")
    is_number = dot and suffix == "h5" and stem.isascii() and stem.isdecimal()
    return int(stem) if is_number else None


def without_csv(name: str) -> str:
    """The name of a data set without .csv, as its folder may have the name of its file."""
    return name.removesuffix(".csv")

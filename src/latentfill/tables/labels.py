"""Columns of words or of true and false as numbers of their labels, so that they can be filled."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

import numpy as np

from latentfill.core.series import FloatArray, Series
from latentfill.tables.backends.column import Column
from latentfill.tables.backends.numbers import MARKERS

MOST_LABELS = 50
FEWEST_PER_LABEL = 5  # cells, on average: names and comments differ nearly everywhere
PAIRS = ({"true", "false"}, {"t", "f"}, {"yes", "no"}, {"y", "n"}, {"on", "off"})


@dataclass(frozen=True, slots=True, eq=False)
class Labelled:
    """A column of labels: each cell is one of K texts."""

    values: FloatArray  # (rows,) number of the label of each cell, NaN where missing
    labels: tuple[str, ...]  # K, in the order of the alphabet


def read_labels(column: Column, markers: Collection[str], *, is_named: bool) -> Labelled | None:
    """The labels of a column; None if it has no texts, or too many different ones, unless the user named it.

    Blanks, common markers of missing values, and the user's `markers` are missing cells.
    """
    if column.texts is None:
        return None
    texts = np.array(column.labels(), dtype=object)
    missing = np.array([text.lower() in MARKERS or text in markers for text in texts.tolist()], dtype=bool)
    labels, number = np.unique(texts[~missing].astype(str), return_inverse=True)
    suits = 2 <= len(labels) <= MOST_LABELS and len(number) >= FEWEST_PER_LABEL * len(labels)
    if not len(labels) or not (suits or is_named):
        return None
    values = np.full(len(texts), np.nan)
    values[~missing] = number
    return Labelled(values, tuple(labels.tolist()))


def is_boolean(labels: Collection[str]) -> bool:
    """Whether labels are the words for true and false."""
    return {label.lower() for label in labels} in PAIRS


def with_known_labels(series: Series, known: Mapping[str, tuple[str, ...]]) -> Series:
    """The series with its labels numbered as those that a model knows; labels that it does not know follow."""
    if not known:
        return series
    values, labels = series.values.copy(), dict(series.labels)
    for c, name in enumerate(series.columns):
        if name in known and name in labels:
            own = labels[name]
            labels[name] = tuple(dict.fromkeys((*known[name], *own)))
            number = np.array([labels[name].index(label) for label in own], dtype=float)
            cells = ~np.isnan(values[:, c])
            values[cells, c] = number[values[cells, c].astype(np.int64)]
    return replace(series, values=values, labels=labels)

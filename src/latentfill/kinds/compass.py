"""Directions in words, such as N, NNE and NE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.kinds.classes import Classes
from latentfill.kinds.kind import StepTimes

POINTS = ("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW")
ANGLE = {point: 360.0 * number / len(POINTS) for number, point in enumerate(POINTS)}  # degrees, clockwise from north
WORDS = {"NORTH": "N", "EAST": "E", "SOUTH": "S", "WEST": "W"}
FEWEST_POINTS = 3
MOST_CERTAIN = 0.98  # length of a mean of unit vectors; longer ones are shortened, so that probabilities are finite


def angles_of(labels: Sequence[str]) -> tuple[float, ...] | None:
    """The angles in degrees of labels that are all points of the compass; None for other labels.

    An O is east beside a W, as in German, and west beside an E, as in Spanish, French and Portuguese.
    """
    points = [_point(label) for label in labels]
    letters = set("".join(points))
    if "O" in letters and len(letters & {"E", "W"}) == 1:
        points = [point.replace("O", "W" if "E" in letters else "E") for point in points]
    is_compass = len(set(points)) >= FEWEST_POINTS and all(point in ANGLE for point in points)
    return tuple(ANGLE[point] for point in points) if is_compass else None


def _point(label: str) -> str:
    point = label.upper()
    for word, letter in WORDS.items():
        point = point.replace(word, letter)
    return "".join(letter for letter in point if letter.isalpha())


@dataclass(frozen=True, slots=True)
class Compass(Classes):
    """Points of the compass, worked on as sine and cosine, so that neighbouring points are alike.

    The probabilities of the points are those of a von Mises distribution with the estimated mean vector, sharpened or
    softened as those of other classes are.
    """

    width: ClassVar[int] = 2

    angles: tuple[float, ...] = ()  # degrees, of each of `values`

    @classmethod
    def of_labels(cls, values: FloatArray, angles: Sequence[float]) -> Self:
        """The kind of a column (T,) of label numbers, NaN where missing, given the angle of each label."""
        found, counts = np.unique(values[~np.isnan(values)], return_counts=True)
        of_found = tuple(angles[int(number)] for number in found)
        return cls("compass", tuple(found.tolist()), n_readings=int(counts.sum()), angles=of_found)

    def encode(self, values: FloatArray, times: StepTimes) -> FloatArray:
        place = np.searchsorted(self.values, np.nan_to_num(values)).clip(max=max(0, len(self.values) - 1))
        is_known = ~np.isnan(values) & (np.array([*self.values, np.nan])[place] == values)
        return np.where(is_known[:, None], np.take(self._vectors, place, axis=0, mode="clip"), np.nan)

    def error_scale(self, scale: FloatArray) -> float:
        return 1.0

    @property
    def _vectors(self) -> FloatArray:
        """Sine and cosine of each class, (K, 2); one row of NaN without any."""
        radians = np.deg2rad(self.angles or (np.nan,))
        return np.stack([np.sin(radians), np.cos(radians)], axis=1)

    def _full(self, working: FloatArray) -> FloatArray:
        """Probabilities (M, K); the concentration follows from the length of the vector (Banerjee et al. 2005)."""
        length = np.hypot(*working.T)
        certain = np.clip(length, 1e-9, MOST_CERTAIN)
        concentration = certain * (2 - certain**2) / (1 - certain**2)
        scores = (concentration / np.maximum(length, 1e-9))[:, None] * (working @ self._vectors.T)
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True))

"""Directions in words."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import latentfill
from latentfill.kinds.compass import POINTS, Compass, angles_of
from latentfill.kinds.kind import StepTimes


@pytest.mark.parametrize(
    ("labels", "angles"),
    [
        (("E", "N", "NNE", "W"), (90, 0, 22.5, 270)),
        (("north", "north-east", "South West"), (0, 45, 225)),
        (("N", "NO", "SW", "W"), (0, 45, 225, 270)),  # German: O is east
        (("E", "N", "NO", "SO"), (90, 0, 315, 225)),  # Spanish: O is west
        (("N", "NO", "O"), None),  # either
        (("N", "S"), None),
        (("NE", "NW", "SE", "cv"), None),
        (("open", "shut", "ajar"), None),
    ],
)
def test_points_of_the_compass_are_known_in_several_languages(
    labels: tuple[str, ...], angles: tuple[float, ...] | None
):
    assert angles_of(labels) == angles


def test_neighbouring_points_are_alike():
    kind = Compass.of_labels(np.arange(16.0), angles_of(POINTS))
    steps = np.arange(16.0)
    encoded = kind.encode(steps, StepTimes(steps, steps))

    np.testing.assert_allclose(np.hypot(*encoded.T), 1)
    between = kind._full((encoded[[0]] + encoded[[2]]) / 2)
    assert POINTS[int(between.argmax())] == "NNE", "between N and NE"
    unsure = kind._full(0.01 * encoded[[4]])
    assert unsure.max() < 0.08


def test_a_column_of_points_is_filled_on_the_circle():
    rng = np.random.default_rng(0)
    angle = np.cumsum(rng.normal(0, 8, 1500))  # turns slowly, through north too
    truth = np.array(POINTS)[np.round(angle / 22.5).astype(int) % 16]
    frame = pd.DataFrame({"wind": truth, "x": rng.normal(size=1500)})
    missing = rng.random(1500) < 0.2
    frame.loc[missing, "wind"] = None

    filled = latentfill.impute(frame, fill_text=True, effort="quick")["wind"].to_numpy()

    number = {point: n for n, point in enumerate(POINTS)}
    off = np.array(
        [abs((number[a] - number[b] + 8) % 16 - 8) for a, b in zip(filled[missing], truth[missing], strict=True)]
    )
    assert (filled[~missing] == truth[~missing]).all()
    assert off.max() <= 3
    assert np.mean(off == 0) > 0.6

"""Level shifts: a stretch of readings that jumps away and back, while the other columns do not."""

from __future__ import annotations

import numpy as np

from latentfill.core.series import FloatArray, IntArray
from latentfill.imputation.doubt.neighbours import are_explained, spread, unexplained
from latentfill.imputation.doubt.tails import expected_of_all, probability_wrong

SHORTEST = 4  # steps
LONGEST = 200
LARGEST_SHARE = 0.1  # of the series
UNEQUAL = 0.4  # share of the jump by which the way back may differ
BESIDE = 12  # steps on each side with which a stretch is compared
LEAST_APART = 0.6  # of the jump, by which its level must differ
ALIKE = 0.2  # share by which the jumps of events that come again differ
MOST_SHIFTS = 6  # in a column: where there are more, it goes up and down by nature, as loads do
LEAST_JUMP = 8.0  # spreads of the differences between neighbouring readings


def find_shifts(values: FloatArray) -> FloatArray:
    """The probability (T, C) that a reading belongs to a shifted stretch."""
    probability = np.zeros(values.shape)
    steps = np.diff(values, axis=0, prepend=np.nan)
    apart = unexplained(steps)
    expected_jumps = np.where(are_explained(steps, apart), np.inf, expected_of_all(np.abs(steps), np.abs(apart)))
    for c, expected in enumerate(expected_jumps.T):
        size = np.abs(steps[:, c]) / spread(steps[:, c : c + 1])[0]
        jumps = np.flatnonzero((expected < 1) & (size > LEAST_JUMP))
        unlike = _unlike_others(_pairs(jumps, steps[:, c]), steps[:, c])
        stretches = [each for each in unlike if _is_apart(values[:, c], *each)]
        for start, stop in stretches if len(stretches) <= MOST_SHIFTS else ():
            both = float(probability_wrong(np.array(expected[start] * expected[stop])))
            probability[start:stop, c] = np.maximum(probability[start:stop, c], both)
    return np.where(np.isnan(values), 0.0, probability)


def _unlike_others(stretches: list[tuple[int, int]], steps: FloatArray) -> list[tuple[int, int]]:
    """Stretches whose jump is unlike that of any other: what comes again, as holidays do, is no fault."""
    jumps = np.array([(steps[start] - steps[stop]) / 2 for start, stop in stretches])
    alike = np.abs(jumps[:, None] - jumps) <= ALIKE * np.abs(jumps)
    return [stretch for stretch, n in zip(stretches, alike.sum(axis=0).tolist(), strict=True) if n == 1]


def _is_apart(column: FloatArray, start: int, stop: int) -> bool:
    """Whether a stretch lies apart from the readings on both sides of it, which agree with each other."""
    before, after = column[max(0, start - BESIDE) : start], column[stop : stop + BESIDE]
    if np.isnan(before).all() or np.isnan(after).all():
        return False
    level, left, right = (float(np.nanmedian(part)) for part in (column[start:stop], before, after))
    jump = abs(column[start] - column[start - 1])
    outside = (left + right) / 2
    return abs(level - outside) >= LEAST_APART * jump and abs(left - right) <= UNEQUAL * abs(level - outside)


def _pairs(jumps: IntArray, steps: FloatArray) -> list[tuple[int, int]]:
    """Jumps and the next one back, as first and stop step of the stretch between them."""
    longest = min(LONGEST, int(LARGEST_SHARE * len(steps)))
    found, last = [], -1
    for start, stop in zip(jumps[:-1].tolist(), jumps[1:].tolist(), strict=True):
        is_back = abs(steps[start] + steps[stop]) <= UNEQUAL * abs(steps[start])
        if start >= last and is_back and SHORTEST <= stop - start <= longest:
            found.append((start, stop))
            last = stop
    return found

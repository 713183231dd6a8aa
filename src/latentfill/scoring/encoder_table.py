"""Encoders side by side: what each adds over the observed cells alone, and what it costs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.scoring.scores import ALL, Difference, Key, Mean, Score, differences, over_seeds

NONE = "none"  # the encoder that tells nothing: decoders see the observed cells alone
BUILTIN = "builtin"  # the one that is trained on the file itself
HEADINGS = (
    "encoder",
    "strategy",
    "MSE",
    "ratio to none",
    "ratio to linear",
    "ms per window",
    "size per window",
    "verdict",
)


@dataclass(frozen=True, slots=True)
class EncoderRow:
    """A strategy on an encoder, at one pattern and rate, all cells together."""

    encoder: str
    strategy: str
    mse: Mean | None  # None where cells were left empty
    ratio_to_none: Mean | None  # squared error over that from the observed cells alone; None if that cannot be
    ratio_to_linear: Mean | None
    window_seconds: float | None  # to embed a window
    window_bytes: int | None  # of its vectors on disk
    verdict: str  # whether the encoder adds anything

    @property
    def texts(self) -> tuple[str, ...]:
        """The row as a table shows it under `HEADINGS`."""
        errors = (_mean(self.mse, 4), _mean(self.ratio_to_none, 3), _mean(self.ratio_to_linear, 3))
        seconds = "" if self.window_seconds is None else f"{1000 * self.window_seconds:.3g}"
        return (self.encoder, self.strategy, *errors, seconds, _size(self.window_bytes), self.verdict)


def encoder_rows(scores: Sequence[Score]) -> list[EncoderRow]:
    """A row for each encoder and strategy that works on one, of scores of one pattern and rate, in their order."""
    overall = [score for score in scores if score.encoder is not None and score.column == ALL and score.gap == ALL]
    alone = [score for score in overall if score.encoder == NONE]
    rows = []
    for key, metrics in over_seeds(overall).items():
        of_key = [score for score in overall if (score.strategy, score.encoder) == (key.strategy, key.encoder)]
        seconds = [score.window_seconds for score in of_key if score.window_seconds is not None]
        rows.append(
            EncoderRow(
                encoder=key.encoder,
                strategy=key.strategy,
                mse=metrics.get("mse"),
                ratio_to_none=metrics.get("ratio_to_none"),
                ratio_to_linear=metrics.get("ratio_to_linear"),
                window_seconds=float(np.mean(seconds)) if seconds else None,
                window_bytes=of_key[0].window_bytes,
                verdict="" if key.encoder == NONE else _verdict(_added(key, alone, of_key)),
            )
        )
    return rows


def _added(key: Key, alone: Sequence[Score], scores: Sequence[Score]) -> Difference | None:
    """How an encoder's scores differ from those without one, seed by seed."""
    found = differences([replace(score, encoder=key.encoder) for score in alone], scores)
    return found[0] if found else None


def _verdict(added: Difference | None) -> str:
    if added is None:
        return "needs an encoder"
    if math.isnan(added.change):
        return "leaves cells empty"
    if added.noise is None:
        return "one seed: noise unknown"
    if not added.beyond_noise:
        return "adds nothing beyond noise"
    word = "less" if added.change < 0 else "more"
    return f"{100 * abs(added.change) / added.before:.1f} % {word} error"


def _mean(mean: Mean | None, digits: int) -> str:
    if mean is None:
        return ""
    return f"{mean.mean:.{digits}f}" + (f" ± {mean.spread:.{digits}f}" if mean.seeds > 1 else "")


def _size(count: int | None) -> str:
    if count is None:
        return ""
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB"

"""A table that compares encoders: how much each reduces the error, and what it costs per window."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentfill.scoring.differences import Difference, differences
from latentfill.scoring.scores import Key, Mean, Score, of_all_cells, over_seeds

NONE = "none"  # name of the encoder that gives only zeros, so that decoders see the observed cells alone
BUILTIN = "builtin"  # name of the encoder that is trained on the table itself
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
    """Errors and costs of one strategy on one encoder, over all hidden cells of one pattern and rate."""

    encoder: str
    strategy: str
    mse: Mean | None  # None where cells were left empty
    ratio_to_none: Mean | None  # MSE over the MSE on `NONE`; None if the strategy needs an encoder
    ratio_to_linear: Mean | None
    window_seconds: float | None  # time to embed one window
    window_bytes: int | None  # size of one window's embedding on disk
    verdict: str  # whether the encoder reduces the error

    @property
    def texts(self) -> tuple[str, ...]:
        """The cells of the row, in the order of `HEADINGS`."""
        metrics = ((self.mse, 4), (self.ratio_to_none, 3), (self.ratio_to_linear, 3))
        errors = (mean.text(digits) if mean else "" for mean, digits in metrics)
        milliseconds = "" if self.window_seconds is None else f"{1000 * self.window_seconds:.3g}"
        return (self.encoder, self.strategy, *errors, milliseconds, _size(self.window_bytes), self.verdict)


def encoder_rows(scores: Sequence[Score]) -> list[EncoderRow]:
    """A row for each encoder and each strategy that uses it, from the scores of one pattern and rate."""
    with_encoder = [score for score in of_all_cells(scores) if score.encoder is not None]
    on_none = [score for score in with_encoder if score.encoder == NONE]
    rows = []
    for key, metrics in over_seeds(with_encoder).items():
        key_scores = [score for score in with_encoder if (score.strategy, score.encoder) == (key.strategy, key.encoder)]
        seconds = [score.window_seconds for score in key_scores if score.window_seconds is not None]
        rows.append(
            EncoderRow(
                encoder=key.encoder,
                strategy=key.strategy,
                mse=metrics.get("mse"),
                ratio_to_none=metrics.get("ratio_to_none"),
                ratio_to_linear=metrics.get("ratio_to_linear"),
                window_seconds=float(np.mean(seconds)) if seconds else None,
                window_bytes=key_scores[0].window_bytes,
                verdict="" if key.encoder == NONE else _verdict(_difference(key, on_none, key_scores)),
            )
        )
    return rows


def _difference(key: Key, on_none: Sequence[Score], scores: Sequence[Score]) -> Difference | None:
    """The change of the error from encoder `NONE` to this encoder; None if no seed has scores of both."""
    changes = differences([replace(score, encoder=key.encoder) for score in on_none], scores)
    return changes[0] if changes else None


def _verdict(difference: Difference | None) -> str:
    """Whether the encoder reduces the error, in words."""
    if difference is None:
        return "needs an encoder"
    if math.isnan(difference.change):
        return "leaves cells empty"
    if difference.noise is None:
        return "one seed: noise unknown"
    if not difference.beyond_noise:
        return "adds nothing beyond noise"
    direction = "less" if difference.change < 0 else "more"
    return f"{100 * abs(difference.change) / difference.before:.1f} % {direction} error"


def _size(count: int | None) -> str:
    """A number of bytes as text, such as `1.5 kB`; empty for None."""
    if count is None:
        return ""
    return f"{count} B" if count < 1000 else f"{count / 1000:.1f} kB"

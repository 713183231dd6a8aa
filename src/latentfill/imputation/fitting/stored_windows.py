"""The windows that stored embeddings were made from."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from latentfill.core.config import Config
from latentfill.core.series import IntArray
from latentfill.embeddings.protocols.record import Embeddings
from latentfill.windows.windows import window_starts


def config_for_stored(config: Config) -> Config:
    """The settings, with the window length of the stored embeddings."""
    length = config.stored.plan.seq_len
    return config.replace(length=length, stride=min(config.windows.stride, length))


def config_elsewhere(config: Config, splits: Collection[str]) -> Config:
    """The settings for the rows that the stored embeddings of the `splits` do not cover, if there are any splits."""
    if not splits or config.stored.elsewhere == "model":
        return config
    return config.replace(strategy="linear", candidates=())


def blend_starts(embeddings: Embeddings, stride: int) -> IntArray:
    """Starts of the stored windows whose estimates are blended: about `stride` apart, and always the last."""
    spacing = int(np.diff(embeddings.starts[:2]).sum()) or 1
    return embeddings.starts[window_starts(len(embeddings.starts), 1, max(1, stride // spacing))]

"""Stored embeddings as an encoder: looks up vectors by the first row of a window."""

from __future__ import annotations

import numpy as np

from latentfill.core.errors import EmbeddingMismatchError
from latentfill.core.series import IntArray
from latentfill.core.window_plan import WindowPlan
from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape
from latentfill.embeddings.protocols.record import Embeddings, VectorArray
from latentfill.windows.windows import Windows

MEAN_OF = 1024  # vectors, at least, of which the mean is taken
AT_ONCE = 1024  # windows that are checked together
LARGEST = 1e15  # absolute value in a vector; squares of larger values overflow single precision


class StoredEncoder:
    """The stored vectors of one split.

    They were made before cells were hidden for training or scoring, so they may depend on these cells.
    """

    def __init__(self, embeddings: Embeddings, device: str, plan: WindowPlan | None = None) -> None:
        """`device`: name of the device that the vectors are put on, as in the settings.

        Without the `plan` of the windows, they are not known to be windows of one series.
        """
        self.embeddings = embeddings
        self.device = device
        self.plan = plan
        _, columns, dim = embeddings.vectors.shape
        steps = 0 if embeddings.steps is None else embeddings.steps.shape[1]
        self.shape = EncoderShape(columns=columns, dim=dim, decodes=False, step_dim=steps, stored=plan is not None)

    def around(self) -> SurroundingEncoder:
        """The encoder of the windows around; the plan must be known."""
        assert self.plan is not None
        return SurroundingEncoder(self, self.plan)

    def encode(self, windows: Windows) -> Encoded:
        """The stored vectors (B, K, D) of windows; raises `EmbeddingMismatchError` for windows without a vector."""
        starts = self.embeddings.starts
        index = np.searchsorted(starts, windows.starts).clip(max=len(starts) - 1)
        unknown = windows.starts[starts[index] != windows.starts]
        if len(unknown):
            raise EmbeddingMismatchError(
                f"{self.embeddings.provenance.source} has no embedding for the windows that start at positions "
                f"{', '.join(map(str, unknown[:5]))} ({len(unknown)} in all)."
            )
        steps = self.embeddings.steps
        of_windows = None if steps is None else steps[windows.starts[:, None] + np.arange(windows.length)]
        return self.encoded(usable_vectors(self.embeddings, index), of_windows)

    def encoded(self, vectors: VectorArray, steps: VectorArray | None = None) -> Encoded:
        """Vectors (B, K, D), and those of steps (B, L, S), on the device."""
        from latentfill.nn.runtime import pick_device
        from latentfill.nn.tensors import tensor

        device = pick_device(self.device)
        return Encoded(z=tensor(vectors, device), steps=None if steps is None else tensor(steps, device))


class SurroundingEncoder:
    """The stored vectors of the nearest windows before and after a window that depend on no cell of it, side by side.

    TimeKD's teacher also reads the `pred_len` rows after a window, so the window before ends as many rows earlier. A
    window without another one on a side gets the mean of all vectors there.
    """

    def __init__(self, stored: StoredEncoder, plan: WindowPlan) -> None:
        self.stored = stored
        self.before, self.after = plan.seq_len + plan.pred_len, plan.seq_len  # least distance of the starts
        self.shape = stored.shape.around
        n_windows = len(stored.embeddings.starts)
        sample = np.arange(0, n_windows, max(1, n_windows // MEAN_OF))
        self.mean = usable_vectors(stored.embeddings, sample).mean(axis=0)

    def encode(self, windows: Windows) -> Encoded:
        """The vectors (B, K, 2 D) around windows of the series."""
        starts = self.stored.embeddings.starts
        before = np.searchsorted(starts, windows.starts - self.before, side="right") - 1
        after = np.searchsorted(starts, windows.starts + self.after)
        return self.stored.encoded(np.concatenate([self._vectors(before), self._vectors(after)], axis=2))

    def _vectors(self, index: IntArray) -> VectorArray:
        """The vectors (B, K, D) at `index`; the mean where it is outside."""
        embeddings = self.stored.embeddings
        known = (index >= 0) & (index < len(embeddings.starts))
        vectors = usable_vectors(embeddings, np.where(known, index, 0))
        return np.where(known[:, None, None], vectors, self.mean)


def check_usable(embeddings: Embeddings) -> None:
    """Raise an `EmbeddingMismatchError` if a vector has values that are not finite or too large to compute with."""
    for first in range(0, len(embeddings.starts), AT_ONCE):
        usable_vectors(embeddings, np.arange(first, min(first + AT_ONCE, len(embeddings.starts))))


def usable_vectors(embeddings: Embeddings, index: IntArray) -> VectorArray:
    """The vectors (n, C, D) at `index`.

    Raises `EmbeddingMismatchError` if a vector has values that are not finite or larger than `LARGEST`.
    """
    vectors = embeddings.vectors[index]
    with np.errstate(invalid="ignore"):
        is_usable = (np.abs(vectors) < LARGEST).all(axis=(1, 2))  # False for values that are not finite
    if not is_usable.all():
        first = embeddings.starts[index][~is_usable][0]
        raise EmbeddingMismatchError(
            f"{embeddings.provenance.source}: the embedding of the window that starts at position {first} holds values "
            f"that are not finite, or beyond {LARGEST:g}. Make the embeddings again; `latentfill inspect` shows their "
            "norms, and counts values that are not finite."
        )
    return vectors

"""One seed, many streams of random numbers: one for each stage that draws."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class SeedStream(IntEnum):
    """The stages that draw random numbers; no two share a stream, so none depends on what another has drawn.

    Initial weights and dropout come from torch's own generator: see `latentfill.nn.runtime.seeded`.
    """

    HOLDOUT = 1  # cells held out of all training
    ENCODER = 2  # batches of the built-in encoder
    DECODER = 3  # batches of the denoising decoder
    CHECKS = 4  # cells hidden in the windows that training stops by
    WEIGHING = 5  # cells hidden to weigh the candidates by
    SAMPLES = 6  # completed tables
    STUDENT = 7  # batches of a distilled student
    SCORING = 8  # cells hidden to score with
    LATENT = 9  # starting points of latent optimisation
    CROSS_ATTENTION = 10  # weights that join the two prompts of the teacher

    def generator(self, seed: int, *more: int) -> np.random.Generator:
        """The stream of this stage under the user's seed; `more` numbers tell parts of a stage apart."""
        return np.random.default_rng([seed, self, *more])

    def torch_seed(self, seed: int) -> int:
        """The same for a `torch.Generator`."""
        return int(np.random.SeedSequence([seed, self]).generate_state(1, np.uint64)[0])

"""Independent streams of random numbers, one for each stage, all from the user's seed."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class SeedStream(IntEnum):
    """Stages that draw random numbers. Each has its own stream, so that one stage's draws never change another's.

    Initial weights and dropout come from torch's own generator: see `latentfill.nn.runtime.seeded`.
    """

    HOLDOUT = 1  # cells held out of all training
    ENCODER = 2  # batches of the built-in encoder
    DECODER = 3  # batches of the denoising decoder
    CHECKS = 4  # cells hidden in the windows for early stopping
    WEIGHING = 5  # cells hidden to find the weights of the candidates
    SAMPLES = 6  # random completed tables
    STUDENT = 7  # batches of a distilled student
    SCORING = 8  # cells hidden for scoring
    LATENT = 9  # starting points of latent optimisation
    CROSS_ATTENTION = 10  # weights that join the teacher's two prompts
    ERROR_FACTORS = 11  # starting point of the factors that errors of many columns share
    STATE_SPACE = 12  # hidden series drawn while autoregressions and factors are learnt
    BOOSTED = 13  # cells that boosted trees are trained on
    MODEL_CHOICE = 14  # cells hidden to choose between one model for many series and a model for each
    INDEX = 15  # vectors that an index on disk is fitted to

    def generator(self, seed: int, *parts: int) -> np.random.Generator:
        """NumPy generator of this stage for the user's seed; each combination of `parts` has a stream of its own."""
        return np.random.default_rng([seed, self, *parts])

    def torch_seed(self, seed: int) -> int:
        """Seed of this stage for a `torch.Generator`."""
        return int(np.random.SeedSequence([seed, self]).generate_state(1, np.uint64)[0])

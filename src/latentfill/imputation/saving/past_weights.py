"""Everything that a model of the past has learnt, as arrays by name."""

from __future__ import annotations

import numpy as np

from latentfill.imputation.causal.model import PastModel
from latentfill.imputation.saving.model_weights import Arrays, digest_of


def past_arrays(model: PastModel) -> Arrays:
    """The arrays of the smoothers and of the calibration, by name."""
    states = {name: smoother.state() for name, smoother in model.strategies.smoothers.items()}
    states["calibration"] = model.calibration.state()
    return {
        f"{part}.{name}": np.asarray(array, order="C")
        for part, state in states.items()
        for name, array in state.items()
    }


def past_id(model: PastModel) -> str:
    """An identifier of a model, see `model_id`."""
    weights = {"weights": model.ensemble.weight, **past_arrays(model)}
    return digest_of(weights, model.scaler)

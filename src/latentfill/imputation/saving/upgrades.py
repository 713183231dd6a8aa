"""Models of older formats, completed so that they can be read as today's."""

from __future__ import annotations

import numpy as np

from latentfill.imputation.saving.model_weights import Arrays

LACKS_OWN_LEVELS = 8  # the last format
ORDER, OWN_LEVELS = ".order", ".own_levels"  # arrays of every whole-series model; the second came with format 9


def upgraded(arrays: Arrays, file_format: int) -> Arrays:
    """The arrays of a model; whole-series models of format 8 lie at the level of the series, not of the window."""
    if file_format > LACKS_OWN_LEVELS:
        return arrays
    models = [name.removesuffix(ORDER) for name in arrays if name.endswith(ORDER)]
    return {**{f"{model}{OWN_LEVELS}": np.array(0.0) for model in models}, **arrays}

"""Checks of what the folder of a model holds that fills from the past alone, see `model_checks`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from latentfill.core.json_types import type_problems
from latentfill.imputation.causal.fill import PastModels
from latentfill.imputation.causal.strategies import NAMES
from latentfill.imputation.saving.model_checks import (
    Weights,
    calibration_shapes,
    common_problems,
    ensemble_problems,
    scale_problems,
    scaler_shapes,
    shape_problems,
)
from latentfill.imputation.saving.past_state import PastState
from latentfill.imputation.saving.trial import past_trial_problems
from latentfill.imputation.validation.cells import KINDS


def past_state_problems(state: Mapping[str, Any]) -> Iterator[str]:
    """Parts of the content of config.json that have the wrong type, or values that no model has."""
    if problems := list(type_problems(state, PastState)):
        yield from problems
        return
    yield from type_problems(state["weights"], Weights, "weights")
    yield from common_problems(state)
    unknown = {*state["strategies"], *state["smoothers"]} - set(NAMES)
    yield from (f"the strategy {name!r} is unknown" for name in sorted(unknown))
    if not 0 <= state["longest"] < KINDS:
        yield f"longest is {state['longest']}, not from 0 to {KINDS - 1}"


def past_problems(models: PastModels) -> Iterator[str]:
    """Arrays of the wrong shape or with impossible values; if there are none, what goes wrong in a small series."""
    model = models.last
    columns, working, strategies = len(models.columns), len(model.kinds.column_of), len(model.strategies.names)
    shapes = [
        *scaler_shapes(model.scaler, working),
        ("kinds", (len(model.kinds),), (columns,)),
        ("weights", model.ensemble.weight.shape, (strategies, working, KINDS)),
        *calibration_shapes(model.calibration, columns),
        *((name, each.model.order.shape, (working,)) for name, each in model.strategies.smoothers.items()),
    ]
    problems = [*shape_problems(shapes), *scale_problems(model.scaler), *ensemble_problems(model.ensemble)]
    yield from problems or past_trial_problems(models)

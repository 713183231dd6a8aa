"""Scoring specs that are refused."""

from __future__ import annotations

import pytest

from latentfill.core.errors import InputError
from latentfill.scoring.spec import ScoringSpec


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"strategies": ("krigin",)}, "unknown strategy 'krigin': did you mean 'kriging'"),
        ({"patterns": ("blok",)}, "unknown pattern 'blok': did you mean 'block'"),
        ({"rates": (0.0,)}, "rate must be above 0"),
        ({"rates": (0.95,)}, "rate must be above 0 and at most 0.9, got 0.95"),
        ({"seeds": ()}, "seeds must not be empty"),
        ({"seeds": (-1,)}, "seed must be 0 or more"),
    ],
)
def test_a_spec_that_cannot_be_scored_is_refused(spec: dict[str, object], message: str):
    with pytest.raises(InputError, match=message):
        ScoringSpec(**spec)

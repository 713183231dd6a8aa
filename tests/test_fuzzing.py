"""Inputs that nobody foresaw are used or refused with a message: short runs of the generators in `fuzzing`.

`benchmarks/fuzz.py` runs the same generators for as long as one likes.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from fuzzing import arguments, csv, files, frames, times
from fuzzing.outcomes import REFUSED, USED, Target

TARGETS = [target for module in (arguments, csv, files, frames, times) for target in module.TARGETS]
EXAMPLES = 15  # of each target, which take a second


@pytest.mark.filterwarnings("ignore")  # of the libraries that make odd frames
@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_no_input_ends_in_anything_but_a_result_or_a_refusal(target: Target):
    @settings(max_examples=EXAMPLES, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
    @given(target.inputs)
    def run(data: bytes) -> None:
        assert target.outcome(data) in (USED, REFUSED)

    run()


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_the_seeds_of_a_target_are_used_and_refused(target: Target):
    assert {target.outcome(seed) for seed in target.seeds} == {USED, REFUSED}

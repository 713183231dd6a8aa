from __future__ import annotations

import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.timekd.distil_settings import DistilSettings

CPU = torch.device("cpu")


def test_all_invalid_distillation_settings_are_reported_at_once():
    with pytest.raises(InputError, match=r"steps must be at least 1, got 0; dropout .* got 1; learning_rate .* got 2"):
        DistilSettings(steps=0, dropout=1, learning_rate=2)


def test_the_training_schedule_follows_the_settings():
    schedule = DistilSettings(steps=7, learning_rate=0.5, check_every=3, patience=2).schedule
    assert (schedule.steps, schedule.learning_rate, schedule.check_every, schedule.patience) == (7, 0.5, 3, 2)
    assert schedule.deadline is None

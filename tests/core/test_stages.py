"""The stages of long work are told to whoever listens, and to nobody else."""

from __future__ import annotations

import logging

import numpy as np
import pyarrow as pa
import pytest

from latentfill import Imputer
from latentfill.core.stages import hearing_stages, tell_stage


def test_stages_are_heard_within_the_block_only():
    heard: list[str] = []
    with hearing_stages(heard.append):
        tell_stage("first, 100 %")
    tell_stage("second")
    assert heard == ["first, 100 %"]


def test_nothing_is_logged_unless_it_is_asked_for(caplog: pytest.LogCaptureFixture):
    tell_stage("not asked for")
    assert not caplog.records
    with caplog.at_level(logging.INFO, logger="latentfill.stages"):
        tell_stage("asked for")
    assert [record.message for record in caplog.records] == ["asked for"]


def test_a_fit_and_a_fill_tell_their_stages():
    t = np.arange(400)
    a = np.sin(t / 4)
    a[50:60] = np.nan
    table = pa.table({"a": pa.array(a, from_pandas=True), "b": np.cos(t / 4)})
    heard: list[str] = []
    with hearing_stages(heard.append):
        Imputer(effort="quick").fit(table).fill(table)
    assert heard[0] == "looking for doubtful readings and kinds of columns"
    assert "fitting state_space" in heard
    assert heard[-2:] == ["testing on held-out readings", "filling"]

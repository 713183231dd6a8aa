"""Bars on a terminal and in a notebook, and nothing elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from latentfill.api import progress_bars as bars
from latentfill.core.stages import tell_stage
from latentfill.imputation.imputer import Imputer
from latentfill.nn.progress import TrainingProgress


def shown(*, terminal: bool, quiet: bool = False) -> str:
    """What is drawn for a stage and a training run."""
    file = io.StringIO()
    console = Console(file=file, force_terminal=terminal, width=100, color_system=None)
    with bars.progress_bars(console, quiet) as show:
        tell_stage("fitting kriging")
        if show:
            show(TrainingProgress("decoder", 5, 10, 0.25, 3.0))
    return file.getvalue()


def test_a_terminal_shows_the_stage_and_the_training():
    text = shown(terminal=True)
    assert "fitting kriging" in text
    assert "decoder" in text
    assert "5/10 steps  loss 0.2500  at most 3 s left" in text


def test_a_pipe_shows_the_training_only():
    text = shown(terminal=False)
    assert "fitting kriging" not in text
    assert "5/10 steps" in text


def test_quiet_shows_nothing():
    assert shown(terminal=True, quiet=True) == ""


def test_without_training_a_pipe_stays_empty():
    file = io.StringIO()
    with bars.progress_bars(Console(file=file, force_terminal=False), quiet=False):
        tell_stage("fitting kriging")
    assert file.getvalue() == ""


@pytest.mark.parametrize(("jupyter", "own"), [(True, False), (True, True), (False, False)])
def test_only_a_notebook_without_a_callback_of_its_own_gets_bars(
    monkeypatch: pytest.MonkeyPatch, jupyter: bool, own: bool
):
    consoles: list[Console] = []

    def console() -> Console:
        consoles.append(Console(file=io.StringIO(), force_jupyter=jupyter))
        return consoles[0]

    monkeypatch.setattr(bars, "Console", console)
    callback = print if own else None
    imputer = Imputer(progress=callback)
    with bars.notebook_bars(imputer):
        assert (imputer.progress is not callback) == (jupyter and not own)
    assert imputer.progress is callback

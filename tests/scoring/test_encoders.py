"""Opening encoders by name, and refusing encoders that cannot be compared."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.embeddings import registry
from latentfill.embeddings.live_encoder import LiveEncoder, NoEncoder
from latentfill.scoring.demo_table import Sample
from latentfill.scoring.encoders import open_encoders, settings_on, strategies_on, uses_encoder, with_ratios
from latentfill.scoring.scores import ALL, Score
from latentfill.windows.scaling import ColumnScaler

CONFIG = Config(length=24)


class Means:
    """An embedder that gives the mean of each column."""

    name, settings, weights_digest, saw, costly = "means", {}, None, "observed", False

    def __init__(self, length: int | None = None, horizon: int = 0) -> None:
        self.length, self.horizon = length, horizon

    def embed(self, raw):
        return np.nan_to_num(raw.scaled).mean(axis=1)[:, :, None].astype(np.float32)


@pytest.fixture
def series(sample: Sample) -> Series:
    return Series(sample.values, sample.columns, sample.time, np.arange(len(sample.time)))


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """The arguments of all calls of `make_embedder`, which knows a single kind, "known"."""
    calls: list[tuple[str, int]] = []

    def make_embedder(spec: str, *, length: int, **_: object) -> Means:
        calls.append((spec, length))
        return Means()

    monkeypatch.setattr(registry, "make_embedder", make_embedder)
    monkeypatch.setattr(registry, "KINDS", {"known": None})
    return calls


def test_the_encoder_none_comes_first_and_is_always_added(series: Series, opened: list[tuple[str, int]]):
    factories = open_encoders(("builtin", "known:x", "mine", "known:x"), CONFIG, series, {"mine": Means(24)})
    assert list(factories) == ["none", "builtin", "known:x", "mine"]
    assert opened == [("known:x", 24)]
    assert factories["builtin"] is None
    scaler = ColumnScaler.fit(series.values)
    no_smoother = partial(pytest.fail, "these encoders do not read smoothed windows")
    assert isinstance(factories["none"](scaler, series, no_smoother), NoEncoder)
    assert isinstance(factories["mine"](scaler, series, no_smoother), LiveEncoder)
    assert (
        factories["mine"](scaler, series, no_smoother).embedder
        is not factories["known:x"](scaler, series, no_smoother).embedder
    )


def test_encoders_are_opened_for_the_window_length_of_the_fit(series: Series, opened: list[tuple[str, int]]):
    short = replace(series, values=series.values[:30], time=series.time[:30], rows=series.rows[:30])
    open_encoders(("known:x",), CONFIG, short, {})
    assert opened == [("known:x", 15)]


def test_an_unknown_encoder_is_refused(series: Series, opened: list[tuple[str, int]]):
    with pytest.raises(InputError, match="unknown encoder 'bulitin': did you mean 'builtin'"):
        open_encoders(("known:x", "bulitin"), CONFIG, series, {})
    with pytest.raises(InputError, match="unknown encoder 'knwon': did you mean 'known'"):
        open_encoders(("knwon:x",), CONFIG, series, {})


def test_an_encoder_for_another_window_length_is_refused(series: Series):
    with pytest.raises(
        InputError, match=r"'mine' reads windows of 96 steps, but those of this table have 24.*--length 96"
    ):
        open_encoders(("mine",), CONFIG, series, {"mine": Means(96)})


def test_an_encoder_that_reads_values_after_the_window_is_refused(series: Series):
    with pytest.raises(InputError, match=r"'mine' reads 48 steps after each window, and so values that may be hidden"):
        open_encoders(("mine",), CONFIG, series, {"mine": Means(horizon=48)})


def test_without_an_encoder_no_strategy_searches_among_embeddings():
    config = Config(candidates="linear,kriging,denoise,neighbours", length=24)
    alone = settings_on("none", config)
    assert (alone.decoder.neighbours, alone.candidate_names) == (0, ("linear", "kriging", "denoise"))
    assert settings_on("mine", config) == settings_on("", config) == config
    names = ("auto", "kriging", "neighbours", "denoise", "linear")
    assert strategies_on("none", names, config) == ("auto", "kriging", "denoise", "linear")
    assert strategies_on("mine", names, config) == ("auto", "neighbours", "denoise", "linear")
    assert strategies_on("", names, config) == names


def test_auto_uses_an_encoder_if_one_of_its_candidates_does():
    assert uses_encoder("auto", Config(effort="thorough"))
    assert uses_encoder("auto", Config(candidates="denoise"))
    assert not uses_encoder("auto", Config())
    assert not uses_encoder("auto", Config(candidates="linear,kriging"))
    assert uses_encoder("latent", Config(candidates="linear,kriging"))


def test_ratios_are_to_the_same_strategy_on_the_same_cells_without_an_encoder():
    def score(strategy: str, encoder: str | None, mse: float, gap: str = ALL) -> Score:
        about = {"pattern": "point", "rate": 0.1, "seed": 0, "column": ALL, "cells": 9, "realised_rate": 0.1}
        return Score(strategy=strategy, encoder=encoder, mse=mse, gap=gap, mae=1, mre=1, **about)

    scores = [score("auto", "none", 2.0), score("auto", "none", 8.0, "1"), score("denoise", "none", 4.0)]
    scores += [score("auto", "x", 1.0), score("auto", "x", 2.0, "1"), score("neighbours", "x", 1.0)]
    scores += [score("linear", None, 3.0)]
    assert [one.ratio_to_none for one in with_ratios(scores)] == [1, 1, 1, 0.5, 0.25, None, None]


def test_none_and_builtin_take_no_settings(series: Series):
    with pytest.raises(InputError, match=r"--encoders: none takes no settings, got 'none\+layers=1'"):
        open_encoders(("none+layers=1",), CONFIG, series, {})

"""Fitting: what is learnt from which cells, progress, early stopping, encoders and the time budget."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from latentfill.core.column_order import in_order
from latentfill.core.config import Config
from latentfill.core.errors import InputError
from latentfill.core.series import Series
from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape
from latentfill.imputation.filling.fill import fill_series
from latentfill.imputation.fitting.fit import FitInputs, fit_series
from latentfill.imputation.saving.model_folder import save_model
from latentfill.imputation.saving.model_weights import model_id
from latentfill.imputation.validation.holdout import hold_out
from latentfill.nn.batches import RECENT, REUSE
from latentfill.scoring.demo_table import Sample
from latentfill.strategies.neighbours.window_bank import COSTLY_STRIDE
from latentfill.strategies.state_space.model import SeriesModel
from latentfill.strategies.state_space.posterior import NotPositiveDefiniteError, Posterior
from latentfill.windows.windows import Windows

WHOLE_SERIES = ("autoregression", "state_space", "factors")
LEARNT = ("linear", *WHOLE_SERIES, "kriging", "denoise")
WITH_NETWORKS = {"candidates": ("linear", "kriging", "denoise")}


def as_series(sample: Sample) -> Series:
    return Series(sample.values, sample.columns, sample.time, np.arange(len(sample.time)))


def weights(fitted) -> dict[str, np.ndarray]:
    """The weights of all networks and of the ensemble, and what other strategies learnt, by name."""
    nets = {"encoder": fitted.encoder.net, **fitted.builtin.candidates.modules}
    tensors = {f"{part}.{name}": t.numpy() for part, net in nets.items() for name, t in net.state_dict().items()}
    states = fitted.builtin.candidates.states.items()
    arrays = {f"{name}.{part}": array for name, state in states for part, array in state.items()}
    return tensors | arrays | {"ensemble.weight": fitted.builtin.validated.ensemble.weight}


def test_cells_held_out_for_scoring_cannot_change_what_is_learnt(sample: Sample, quick: dict[str, object], monkeypatch):
    """Huge values in the score cells change the reported error, but no weight."""
    import latentfill.imputation.fitting.fit as fitting

    settings = Config(**quick, candidates=LEARNT)
    plain = fit_series(as_series(sample), settings)

    def hold_out_with_huge_score_cells(series, config, **options):
        held_out = hold_out(series, config, **options)
        values = np.where(held_out.score, 1e6, series.values)
        return replace(held_out, series=replace(series, values=values))

    monkeypatch.setattr(fitting, "hold_out", hold_out_with_huge_score_cells)
    changed = fit_series(as_series(sample), settings)
    before, after = weights(plain), weights(changed)
    parts = {name.removeprefix("denoise.").split(".")[0] for name in before}
    assert parts == {"encoder", "kriging", "neighbours", "decoder", "ensemble", *WHOLE_SERIES, "linear"}
    for name, weight in before.items():
        np.testing.assert_array_equal(weight, after[name], err_msg=name)
    assert changed.builtin.validated.score["mse"] > 1e6 * plain.builtin.validated.score["mse"]


def test_all_inputs_of_the_decoder_are_frozen_while_it_is_trained(sample: Sample, quick: dict[str, object]):
    short = fit_series(as_series(sample), Config(**quick, **WITH_NETWORKS))
    longer = fit_series(as_series(sample), Config(**(quick | WITH_NETWORKS | {"decoder_steps": 60})))
    a, b = weights(short), weights(longer)
    for name, weight in a.items():
        if name.startswith(("encoder.", "denoise.kriging.", "denoise.neighbours.")):
            np.testing.assert_array_equal(weight, b[name], err_msg=name)
    assert not all(np.array_equal(a[name], b[name]) for name in a if name.startswith("denoise.decoder."))
    assert not any(p.requires_grad for p in short.encoder.net.parameters())


def test_the_scaler_sees_only_the_train_rows_of_a_split_plan(sample: Sample, quick: dict[str, object]):
    fitted = fit_series(as_series(sample), Config(**quick), FitInputs(train_rows=200))
    trained_on = in_order(as_series(sample), fitted.columns).values[:200]
    np.testing.assert_allclose(fitted.scaler.shift, np.nanmean(trained_on, axis=0))
    np.testing.assert_allclose(fitted.scaler.scale, np.nanstd(trained_on, axis=0))


def test_progress_reports_stage_loss_and_time_left(sample: Sample, quick: dict[str, object]):
    reports = []
    fit_series(as_series(sample), Config(**quick, **WITH_NETWORKS), FitInputs(progress=reports.append))
    assert [p.stage for p in reports if p.step == p.steps] == ["encoder", "decoder"]
    assert all(np.isfinite(p.loss) and p.loss > 0 and p.seconds_left >= 0 for p in reports)


def test_training_stops_early_when_held_out_cells_get_no_better(sample: Sample, quick: dict[str, object]):
    settings = quick | WITH_NETWORKS | {"learning_rate": 1.0, "decoder_steps": 2000, "check_every": 10, "patience": 2}
    history = fit_series(as_series(sample), Config(**settings)).builtin.history["decoder"]
    assert history.steps < 2000
    assert history.held_out[history.best] == min(history.held_out)


def test_a_series_without_a_single_value_is_refused(sample: Sample, quick: dict[str, object]):
    empty = replace(as_series(sample), values=np.full_like(sample.truth, np.nan))
    with pytest.raises(InputError, match="no value column has a single observed cell"):
        fit_series(empty, Config(**quick))


def test_a_column_first_seen_after_the_train_rows_is_scaled_by_the_whole_series(
    sample: Sample, quick: dict[str, object]
):
    values = sample.values.copy()
    values[:200, 0] = np.nan
    series = replace(as_series(sample), values=values)
    fitted = fit_series(series, Config(**quick), FitInputs(train_rows=200))
    late = fitted.columns.index(series.columns[0])
    np.testing.assert_allclose(fitted.scaler.shift[late], np.nanmean(values[:, 0]))
    np.testing.assert_allclose(fitted.scaler.scale[late], np.nanstd(values[:, 0]))


# --- another encoder in place of the built-in one ------------------------------------------------


class MeanEncoder:
    """An encoder that gives the mean of each column, and records the number of windows in each call."""

    def __init__(self, columns: int, *, costly: bool = False) -> None:
        self.shape = EncoderShape(columns=columns, dim=1, decodes=False, costly=costly)
        self.batch_sizes: list[int] = []

    def encode(self, windows: Windows) -> Encoded:
        self.batch_sizes.append(len(windows))
        mean = np.nan_to_num(windows.values).mean(axis=1)
        return Encoded(z=torch.tensor(mean[:, :, None], dtype=torch.float32))


def test_a_frozen_encoder_replaces_the_built_in_encoder(sample: Sample, quick: dict[str, object], tmp_path):
    series, calls = as_series(sample), []

    def make(scaler, fitted_series, _):
        calls.append((scaler, fitted_series))
        return MeanEncoder(len(sample.columns))

    settings = Config(**quick, **WITH_NETWORKS)
    fitted = fit_series(series, settings, FitInputs(encoder=make))
    assert calls == [(fitted.scaler, series)]
    assert isinstance(fitted.encoder, MeanEncoder)
    assert set(fitted.builtin.history) == {"decoder"}
    assert model_id(fitted) != model_id(fit_series(series, settings))
    with pytest.raises(InputError, match="this model uses the encoder MeanEncoder, which cannot be saved"):
        save_model(fitted, tmp_path / "model", {})
    assert not (tmp_path / "model").exists()


def test_no_encoder_is_made_if_no_strategy_uses_embeddings(sample: Sample, quick: dict[str, object]):
    settings = Config(**quick, strategy="kriging")
    fitted = fit_series(as_series(sample), settings, FitInputs(encoder=lambda *_: pytest.fail("it was made")))
    assert fitted.encoder is None


@pytest.mark.parametrize(("costly", "batches"), [(True, RECENT), (False, 26)])
def test_training_on_a_costly_encoder_embeds_few_windows(
    sample: Sample, quick: dict[str, object], costly: bool, batches: int
):
    steps, windows = 26 * REUSE, len(sample.time) - int(quick["length"]) + 1
    settings = quick | {"decoder_steps": steps, "decoder_batch": 5, "check_every": steps}
    encoder = MeanEncoder(len(sample.columns), costly=costly)
    fitted = fit_series(
        as_series(sample), Config(**settings, candidates="denoise,neighbours"), FitInputs(encoder=lambda *_: encoder)
    )
    assert fitted.builtin.history["decoder"].steps == steps
    assert encoder.batch_sizes.count(5) == batches
    assert fitted.builtin.candidates.by_name["neighbours"].bank_size == (
        -(-windows // COSTLY_STRIDE) if costly else windows
    )
    assert fitted.builtin.candidates.by_name["denoise"].bank_size == -(-windows // (COSTLY_STRIDE if costly else 4))
    assert (sum(encoder.batch_sizes) > 2 * windows) != costly


# --- the time budget -----------------------------------------------------------------------------


def test_a_time_budget_leaves_out_the_slowest_strategies_with_a_note(sample: Sample, quick: dict[str, object]):
    settings = quick | {"candidates": "linear,kriging,denoise,neighbours,latent", "latent_steps": 10}
    whole = fit_series(as_series(sample), Config(**settings, time_budget=1000.0))
    assert whole.builtin.candidates.names == ("linear", "kriging", "denoise", "neighbours", "latent")
    assert whole.notes == []
    slow = settings | {"decoder_steps": 10**6}
    some = fit_series(as_series(sample), Config(**slow, time_budget=60.0))
    assert some.builtin.candidates.names == ("linear", "kriging", "neighbours")
    assert any("left no room for denoise, latent" in note for note in some.notes)
    assert (
        some.builtin.validated.ensemble.weight[1].max() > 0
    )  # kriging, though the decoder that also says it is not there
    few = fit_series(as_series(sample), Config(**slow | {"encoder_steps": 10**6}, time_budget=60.0))
    assert few.builtin.candidates.names == ("linear", "kriging")
    assert few.encoder is None


def test_a_single_strategy_that_the_time_budget_does_not_allow_is_refused(sample: Sample, quick: dict[str, object]):
    settings = quick | {"strategy": "denoise", "decoder_steps": 10**6}
    with pytest.raises(InputError, match="'denoise' cannot be fitted within the time budget of 60 s"):
        fit_series(as_series(sample), Config(**settings, time_budget=60.0))


@pytest.mark.parametrize("budget", [0.0, -1.0])
def test_a_time_budget_that_is_not_positive_is_refused(budget: float):
    with pytest.raises(InputError, match="time_budget must be above 0"):
        Config(time_budget=budget)


def test_trees_without_an_estimate_to_correct_are_refused_or_left_out():
    values = np.cumsum(np.random.default_rng(0).normal(size=(200, 2)), axis=0)
    values[5:9] = np.nan
    series = Series(values, ("a", "b"), None, np.arange(200))
    with pytest.raises(InputError, match="'boosted' cannot be fitted within the time budget"):
        fit_series(series, Config(strategy="boosted", time_budget=1e-9))
    fitted = fit_series(series, Config(candidates=("boosted",), time_budget=1e-9))
    assert fitted.builtin.candidates.names == ("linear",)


def test_a_series_strategy_whose_numbers_fail_is_left_out(monkeypatch: pytest.MonkeyPatch):
    """Others are used; the summary says why."""

    def fail(*_: object) -> None:
        raise NotPositiveDefiniteError

    rng = np.random.default_rng(0)
    values = np.cumsum(rng.normal(size=(200, 2)), axis=0)
    values[rng.random(values.shape) < 0.1] = np.nan
    series = Series(values, ("a", "b"), None, np.arange(200))
    config = Config(candidates=("state_space", "autoregression"))
    fitted = fit_series(series, config)
    monkeypatch.setattr(SeriesModel, "estimate", fail)
    filled = fill_series(fitted, series).values
    np.testing.assert_allclose(filled, fill_series(fit_series(series, Config(strategy="linear")), series).values)
    monkeypatch.undo()
    monkeypatch.setattr(Posterior, "given", fail)
    alone = fit_series(series, config).builtin
    assert alone.candidates.names == ("linear",)
    assert "lost all precision" in alone.skipped["state_space"]
    with pytest.raises(InputError, match=r"state_space.* cannot be fitted: its numbers overflowed"):
        fit_series(series, Config(strategy="state_space"))

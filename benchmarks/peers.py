"""Published imputation models to compare with, in the implementations of PyPOTS, with one interface.

    peer = PEERS["SAITS"]().fit(train_windows, seconds=1800.0, seed=0)
    filled = peer.fill(gappy_windows)

Values are in standard deviations of the train rows. One model serves every rate and pattern of hidden cells.

PyPOTS 1.5 takes no transformers from 5 on, which TimeKD's teacher needs here. So it gets an environment of its own,
with the same versions of everything else (datafiller, the other part of the extra, needs no such care):

    grep -v -E "^(transformers|tokenizers|huggingface_hub|hf-xet)=" constraints.txt > constraints-peers.txt
    pip install -c constraints-peers.txt -e ".[peers]"

The constraints keep the installed version of torch. Tested with PyPOTS 1.5 beside torch 2.13.0, numpy 2.4.6, pandas
3.1.1, transformers 4.57.6 and scikit-learn 1.9.1.

All models are trained in the same way, on the same hints as latentfill:

- What is hidden in a training window is the mixture that latentfill's networks learn from (`hide_mixture`: scattered
  cells, blackouts and runs), drawn anew each time. PyPOTS would hide 20 % of the cells at random, and no blackouts.
- The clock (sines and cosines of the phase in the day and the week) stands beside the values, as columns without gaps.
- The learning rate falls from 1e-3 along a cosine to `FINAL_SHARE` of it.
- PyPOTS counts epochs, but a benchmark allows seconds. So training proceeds in rounds; a round is one epoch on windows
  drawn without replacement, so many that about `PeerSettings.rounds` rounds fit into the time, but at most all.
  With ample time, a round is a whole epoch.
- After each round the model is validated on windows from the last tenth of the train windows, in which the same mixture
  is hidden. The best weights are kept. The cells that a benchmark scores are not used.
- The seed fixes all random numbers, but the number of rounds depends on the speed of the machine.

TimesNet and ModernTCN are trained on the squared error over the hidden cells, as by their authors. PyPOTS, from 0.12
on, trains these two to reproduce the cells that they read; `hidden_loss` corrects this.

| model | layers | width | other settings | batch | source |
|---|---|---|---|---|---|
| SAITS | 2 | 128, feed-forward 256 | 4 heads of 32, dropout 0.1 | 32 | smaller than published, see below |
| BRITS | 1 | 128 | | 32 | smaller than published |
| TimesNet | 2 | 16, feed-forward 32 | 3 periods, 6 kernels, dropout 0.1 | 16 | Time-Series-Library, imputation, ETTh1 |
| ModernTCN | 1 | 128, feed-forward 128 | kernels 71 and 5, patches of 1 | 16 | luodhhh/ModernTCN, imputation, ETTh1 |
| iTransformer | 2 | 128, feed-forward 128 | 8 heads of 16, dropout 0.1 | 16 | Time-Series-Library, imputation, ETTh2 |
| CSDI | 2 | 32 channels, embeddings 64 | 4 heads, 50 diffusion steps | 16 | smaller than published |

Adam throughout. They show the models at a budget of minutes on two cores, not at their best, so compare with published
numbers too:

- TSI-Bench's settings for ETT_h1 are far larger for SAITS (88 million parameters, two hours per epoch of 8500 windows
  on one core), BRITS (512 units, 8 minutes) and iTransformer (24 million parameters, 5 minutes); CSDI as published (4
  layers, 64 channels) takes half an hour per epoch.
- One model serves all rates and patterns, as ours does; the published ones were trained for one each.
- BRITS has no loss on hidden cells: it learns to foretell the cells that it reads, across the gaps of the mixture.
- CSDI draws few samples of few windows; its median is noisier than in its paper.
"""

from __future__ import annotations

import contextlib
import copy
import importlib
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any, Self

import numpy as np

from latentfill.core.series import FloatArray
from latentfill.windows.hiding import hide_mixture
from latentfill.windows.restore import restore_observed
from latentfill.windows.windows import Windows

LEARNING_RATE = 1e-3  # at the start
FINAL_SHARE = 0.02  # of the learning rate that is left at the end, as in latentfill's training
VALIDATION_SHARE = 0.1  # share of the train windows that is kept for validation
CHUNK = 256  # windows filled at a time; SAITS also returns large attention weights

# A sample takes 50 passes, half a second per window on one core. So CSDI fills only this many evenly spaced windows and
# leaves NaN in the others; only the filled windows are scored.
CSDI_WINDOWS = 32
CSDI_SAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerSettings:
    """How one published model is built and trained."""

    model: Mapping[str, object]  # arguments of the PyPOTS class
    batch: int = 16  # windows per step
    rounds: int = 15  # rounds of training that should fit into the time
    validation: int = 64  # validation windows after each round
    hidden_loss: bool = False  # replace the loss by the squared error over hidden cells
    hides_nothing: bool = False  # PyPOTS hides no cells for this model, so they are hidden before it sees the windows
    samples: int = 0  # random draws whose median is the estimate; 0 for a deterministic model
    most_windows: int | None = None  # most windows filled in one call; None: all


SETTINGS = {
    "SAITS": PeerSettings(
        model={"n_layers": 2, "d_model": 128, "d_ffn": 256, "n_heads": 4, "d_k": 32, "d_v": 32, "dropout": 0.1},
        batch=32,
    ),
    "BRITS": PeerSettings(model={"rnn_hidden_size": 128}, batch=32, hides_nothing=True),
    "TimesNet": PeerSettings(
        model={"n_layers": 2, "top_k": 3, "d_model": 16, "d_ffn": 32, "n_kernels": 6, "dropout": 0.1}
        | {"apply_nonstationary_norm": True},
        hidden_loss=True,
    ),
    "ModernTCN": PeerSettings(
        model={"num_blocks": [1], "dims": [128], "large_size": [71], "small_size": [5], "ffn_ratio": 1}
        | {"patch_size": 1, "patch_stride": 1, "downsampling_ratio": 2, "use_multi_scale": False}
        | {"backbone_dropout": 0.0, "head_dropout": 0.0, "apply_nonstationary_norm": True},
        hidden_loss=True,
    ),
    "iTransformer": PeerSettings(
        model={"n_layers": 2, "d_model": 128, "d_ffn": 128, "n_heads": 8, "d_k": 16, "d_v": 16, "dropout": 0.1},
    ),
    "CSDI": PeerSettings(
        model={"n_layers": 2, "n_channels": 32, "n_heads": 4, "n_diffusion_steps": 50}
        | {"d_time_embedding": 64, "d_feature_embedding": 16, "d_diffusion_embedding": 64},
        rounds=5,  # a validation window takes 50 passes too
        validation=8,
        samples=CSDI_SAMPLES,
        most_windows=CSDI_WINDOWS,
    ),
}


class Peer:
    """One of the models in `SETTINGS`, trained for a given time.

    After `fit`, `training_` holds the seconds of training, the windows drawn, the rounds, the best validation MSE (for
    CSDI: of the noise) and the number of parameters.
    """

    def __init__(self, name: str, device: str = "cpu") -> None:
        self.name = name
        self.device = device

    def fit(self, windows: Windows, *, seconds: float, seed: int = 0) -> Self:
        """Train on windows in time order, NaN where missing, for about `seconds`.

        Seeds the global generators of random, numpy and torch, which PyPOTS draws from.
        """
        setting = SETTINGS[self.name]
        _pypots("utils.logging").logger_creator.set_level("error")
        _pypots("utils.random").set_random_seed(seed)
        rng, columns = np.random.default_rng(seed), windows.values.shape[2]
        hide_in_training(rng, columns)
        train, last = split(with_clock(windows))
        validation = validation_set(last, columns, setting.validation)
        self._model = self._build(*train.shape[1:])
        best, rounds, drawn = np.inf, 0, 0
        weights = self._model.model.state_dict()
        size, took, began = 4.0 * setting.batch, 0.0, time.monotonic()
        while (spent := time.monotonic() - began) + took / 2 < seconds:
            self._set_learning_rate(learning_rate(spent / seconds))
            chosen = rng.permutation(len(train))[: max(1, round(size / setting.batch)) * setting.batch]
            lessons = without(rng, train[chosen], columns) if setting.hides_nothing else train[chosen]
            self._model.fit({"X": lessons}, validation)
            took = time.monotonic() - began - spent
            size = min(size * np.clip(seconds / setting.rounds / took, 0.25, 4.0), len(train))
            rounds, drawn = rounds + 1, drawn + len(chosen)
            if self._model.best_loss < best:  # PyPOTS resets it in each fit
                best = float(self._model.best_loss)
                weights = copy.deepcopy(self._model.model.state_dict())
        self._model.model.load_state_dict(weights)
        self.training_ = {
            "seconds": round(time.monotonic() - began, 1),
            "windows": drawn,
            "rounds": rounds,
            "validation_mse": best,
            "parameters": int(self._model.num_params),
        }
        return self

    def fill(self, windows: Windows) -> FloatArray:
        """The values (N, L, C) of the windows with an estimate in every NaN; observed cells are unchanged.

        If there are more than `PeerSettings.most_windows`, only evenly spaced ones are filled; the others keep NaN.
        """
        filled, most = windows.values.copy(), SETTINGS[self.name].most_windows
        spacing = -(-len(windows) // most) if most else 1
        for first in range(0, len(windows), CHUNK * spacing):
            chosen = slice(first, first + CHUNK * spacing, spacing)
            estimate = self._estimate(with_clock(windows.take(chosen)))[..., : filled.shape[2]]
            filled[chosen] = restore_observed(estimate, filled[chosen])
        return filled

    def _estimate(self, windows: FloatArray) -> FloatArray:
        samples = SETTINGS[self.name].samples
        options = {"n_sampling_times": samples} if samples else {}
        estimates = self._model.predict({"X": windows}, **options)["imputation"]
        return np.median(estimates, axis=1) if samples else estimates

    def _set_learning_rate(self, rate: float) -> None:
        for group in self._model.optimizer.torch_optimizer.param_groups:
            group["lr"] = rate

    def _build(self, length: int, columns: int) -> Any:
        """The PyPOTS model for windows of (L, C); one call of its `fit` trains one further epoch."""
        setting = SETTINGS[self.name]
        model = getattr(_pypots("imputation"), self.name)(
            n_steps=length, n_features=columns, epochs=1, batch_size=setting.batch, device=self.device, **setting.model
        )
        if setting.hidden_loss:
            model.model.register_forward_hook(hidden_loss)
        return model


PEERS: dict[str, Callable[[], Peer]] = {name: partial(Peer, name) for name in SETTINGS}


def with_clock(windows: Windows) -> FloatArray:
    """Values, then clock features, of windows, (N, L, C + P) in single precision."""
    return np.concatenate([windows.values, windows.clock], axis=2).astype(np.float32)


def learning_rate(share: float) -> float:
    """The learning rate after a share of the time, from 0 to 1: half a cosine."""
    return LEARNING_RATE * (FINAL_SHARE + (1 - FINAL_SHARE) * (1 + np.cos(np.pi * min(share, 1.0))) / 2)


def split(windows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Windows to train on and the last tenth to validate on, without windows in between that may overlap both."""
    n, length = windows.shape[:2]
    first = n - max(1, int(VALIDATION_SHARE * n))
    return windows[: first - min(length, n // 20)], windows[first:]


def validation_set(windows: FloatArray, columns: int, most: int) -> dict[str, FloatArray]:
    """At most `most` evenly spaced windows in the format of PyPOTS: with hidden cells, and the true values."""
    truth = windows[:: -(-len(windows) // most)]
    return {"X": without(np.random.default_rng(0), truth, columns), "X_ori": truth}


def without(rng: np.random.Generator, windows: FloatArray, columns: int) -> FloatArray:
    """Windows (N, L, C + P) in which the mixture of `hide_mixture` is hidden, but nothing of the clock."""
    values = windows[..., :columns]
    hidden = hide_mixture(rng, ~np.isnan(values), np.zeros((0, *values.shape[1:]), dtype=bool))
    gappy = windows.copy()
    gappy[..., :columns][hidden] = np.nan
    return gappy


def hide_in_training(rng: np.random.Generator, columns: int) -> None:
    """Make PyPOTS hide what `without` hides in each window (L, C + P) that it trains on.

    It has no option for this, so the functions are replaced by which it hides cells at random.
    """

    def gappy(window: Any, p: float) -> Any:  # in place of pygrinder's mcar
        return window.new_tensor(without(rng, window.numpy()[None], columns)[0])

    def kept(observed: Any) -> Any:  # of CSDI: 1 for the cells that it reads
        values = np.where(observed.numpy() > 0, 0.0, np.nan)
        return observed.new_tensor(~np.isnan(without(rng, values[None], columns)[0]))

    _pypots("imputation.saits.data").mcar = gappy
    _pypots("imputation.csdi.data").DatasetForCSDI.get_rand_mask = staticmethod(kept)


def hidden_loss(module: Any, arguments: tuple[Any, ...], results: dict[str, Any]) -> None:
    """A torch forward hook that makes the training loss the mean squared error over the hidden cells."""
    if module.training and "loss" in results:
        inputs = arguments[0]
        error = (results["reconstruction"] - inputs["X_ori"]) * inputs["indicating_mask"]
        results["loss"] = error.square().sum() / inputs["indicating_mask"].sum().clamp(min=1)


def _pypots(module: str) -> ModuleType:
    """Import a module of PyPOTS without printing its banner; the error says how to install it."""
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return importlib.import_module(f"pypots.{module}")
    except ModuleNotFoundError as error:
        raise ImportError(
            "these peers need PyPOTS, in an environment of its own: benchmarks/peers.py says how to install it"
        ) from error

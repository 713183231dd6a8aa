"""Encoders to compare: opened by name, with the settings and strategies that each is fitted with, and its cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict, cast

from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.series import Series
from latentfill.embeddings.live_encoder import LiveEncoder, NoEncoder, bytes_per_window, seconds_per_window
from latentfill.embeddings.protocols.embedder import Embedder
from latentfill.embeddings.protocols.encoder import Encoder, EncoderFactory
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.fingerprint import shares_cells
from latentfill.imputation.fitting.fit import shrink_to
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.nn.runtime import pick_device
from latentfill.scoring.encoder_table import BUILTIN, NONE
from latentfill.scoring.scores import Score
from latentfill.strategies.candidates import needs_encoder
from latentfill.windows.windows import window_starts

if TYPE_CHECKING:
    import torch

SEARCHING = ("neighbours", "latent")  # strategies that search among embeddings: without an encoder there are none


def open_encoders(
    names: Iterable[str], config: Config, series: Series, own: Mapping[str, Embedder]
) -> dict[str, EncoderFactory | None]:
    """A factory for each encoder, by name, `none` first; None for the builtin one, which is trained on the series.

    A name is `none`, `builtin`, the name of one of your `own` embedders, or what `make_embedder` understands. Raises an
    `InputError` if an encoder cannot be opened, reads windows of another length, or looks ahead.
    """
    device, length = pick_device(config.device), shrink_to(config, series.n_steps).windows.length
    found: dict[str, EncoderFactory | None] = {NONE: lambda scaler, series: NoEncoder(device), BUILTIN: None}
    for name in names:
        if name not in found:
            embedder = own[name] if name in own else _open(name, config, length)
            _check_fits(name, embedder, length)
            found[name] = _factory(embedder, length, device)
    return {name: found[name] for name in dict.fromkeys((NONE, *names))}


def uses_encoder(strategy: str, config: Config) -> bool:
    """Whether a strategy works on embeddings, so that its estimates depend on the encoder."""
    return needs_encoder(config.candidate_names if strategy == AUTO else (strategy,))


def settings_on(encoder: str, config: Config) -> Config:
    """The settings for fits on an encoder; on `none` without the strategies that search among embeddings."""
    if encoder != NONE:
        return config
    left = (name for name in config.candidate_names if name not in SEARCHING)
    return config.replace(neighbours=0, candidates=tuple(left))


def strategies_on(encoder: str, strategies: Iterable[str], config: Config) -> tuple[str, ...]:
    """The strategies to fit on an encoder.

    On `none` all that do not search among embeddings, on any other those that work on embeddings, and `linear` to
    compare with. All of them for the encoder without a name, which stands for no comparison of encoders.
    """
    if not encoder:
        return tuple(strategies)
    if encoder == NONE:
        return tuple(name for name in strategies if name not in SEARCHING)
    return tuple(name for name in strategies if uses_encoder(name, config) or name == "linear")


class WindowCost(TypedDict, total=False):
    """What an encoder takes for each window, by the fields of `Score`; empty without an encoder."""

    window_seconds: float
    window_bytes: int


def cost_of(fitted: Fitted, series: Series) -> WindowCost:
    """Seconds and bytes per window of the encoder in a fit, measured on a series."""
    encoder, config = fitted.encoder, fitted.config
    if encoder is None or isinstance(encoder, NoEncoder):
        return {}
    starts = window_starts(series.n_steps, config.windows.length, config.windows.stride)
    seconds = seconds_per_window(encoder, fitted.scaled(series).cut(starts, config.windows.length))
    return {"window_seconds": seconds, "window_bytes": bytes_per_window(encoder.shape)}


def trained_on(encoder: Encoder | None, series: Series) -> bool:
    """Whether an encoder is a student that was distilled on cells of this very table, hidden ones included."""
    from latentfill.embeddings.timekd.student import DistilledStudent

    student = encoder.embedder if isinstance(encoder, LiveEncoder) else None
    if not isinstance(student, DistilledStudent):
        return False
    seen = cast(Sequence[int], student.about.get("table_sketch", ()))
    return student.about.get("table_digest") == table_digest(series) or shares_cells(seen, series.values)


def with_ratios(scores: Sequence[Score]) -> list[Score]:
    """The scores of one run, with the ratio of those on an encoder to those of the same strategy without one."""
    alone = {(score.strategy, score.column, score.gap): score.mse for score in scores if score.encoder == NONE}

    def ratio(score: Score) -> float | None:
        """The ratio of one score; None where the strategy cannot do without an encoder, or needs none."""
        mse = alone.get((score.strategy, score.column, score.gap))
        return score.mse / mse if score.encoder is not None and mse else None

    return [replace(score, ratio_to_none=ratio(score)) for score in scores]


def _open(name: str, config: Config, length: int) -> Embedder:
    """The embedder of this name; raises an `InputError` for a kind that is not known."""
    from latentfill.embeddings.registry import KINDS, make_embedder
    from latentfill.embeddings.spec import EncoderName

    kind, known = EncoderName.parse(name).kind, (NONE, BUILTIN, *KINDS)
    if kind not in known:
        raise InputError(f"--encoders: {did_you_mean('encoder', kind, known)}. Write KIND or KIND:WHERE.")
    if kind in (NONE, BUILTIN):
        raise InputError(f"--encoders: {kind} takes no settings, got {name!r}.")
    return make_embedder(name, config=config, length=length)


def _check_fits(name: str, embedder: Embedder, length: int) -> None:
    """Raise an `InputError` for an embedder of windows of another length, or one that looks ahead."""
    if embedder.length not in (None, length):
        raise InputError(
            f"encoder {name!r} reads windows of {embedder.length} steps, those of this table have {length}: give "
            f"--length {embedder.length} (and a table of twice as many rows), or leave it out."
        )
    if embedder.horizon:
        raise InputError(
            f"encoder {name!r} looks {embedder.horizon} steps ahead, at values that may be hidden. Leave it out, or "
            "make it without privileged prompts."
        )


def _factory(embedder: Embedder, length: int, device: torch.device) -> EncoderFactory:
    """Makes an encoder that asks the embedder for every window of a series."""
    return lambda scaler, series: LiveEncoder(embedder, scaler, series, length=length, device=device)

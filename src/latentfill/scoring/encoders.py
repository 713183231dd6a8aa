"""Encoders that are put side by side: opened before any work, and what each of them is fitted with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.series import Series
from latentfill.embeddings.live_encoder import NoEncoder, Reembedder, bytes_per_window, seconds_per_window
from latentfill.embeddings.protocols.embedder import Embedder
from latentfill.embeddings.protocols.encoder import Encoder, EncoderFactory
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.fingerprint import shares_cells
from latentfill.imputation.fit import shrink_to
from latentfill.imputation.fitted import Fitted
from latentfill.nn.runtime import pick_device
from latentfill.scoring.encoder_table import BUILTIN, NONE
from latentfill.scoring.scores import Score
from latentfill.strategies.candidates import needs_encoder
from latentfill.windows.cycles import clock_features
from latentfill.windows.windows import ScaledSeries, window_starts

if TYPE_CHECKING:
    import torch

SEARCHING = ("neighbours", "latent")  # strategies that move among embeddings, so that without any there are none


def open_encoders(
    names: Iterable[str], config: Config, series: Series, own: Mapping[str, Embedder]
) -> dict[str, EncoderFactory | None]:
    """What makes each encoder for a series, `none` first; None for the built-in one, which is trained on it.

    A name is `none`, `builtin`, one of your `own` embedders, or what `make_embedder` understands. All are opened now,
    so that one that cannot be is an `InputError` before any work.
    """
    device, length = pick_device(config.device), shrink_to(config, series.n_steps).length
    found: dict[str, EncoderFactory | None] = {NONE: lambda scaler, series: NoEncoder(device), BUILTIN: None}
    for name in names:
        if name not in found:
            embedder = own[name] if name in own else _opened(name, config, length)
            _check_fits(name, embedder, length)
            found[name] = _reembedding(embedder, length, device)
    return {name: found[name] for name in dict.fromkeys((NONE, *names))}


def works_on_one(strategy: str, config: Config) -> bool:
    """Whether a strategy works on an encoder, and so differs from one to another."""
    return needs_encoder(config.candidate_names if strategy == AUTO else (strategy,))


def settings_on(encoder: str, config: Config) -> Config:
    """The settings that strategies on an encoder are fitted with."""
    if encoder != NONE:
        return config
    left = (name for name in config.candidate_names if name not in SEARCHING)
    return replace(config, neighbours=0, candidates=",".join(left))


def strategies_on(encoder: str, strategies: Iterable[str], config: Config) -> tuple[str, ...]:
    """Which strategies are fitted on an encoder: those that differ by it, and on none all others, once.

    All of them where encoders are not put side by side, and the one there is has no name.
    """
    if not encoder:
        return tuple(strategies)
    if encoder == NONE:
        return tuple(name for name in strategies if name not in SEARCHING)
    return tuple(name for name in strategies if works_on_one(name, config) or name == "linear")


def cost_of(fitted: Fitted, series: Series) -> dict[str, Any]:
    """What an encoder takes for each window of a series it was fitted to, as fields of a `Score`."""
    encoder, config = fitted.encoder, fitted.config
    if encoder is None or isinstance(encoder, NoEncoder):
        return {}
    starts = window_starts(series.n_steps, config.length, config.stride)
    scaled, clock = fitted.scaler.apply(series.values), clock_features(series, fitted.cycles)
    seconds = seconds_per_window(encoder, ScaledSeries(scaled, clock).cut(starts, config.length))
    return {"window_seconds": seconds, "window_bytes": bytes_per_window(encoder.shape)}


def trained_on(encoder: Encoder | None, series: Series) -> bool:
    """Whether an encoder's weights were trained on cells of this very table, and so on some that are hidden."""
    from latentfill.embeddings.timekd.student import DistilledStudent

    student = encoder.embedder if isinstance(encoder, Reembedder) else None
    if not isinstance(student, DistilledStudent):
        return False
    seen = cast(Sequence[int], student.about.get("table_sketch", ()))
    return student.about.get("table_digest") == table_digest(series) or shares_cells(seen, series.values)


def with_ratios(scores: Sequence[Score]) -> list[Score]:
    """The scores of one run, those on an encoder with their squared error over that of the same on none."""
    alone = {(one.strategy, one.column, one.gap): one.mse for one in scores if one.encoder == NONE}

    def ratio(score: Score) -> float | None:
        mse = alone.get((score.strategy, score.column, score.gap))
        return score.mse / mse if score.encoder is not None and mse else None

    return [replace(score, ratio_to_none=ratio(score)) for score in scores]


def _opened(name: str, config: Config, length: int) -> Embedder:
    from latentfill.embeddings.registry import KINDS, make_embedder
    from latentfill.embeddings.spec import EncoderName

    kind, known = EncoderName.parse(name).kind, (NONE, BUILTIN, *KINDS)
    if kind not in known:
        raise InputError(f"--encoders: {did_you_mean('encoder', kind, known)}. Write KIND or KIND:WHERE.")
    if kind in (NONE, BUILTIN):
        raise InputError(f"--encoders: {kind} takes no settings, got {name!r}.")
    return make_embedder(name, config=config, length=length)


def _check_fits(name: str, embedder: Embedder, length: int) -> None:
    """Refuse an embedder of other windows, or one that looks ahead."""
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


def _reembedding(embedder: Embedder, length: int, device: torch.device) -> EncoderFactory:
    return lambda scaler, series: Reembedder(embedder, scaler, series, length=length, device=device)

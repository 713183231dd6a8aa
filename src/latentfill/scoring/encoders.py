"""Encoders to compare: opening them by name, the settings and strategies to fit on each, and their costs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict, cast

from latentfill.core.config import AUTO, Config
from latentfill.core.errors import InputError, did_you_mean
from latentfill.core.series import Series
from latentfill.embeddings.live_encoder import LiveEncoder, NoEncoder, bytes_per_window, seconds_per_window
from latentfill.embeddings.protocols.embedder import Embedder, fitted_to, reads_smoothed
from latentfill.embeddings.protocols.encoder import Encoder, EncoderFactory, WindowSmoother
from latentfill.embeddings.stored.digests import table_digest
from latentfill.embeddings.stored.fingerprint import shares_cells
from latentfill.imputation.fitting.fit import shrink_to
from latentfill.imputation.fitting.fitted import Fitted
from latentfill.nn.runtime import pick_device
from latentfill.scoring.encoder_table import BUILTIN, NONE
from latentfill.scoring.scores import Score
from latentfill.strategies.candidates import needs_encoder
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import window_starts

if TYPE_CHECKING:
    import torch

SEARCHING = ("neighbours", "latent")  # strategies that search among embeddings, and so need an encoder


def open_encoders(
    names: Iterable[str],
    config: Config,
    series: Series,
    embedders: Mapping[str, Embedder],
    *,
    trust_code: bool = False,
) -> dict[str, EncoderFactory | None]:
    """A factory for each encoder, by name, `none` first; None for the builtin one, which is trained on the series.

    A name is `none`, `builtin`, a key of `embedders`, or a name that `make_embedder` accepts. Raises an `InputError` if
    an encoder cannot be opened, reads windows of another length, or reads values after the window.
    """
    device, length = pick_device(config.device), shrink_to(config, series.n_steps).windows.length
    factories: dict[str, EncoderFactory | None] = {
        NONE: lambda scaler, series, make_smoother: NoEncoder(device),
        BUILTIN: None,
    }
    for name in names:
        if name not in factories:
            embedder = embedders[name] if name in embedders else _open(name, config, length, trust_code=trust_code)
            _check_fits(name, embedder, length)
            factories[name] = _factory(embedder, length, device)
    return {name: factories[name] for name in dict.fromkeys((NONE, *names))}


def uses_encoder(strategy: str, config: Config) -> bool:
    """Whether a strategy, or any candidate of `auto`, works on embeddings."""
    return needs_encoder(config.candidate_names if strategy == AUTO else (strategy,))


def settings_on(encoder: str, config: Config) -> Config:
    """The settings for a fit on an encoder; on `none` they leave out strategies that search among embeddings."""
    if encoder != NONE:
        return config
    remaining = (name for name in config.candidate_names if name not in SEARCHING)
    return config.replace(neighbours=0, candidates=tuple(remaining))


def strategies_on(encoder: str, strategies: Iterable[str], config: Config) -> tuple[str, ...]:
    """The strategies to fit on an encoder.

    On `none`: all strategies that do not search among embeddings. On any other encoder: the strategies that work on
    embeddings, and `linear` as the reference. For the empty name, which means that encoders are not compared: all.
    """
    if not encoder:
        return tuple(strategies)
    if encoder == NONE:
        return tuple(name for name in strategies if name not in SEARCHING)
    return tuple(name for name in strategies if uses_encoder(name, config) or name == "linear")


class WindowCost(TypedDict, total=False):
    """Cost of embedding one window; the keys are fields of `Score`. Empty without an encoder."""

    window_seconds: float
    window_bytes: int


def cost_of(fitted: Fitted, series: Series) -> WindowCost:
    """Time and size per window of a fitted model's encoder, measured on a series."""
    encoder, config = fitted.encoder, fitted.config
    if encoder is None or isinstance(encoder, NoEncoder):
        return {}
    starts = window_starts(series.n_steps, config.windows.length, config.windows.stride)
    seconds = seconds_per_window(encoder, fitted.scaled(series).cut(starts, config.windows.length))
    return {"window_seconds": seconds, "window_bytes": bytes_per_window(encoder.shape)}


def trained_on(encoder: Encoder | None, series: Series) -> bool:
    """Whether the encoder is a student that was distilled on cells of this series, and so maybe on hidden cells."""
    from latentfill.embeddings.timekd.student import DistilledStudent

    student = encoder.embedder if isinstance(encoder, LiveEncoder) else None
    if not isinstance(student, DistilledStudent):
        return False
    seen = cast(Sequence[int], student.about.get("table_sketch", ()))
    return student.about.get("table_digest") == table_digest(series) or shares_cells(seen, series.values)


def with_ratios(scores: Sequence[Score]) -> list[Score]:
    """The scores of one run with `ratio_to_none`: the MSE over the MSE of the same strategy on encoder `none`."""
    on_none = {(score.strategy, score.column, score.gap): score.mse for score in scores if score.encoder == NONE}

    def ratio(score: Score) -> float | None:
        """The ratio of one score; None if the strategy cannot run on `none`, or uses no encoder."""
        mse = on_none.get((score.strategy, score.column, score.gap))
        return score.mse / mse if score.encoder is not None and mse else None

    return [replace(score, ratio_to_none=ratio(score)) for score in scores]


def _open(name: str, config: Config, length: int, *, trust_code: bool) -> Embedder:
    """The embedder of this name; raises an `InputError` for an unknown kind."""
    from latentfill.embeddings.registry import KINDS, make_embedder
    from latentfill.embeddings.spec import EncoderName

    kind, known = EncoderName.parse(name).kind, (NONE, BUILTIN, *KINDS)
    if kind not in known:
        raise InputError(f"--encoders: {did_you_mean('encoder', kind, known)}. Write KIND or KIND:WHERE.")
    if kind in (NONE, BUILTIN):
        raise InputError(f"--encoders: {kind} takes no settings, got {name!r}.")
    return make_embedder(name, config=config, length=length, trust_code=trust_code)


def _check_fits(name: str, embedder: Embedder, length: int) -> None:
    """Raise an `InputError` if the embedder reads windows of another length, or values after the window."""
    if embedder.length not in (None, length):
        raise InputError(
            f"encoder {name!r} reads windows of {embedder.length} steps, but those of this table have {length}: "
            f"give --length {embedder.length} (and a table of at least twice as many rows), or leave it out."
        )
    if embedder.horizon:
        raise InputError(
            f"encoder {name!r} reads {embedder.horizon} steps after each window, and so values that may be hidden. "
            "Leave it out, or open it without privileged prompts."
        )


def _factory(embedder: Embedder, length: int, device: torch.device) -> EncoderFactory:
    """A factory of encoders that embed every window of a series with this embedder."""

    def make(scaler: ColumnScaler, series: Series, make_smoother: Callable[[], WindowSmoother]) -> LiveEncoder:
        smoother = make_smoother() if reads_smoothed(embedder) else None
        trained = fitted_to(embedder, series, scaler, length)
        return LiveEncoder(trained, scaler, series, length=length, device=device, smoother=smoother)

    return make

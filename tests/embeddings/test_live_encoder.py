"""An embedder as an encoder: it sees observed cells in original units, and each window only once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
import torch

from latentfill.core.errors import EmbeddingMismatchError, InputError
from latentfill.core.series import Series
from latentfill.embeddings import live_encoder
from latentfill.embeddings.live_encoder import LiveEncoder, NoEncoder, bytes_per_window, seconds_per_window
from latentfill.embeddings.protocols.embedder import RawWindows
from latentfill.embeddings.protocols.encoder import EncoderShape
from latentfill.embeddings.protocols.record import VectorArray
from latentfill.windows.scaling import ColumnScaler
from latentfill.windows.windows import ScaledSeries, Windows

CPU = torch.device("cpu")
LENGTH = 4


@dataclass
class Spy:
    """Embeds a column as its first two scaled steps, zeros in gaps, and records its inputs."""

    pooled: bool = False
    costly: bool = False
    name: str = "spy"
    settings: dict[str, object] = field(default_factory=dict)
    weights_digest: str | None = None
    saw: str = "observed"
    length: int | None = None
    horizon: int = 0
    seen: list[RawWindows] = field(default_factory=list)

    def embed(self, raw: RawWindows) -> VectorArray:
        self.seen.append(raw)
        z = np.nan_to_num(raw.scaled[:, :2]).transpose(0, 2, 1).astype(np.float32)
        return z.mean(axis=1, keepdims=True) if self.pooled else z


@pytest.fixture
def series() -> Series:
    """Twelve hours of whole numbers and of small fractions, with one missing cell."""
    whole = np.array([1.0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144])
    values = np.stack([whole, 1 / whole], axis=1)
    values[3, 1] = np.nan
    time = np.datetime64("2024-01-01T00", "ns") + np.arange(12) * np.timedelta64(1, "h")
    return Series(values, ("a", "b"), time, np.arange(12), np.timedelta64(1, "h"))


def encoder_of(series: Series, spy: Spy) -> LiveEncoder:
    """An encoder that has embedded nothing yet; the call that gave the vectors' shape is removed from the spy."""
    encoder = LiveEncoder(spy, ColumnScaler.fit(series.values), series, length=LENGTH, device=CPU)
    spy.seen.clear()
    return encoder


def windows_of(series: Series, *starts: int) -> Windows:
    scaled = ColumnScaler.fit(series.values).apply(series.values)
    return ScaledSeries(scaled, np.zeros((series.n_steps, 0))).cut(np.array(starts), LENGTH)


def test_an_embedder_sees_exact_values_and_time_stamps_of_the_table(series: Series):
    spy = Spy()
    encoder = encoder_of(series, spy)
    windows = windows_of(series, 1, 7)
    z = encoder.encode(windows).z
    (seen,) = spy.seen
    np.testing.assert_array_equal(seen.values, np.stack([series.values[1:5], series.values[7:11]]))
    np.testing.assert_array_equal(seen.scaled, windows.values)
    np.testing.assert_array_equal(seen.time, np.stack([series.time[1:5], series.time[7:11]]))
    np.testing.assert_array_equal(seen.unit, encoder.scaler.scale)
    assert (seen.columns, seen.step) == (("a", "b"), np.timedelta64(1, "h"))
    np.testing.assert_array_equal(z, np.nan_to_num(windows.values[:, :2].transpose(0, 2, 1)).astype(np.float32))


def test_smoothed_windows_have_estimates_in_gaps_and_exact_values_elsewhere(series: Series):
    class Sevens:
        """Estimates every cell as 0.7 scaled units."""

        def estimate(self, windows: Windows) -> np.ndarray:
            return np.full(windows.values.shape, 0.7)

    spy, scaler = Spy(), ColumnScaler.fit(series.values)
    encoder = LiveEncoder(spy, scaler, series, length=LENGTH, device=CPU, smoother=Sevens())
    windows = windows_of(series, 1, 7)
    encoder.encode(windows)
    smoothed = spy.seen[-1].smoothed
    expected = np.stack([series.values[1:5], series.values[7:11]])
    expected[0, 2, 1] = 0.7 * scaler.scale[1] + scaler.shift[1]
    np.testing.assert_array_equal(smoothed.values, expected)
    np.testing.assert_array_equal(smoothed.scaled, np.where(windows.observed, windows.values, 0.7))
    np.testing.assert_array_equal(spy.seen[-1].take(slice(1, 2)).smoothed.values, expected[1:])


def test_whole_numbers_survive_scaling(series: Series):
    """5 must not become 4.999..., which a prompt with truncated values would show as 4."""
    scaler = ColumnScaler.fit(series.values)
    assert (scaler.invert(scaler.apply(series.values))[:, 0] != series.values[:, 0]).any()
    spy = Spy()
    encoder_of(series, spy).encode(windows_of(series, *range(9)))
    assert (spy.seen[0].values[:, :, 0] == np.floor(spy.seen[0].values[:, :, 0])).all()


def test_hidden_cells_do_not_reach_an_embedder(series: Series):
    spy = Spy()
    encoder = encoder_of(series, spy)
    windows = windows_of(series, 0, 4)
    hidden = np.zeros(windows.values.shape, dtype=bool)
    hidden[0, 1:3, 0] = hidden[1, 0] = True
    encoder.encode(windows.without(hidden))
    (seen,) = spy.seen
    expected = hidden | np.isnan(windows.values)
    np.testing.assert_array_equal(np.isnan(seen.values), expected)
    np.testing.assert_array_equal(np.isnan(seen.scaled), expected)


def test_values_that_differ_from_the_series_are_taken_from_the_window(series: Series):
    spy = Spy()
    encoder = encoder_of(series, spy)
    windows = windows_of(series, 2)
    encoder.encode(replace(windows, values=windows.values + 1.0))
    expected = series.values[2:6] + encoder.scaler.scale
    np.testing.assert_allclose(spy.seen[0].values[0], expected)


def test_steps_after_the_series_have_the_last_time_stamp(series: Series):
    spy = Spy()
    encoder = encoder_of(series, spy)
    encoder.encode(replace(windows_of(series, 2), starts=np.array([10])))
    np.testing.assert_array_equal(spy.seen[0].time[0], series.time[[10, 11, 11, 11]])


def test_windows_of_a_series_without_time_stamps_have_none(series: Series):
    spy = Spy()
    plain = replace(series, time=None, step=None)
    encoder_of(plain, spy).encode(windows_of(plain, 2))
    assert (spy.seen[0].time, spy.seen[0].step) == (None, None)


def test_a_window_is_embedded_again_only_if_its_observed_cells_or_start_change(series: Series):
    spy = Spy()
    encoder = encoder_of(series, spy)
    windows = windows_of(series, 0, 4, 0)
    first = encoder.encode(windows).z
    assert [len(raw) for raw in spy.seen] == [2]
    torch.testing.assert_close(first[0], first[2])
    torch.testing.assert_close(encoder.encode(windows).z, first)
    assert encoder.windows == 2
    hidden = np.zeros((3, LENGTH, 2), dtype=bool)
    hidden[2, 0, 0] = True
    again = encoder.encode(windows.without(hidden)).z
    assert [len(raw) for raw in spy.seen] == [2, 1]
    torch.testing.assert_close(again[:2], first[:2])
    assert again[2, 0, 0] == 0
    moved = replace(windows.take(slice(0, 1)), starts=np.array([5]))  # the same values at another time
    encoder.encode(moved)
    assert encoder.windows == 4
    assert encoder.seconds > 0


def test_the_cache_of_vectors_is_limited(series: Series, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live_encoder, "MEMO_BYTES", 2 * 2 * 2 * 4)  # two windows
    spy = Spy()
    encoder = encoder_of(series, spy)
    whole = encoder.encode(windows_of(series, 0, 1, 2, 3)).z
    encoder.encode(windows_of(series, 2, 3))
    assert encoder.windows == 4
    encoder.encode(windows_of(series, 3))
    encoder.encode(windows_of(series, 4))  # drops window 2, the least recently used
    encoder.encode(windows_of(series, 3))
    assert encoder.windows == 5
    torch.testing.assert_close(encoder.encode(windows_of(series, 2)).z[0], whole[2])
    assert encoder.windows == 6


def test_many_windows_are_embedded_in_batches(series: Series, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live_encoder, "AT_ONCE", 3)
    spy = Spy()
    windows = windows_of(series, *range(8))
    z = encoder_of(series, spy).encode(windows).z
    assert [len(raw) for raw in spy.seen] == [3, 3, 2]
    np.testing.assert_array_equal(z[:, 0], windows.values[:, :2, 0].astype(np.float32))


def test_an_empty_batch_gives_no_vectors(series: Series):
    windows = windows_of(series, 0).take(slice(0, 0))
    assert encoder_of(series, Spy()).encode(windows).z.shape == (0, 2, 2)


@pytest.mark.parametrize(("pooled", "columns"), [(False, 2), (True, 1)])
def test_the_shape_of_the_encoder_comes_from_the_vectors(series: Series, pooled: bool, columns: int):
    encoder = encoder_of(series, Spy(pooled=pooled, costly=True))
    assert encoder.shape == EncoderShape(columns=columns, dim=2, decodes=False, costly=True)
    assert encoder.encode(windows_of(series, 0, 1, 2)).z.shape == (3, columns, 2)
    assert bytes_per_window(encoder.shape) == columns * 2 * 4
    assert encoder.windows == 3  # the window that gave the shape is not counted


def test_vectors_of_another_shape_are_refused(series: Series):
    encoder = encoder_of(series, spy := Spy())
    spy.embed = lambda raw: np.zeros((len(raw), 2, 3), np.float32)
    with pytest.raises(EmbeddingMismatchError, match=r"'spy' gave an array of shape \(2, 2, 3\), not \(2, 2, 2\)"):
        encoder.encode(windows_of(series, 0, 1))
    spy.embed = lambda raw: np.zeros((len(raw), 2), np.float32)
    with pytest.raises(EmbeddingMismatchError, match=r"shape \(1, 2\), not \(windows, variables, size\)"):
        encoder_of(series, spy)


def test_vectors_that_are_not_finite_are_refused(series: Series):
    encoder = encoder_of(series, spy := Spy())
    spy.embed = lambda raw: raw.scaled[:, :2].transpose(0, 2, 1).astype(np.float32)
    with pytest.raises(InputError, match=r"'spy' gave vectors with values that are not finite. Windows have gaps"):
        encoder.encode(windows_of(series, 2))


def test_no_encoder_returns_zeros(series: Series):
    encoder = NoEncoder(CPU)
    assert encoder.encode(windows_of(series, 0, 3)).z.tolist() == [[[0.0]], [[0.0]]]
    assert (encoder.shape.columns, encoder.shape.dim, encoder.shape.decodes) == (1, 1, False)


def test_seconds_per_window_are_averaged_or_measured(series: Series):
    encoder = encoder_of(series, Spy())
    encoder.windows, encoder.seconds = 4, 2.0
    assert seconds_per_window(encoder, windows_of(series, 0)) == 0.5
    assert 0 < seconds_per_window(NoEncoder(CPU), windows_of(series, 0, 1)) < 1

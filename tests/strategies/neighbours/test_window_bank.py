from __future__ import annotations

import pickle
from copy import deepcopy

import numpy as np
import pytest
import torch
from torch import Tensor

from latentfill.embeddings.protocols.encoder import Encoded, EncoderShape
from latentfill.strategies.neighbours import window_bank
from latentfill.strategies.neighbours.rules import BANK_STRIDE, KEY_SIZE, Rules
from latentfill.strategies.neighbours.search import index_folder, indexed
from latentfill.strategies.neighbours.search.exact import recall
from latentfill.strategies.neighbours.votes import Queries
from latentfill.strategies.neighbours.window_bank import WindowBank
from latentfill.windows.windows import ScaledSeries, Windows

L, D = 12, 5
CPU = torch.device("cpu")


class Projecting:
    """An encoder that projects each column's window, without its mean, onto fixed directions."""

    def __init__(self, columns: int, offset: float = 0.0) -> None:
        self.offset = offset
        self.shape = EncoderShape(columns=columns, dim=D, decodes=False)
        self.directions = torch.randn(L, D, generator=torch.Generator().manual_seed(3))

    def encode(self, windows: Windows) -> Encoded:
        values = torch.tensor(windows.values, dtype=torch.float32)
        count = (~values.isnan()).sum(1, keepdim=True).clamp(min=1)
        flat = torch.where(values.isnan(), 0.0, values - values.nansum(1, keepdim=True) / count)
        return Encoded(flat.transpose(1, 2) @ self.directions + self.offset)


def windows_of(series: np.ndarray, starts: np.ndarray | None = None) -> Windows:
    starts = np.arange(len(series) - L + 1) if starts is None else starts
    return ScaledSeries(series, np.zeros((len(series), 0))).cut(starts, L)


def bank_of(series: np.ndarray) -> WindowBank:
    return WindowBank.of(windows_of(series), Projecting(series.shape[1]), CPU)


def lookup(bank: WindowBank, windows: Windows, k: int = 4) -> tuple[Tensor, Tensor]:
    """Mean and spread of the nearest windows."""
    z = Projecting(windows.values.shape[2]).encode(windows).z
    observed = torch.from_numpy(windows.observed)
    values = torch.from_numpy(np.nan_to_num(windows.values)).float()
    return bank.lookup(Queries(z, values, observed, torch.from_numpy(windows.starts)), k)


def waves(n_steps: int = 240) -> np.ndarray:
    """Two columns that repeat every 24 steps."""
    angle = 2 * np.pi * np.arange(n_steps)[:, None] / 24
    return np.concatenate([np.sin(angle), np.cos(angle) + 0.5 * np.sin(3 * angle)], axis=1)


def gap(windows: Windows, columns: slice = slice(None)) -> np.ndarray:
    hidden = np.zeros(windows.values.shape, dtype=bool)
    hidden[:, 4:8, columns] = True
    return hidden


def bank_with(*windows: list[float], keys: list[list[float]] | None = None, starts: list[int] | None = None):
    """A bank of windows (one column of `L` cells, NaN where missing), far from the step 0 of the queries.

    Keys are embeddings of two numbers, by default all equal.
    """
    n = len(windows)
    bank = WindowBank(n, len(windows[0]), 1, 2)
    keys = keys or [[1.0, 0.0]] * n
    bank.keys = torch.tensor(keys)
    bank.components = torch.eye(2)
    bank.values.copy_(torch.tensor(windows)[:, :, None])
    bank.starts.copy_(torch.tensor(starts or [1000 * (i + 1) for i in range(n)]))
    return bank


def lookup_one(
    bank: WindowBank, window: list[float], k: int, key: tuple[float, float] = (1.0, 0.0)
) -> tuple[Tensor, Tensor]:
    """Mean and spread of the windows nearest to one window of one column, at step 0."""
    values = torch.tensor(window)[None, :, None]
    z = torch.tensor(key)[None, None]
    mean, spread = bank.lookup(Queries(z, values.nan_to_num(), ~values.isnan(), torch.tensor([0])), k)
    return mean.flatten(), spread.flatten()


NAN = torch.nan


@pytest.mark.parametrize("rules", [Rules(), Rules(key_size=None, search="faiss", count=300)], ids=["exact", "index"])
def test_windows_that_overlap_are_never_neighbours(rules: Rules):
    """Marked values in overlapping windows must not change the result."""
    if rules.search == "faiss":
        pytest.importorskip("faiss")
    series = waves()
    bank = WindowBank.of(windows_of(series), Projecting(2), CPU, rules)
    queries = windows_of(series, np.array([0, 100, len(series) - L]))
    queries = queries.without(gap(queries))
    mean, spread = lookup(bank, queries, k=len(bank.keys))
    for i, start in enumerate(queries.starts):
        marked = deepcopy(bank)
        overlapping = (marked.starts - int(start)).abs() < L
        assert overlapping.sum() >= 2
        marked.values[overlapping] = 1e6
        other, other_spread = lookup(marked, queries.take(slice(i, i + 1)), k=len(bank.keys))
        torch.testing.assert_close(other[0], mean[i])
        torch.testing.assert_close(other_spread[0], spread[i])


@pytest.mark.parametrize(("apart", "is_neighbour"), [(-3, False), (3, False), (-4, True), (4, True)])
def test_only_windows_without_a_common_step_are_neighbours(apart: int, is_neighbour: bool):
    bank = bank_with([1.0, 1.0, 1.0, 1.0], starts=[100 + apart])
    z, values = torch.tensor([[[1.0, 0.0]]]), torch.ones(1, 4, 1)
    mean, _ = bank.lookup(Queries(z, values, torch.ones(1, 4, 1, dtype=torch.bool), torch.tensor([100])), 1)
    assert bool(mean.isfinite().all()) == is_neighbour


def test_overlapping_windows_do_not_take_the_place_of_others():
    bank = bank_with([9.0] * 4, [9.0] * 4, [1.0, 2.0, 3.0, 4.0], keys=[[1, 0], [1, 0], [0.6, 0.8]], starts=[0, 2, 50])
    mean, _ = lookup_one(bank, [1.0, NAN, 3.0, 4.0], k=1)
    torch.testing.assert_close(mean, torch.tensor([1.0, 2.0, 3.0, 4.0]))


def test_a_series_that_repeats_fills_its_hidden_cells():
    series = waves()
    queries = windows_of(series, np.arange(0, 229, 24))  # at multiples of the bank's stride and of the period
    mean, spread = lookup(bank_of(series), queries.without(gap(queries, slice(0, 1))))
    np.testing.assert_allclose(mean.numpy(), queries.values, atol=0.01)
    assert spread.max() < 0.01


def test_a_neighbour_is_shifted_to_the_level_of_the_window():
    # three common cells with a shift of 10, and the pseudo-observation of no shift: 30 / 4
    mean, _ = lookup_one(bank_with([1.0, 2.0, 3.0, 4.0]), [11.0, 12.0, NAN, 14.0], k=1)
    assert mean.tolist() == [8.5, 9.5, 10.5, 11.5]


def test_each_column_of_a_neighbour_is_shifted_by_itself():
    bank = WindowBank(1, 2, 3, 1)
    bank.values.copy_(torch.tensor([[[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]]]))
    bank.starts += 50
    values = torch.tensor([[[3.0, -5.0, 0.0], [0.0, -4.0, 0.0]]])
    observed = torch.tensor([[[True, True, False], [False, True, False]]])
    mean, _ = bank.lookup(Queries(torch.zeros(1, 1, 1), values, observed, torch.tensor([0])), 1)
    # shifts 2 / (1 + 1) and -12 / (2 + 1), and no shift without common cells
    assert mean[0].tolist() == [[2.0, -3.0, 1.0], [3.0, -2.0, 2.0]]


def test_missing_cells_of_a_neighbour_do_not_count():
    bank = bank_with([1.0, 2.0, 5.0, 4.0], [1.0, 2.0, NAN, 4.0])
    mean, spread = lookup_one(bank, [1.0, 2.0, NAN, NAN], k=2)
    torch.testing.assert_close(mean, torch.tensor([1.0, 2.0, 5.0, 4.0]))
    assert spread[2] == 0


def test_the_mean_is_nan_only_where_all_neighbours_are_missing():
    bank = bank_with([1.0, 2.0, NAN, 4.0], [1.0, 2.0, NAN, NAN])
    mean, spread = lookup_one(bank, [1.0, 2.0, NAN, NAN], k=2)
    assert mean.isnan().tolist() == spread.isnan().tolist() == [False, False, True, False]


def test_the_spread_is_the_standard_deviation_of_the_neighbours():
    mean, spread = lookup_one(bank_with([1.0, 1.0, 2.0], [1.0, 1.0, 8.0]), [1.0, 1.0, NAN], k=2)
    torch.testing.assert_close(mean, torch.tensor([1.0, 1.0, 5.0]))
    torch.testing.assert_close(spread, torch.tensor([0.0, 0.0, 3.0]))


def test_neighbours_that_differ_only_in_level_have_a_small_spread():
    # 1000 observed cells outweigh the pseudo-observation of no shift: both come within 0.01 of 0 and of each other
    window = [0.0] * 1000 + [NAN]
    mean, spread = lookup_one(bank_with([5.0] * 1001, [-5.0] * 1001), window, k=2)
    assert mean.abs().max() < 0.01
    assert spread.max() < 0.01


def test_a_neighbour_that_fits_the_observed_cells_better_counts_more():
    # the first fits exactly; the second is off by (-1, 1, 0) around its level: misfit 2 / 3 to at least 1e-3
    mean, _ = lookup_one(bank_with([1.0, 1.0, 1.0, 2.0], [2.0, 0.0, 1.0, 7.0]), [1.0, 1.0, 1.0, NAN], k=2)
    torch.testing.assert_close(mean[3], torch.tensor(2.0))
    # misfits 2 / 3 and 8 / 3: weights exp(-2) and exp(-8)
    mean, _ = lookup_one(bank_with([2.0, 0.0, 1.0, 2.0], [3.0, -1.0, 1.0, 7.0]), [1.0, 1.0, 1.0, NAN], k=2)
    torch.testing.assert_close(mean[3], torch.tensor((2 + 7 * np.exp(-6)) / (1 + np.exp(-6)), dtype=torch.float32))


def test_neighbours_are_weighted_by_shape_and_not_by_level():
    # the first has the shape of the window, but is 2 higher; the second has its level, but another shape
    bank = bank_with([2.0, 3.0, 4.0, 5.0] * 5, [1.0, 0.0, 3.0, 2.0] * 5)
    mean, _ = lookup_one(bank, [NAN, 1.0, 2.0, 3.0] + [0.0, 1.0, 2.0, 3.0] * 4, k=2)
    assert mean[0].item() == pytest.approx(2 - 2 * 19 / 20, abs=0.01)


def test_only_the_k_nearest_windows_count():
    bank = bank_with([1.0, 5.0], [1.0, 7.0], [1.0, 9.0], keys=[[0.0, 1.0], [1.0, 0.0], [0.6, 0.8]])
    assert lookup_one(bank, [1.0, NAN], k=1)[0][1] == 7
    assert lookup_one(bank, [1.0, NAN], k=1, key=(0.0, 3.0))[0][1] == 5
    torch.testing.assert_close(lookup_one(bank, [1.0, NAN], k=2)[0][1], torch.tensor(8.0))


def test_a_lookup_of_more_neighbours_than_windows_uses_the_whole_bank():
    series = waves(60)
    bank, queries = bank_of(series), windows_of(series)
    queries = queries.without(gap(queries))
    for found, other in zip(lookup(bank, queries, k=1000), lookup(bank, queries, k=len(bank.keys)), strict=True):
        torch.testing.assert_close(found, other, equal_nan=True)


def test_a_lookup_in_parts_gives_the_same_result(monkeypatch: pytest.MonkeyPatch):
    series = np.random.default_rng(1).normal(size=(100, 2))
    bank, queries = bank_of(series), windows_of(series)
    queries = queries.without(gap(queries))
    whole = lookup(bank, queries)
    monkeypatch.setattr(window_bank, "GATHERED_AT_ONCE", 4 * L * 2 * 5)  # five windows
    for found, other in zip(lookup(bank, queries), whole, strict=True):
        torch.testing.assert_close(found, other, equal_nan=True)


def test_no_windows_get_no_estimates():
    mean, spread = lookup(bank_of(waves()), windows_of(waves(), np.array([], dtype=np.int64)))
    assert (mean.shape, spread.shape) == ((0, L, 2), (0, L, 2))


def test_a_bank_keeps_evenly_spaced_windows_and_their_starts():
    series = waves(100)
    bank = bank_of(series)
    assert bank.starts.tolist() == list(range(0, 100 - L + 1, BANK_STRIDE))
    for start, values in zip(bank.starts.tolist(), bank.values, strict=True):
        np.testing.assert_allclose(values, series[start : start + L], rtol=1e-6, atol=1e-6)


def test_a_bank_keeps_no_more_cells_than_allowed():
    starts = WindowBank.of(windows_of(waves()), Projecting(2), CPU, Rules(cells=7 * L * 2)).starts
    assert 4 <= len(starts) <= 7
    assert len(set(starts.diff().tolist())) == 1


def test_empty_windows_are_left_out_of_the_bank():
    series = waves(100)
    series[20:60] = np.nan
    bank = bank_of(series)
    assert len(bank.keys) > 0
    assert not bank.values.isnan().flatten(1).all(1).any()
    assert not {20, 24, 28, 32, 36, 40, 44, 48} & set(bank.starts.tolist())


def test_a_series_of_empty_windows_makes_an_empty_bank():
    bank = bank_of(np.full((50, 2), np.nan))
    assert len(bank.keys) == len(bank.values) == len(bank.starts) == 0


def test_a_bank_of_one_window_is_enough():
    series = waves()
    bank = WindowBank.of(windows_of(series, np.array([0])), Projecting(2), CPU)
    queries = windows_of(series, np.array([96]))
    mean, _ = lookup(bank, queries.without(gap(queries)))
    np.testing.assert_allclose(mean.numpy(), queries.values, atol=0.01)


def test_keys_have_norm_one_and_few_components():
    bank = bank_of(np.random.default_rng(0).normal(size=(400, 20)))
    assert bank.keys.shape[1] == min(KEY_SIZE, 20 * D)
    torch.testing.assert_close(bank.keys.norm(dim=1), torch.ones(len(bank.keys)))


def test_the_mean_embedding_does_not_make_windows_similar():
    queries = windows_of(waves(), np.array([8, 40, 100]))
    found = []
    for encoder in (Projecting(2), Projecting(2, offset=50.0)):
        bank = WindowBank.of(windows_of(waves()), encoder, CPU)
        found.append(bank.keys_of(encoder.encode(queries).z.flatten(1)) @ bank.keys.T)
    torch.testing.assert_close(found[0], found[1], rtol=0, atol=1e-3)


def test_a_reloaded_bank_gives_identical_results():
    series = waves()
    series[50:70, 0] = np.nan
    bank = bank_of(series)
    back = WindowBank(len(bank.keys), L, 2, 2 * D)
    back.load_state_dict(bank.state_dict())
    queries = windows_of(series)
    queries = queries.without(gap(queries))
    for found, other in zip(lookup(back, queries), lookup(bank, queries), strict=True):
        torch.testing.assert_close(found, other, rtol=0, atol=0, equal_nan=True)


# --- keys on disk -------------------------------------------------------------------------------------------


def noisy(n_steps: int = 900) -> np.ndarray:
    return np.tile(waves(), (4, 1))[:n_steps] + 0.2 * np.random.default_rng(0).normal(size=(n_steps, 2))


@pytest.fixture
def indexed_bank(monkeypatch: pytest.MonkeyPatch) -> WindowBank:
    """A bank of 889 windows, with the number above which keys lie on disk turned down, and the shards too."""
    pytest.importorskip("faiss")
    monkeypatch.setattr(indexed, "EXACT_UP_TO", 100)
    monkeypatch.setattr(index_folder, "SHARD_BYTES", 4 * 2 * D * 250)  # 250 rows
    rules = Rules(key_size=None, search="auto", stride=1)
    return WindowBank.of(windows_of(noisy()), Projecting(2), CPU, rules)


def test_keys_on_disk_are_those_in_memory(indexed_bank: WindowBank):
    rules = Rules(key_size=None, search="exact", stride=1)
    in_memory = WindowBank.of(windows_of(noisy()), Projecting(2), CPU, rules)
    assert indexed_bank.keys.shape == in_memory.keys.shape == (889, 2 * D)
    for name, expected in in_memory.state_dict().items():
        torch.testing.assert_close(indexed_bank.state_dict()[name], expected, atol=1e-5, rtol=1e-5, equal_nan=True)


def test_an_index_gives_the_neighbours_of_exact_search_that_do_not_overlap(indexed_bank: WindowBank):
    exact = WindowBank.of(
        windows_of(noisy()), Projecting(2), CPU, Rules(key_size=None, search="exact", stride=1, count=10)
    )
    queries = windows_of(noisy(), np.arange(0, 889, 40))
    z, observed = Projecting(2).encode(queries).z, torch.from_numpy(queries.observed)
    asked = Queries(z, torch.tensor(queries.values).float(), observed, torch.from_numpy(queries.starts))
    found, expected = indexed_bank.vote(asked, 10), exact.vote(asked, 10)
    apart = (asked.starts[:, None] - indexed_bank.starts[found.index]).abs()
    assert (apart >= L).all()
    assert recall(found.index, expected.index) > 0.95
    assert len(indexed_bank.search.shards) == 4


def test_a_bank_on_disk_can_be_copied_and_pickled(indexed_bank: WindowBank):
    expected = indexed_bank.search.nearest(indexed_bank.keys[:20], 5)
    for copy in (deepcopy(indexed_bank), pickle.loads(pickle.dumps(indexed_bank))):
        found = copy.search.nearest(copy.keys[:20], 5)
        assert torch.equal(found[1], expected[1])
        torch.testing.assert_close(found[0], expected[0])

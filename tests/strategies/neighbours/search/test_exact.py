from __future__ import annotations

import pytest
import torch

from latentfill.strategies.neighbours.search import exact
from latentfill.strategies.neighbours.search.exact import Exact, recall


def keys(n: int = 300, size: int = 8, *, unit: bool = True) -> torch.Tensor:
    found = torch.randn(n, size, generator=torch.Generator().manual_seed(0))
    return torch.nn.functional.normalize(found, dim=1) if unit else found


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_exact_search_finds_what_a_full_sort_finds(metric: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exact, "BLOCK", 7 * 300)  # seven queries at a time
    stored, queries = keys(unit=metric == "cosine"), keys(20, unit=metric == "cosine") + 0.1
    similarities = queries @ stored.T if metric == "cosine" else -torch.cdist(queries, stored).square()
    similarity, index = Exact(stored, metric).nearest(queries, 5)
    torch.testing.assert_close(
        similarity, similarities.sort(dim=1, descending=True).values[:, :5], atol=1e-4, rtol=1e-4
    )
    torch.testing.assert_close(similarities.gather(1, index), similarity, atol=1e-4, rtol=1e-4)


def test_a_search_for_more_keys_than_exist_returns_all_keys():
    similarity, index = Exact(keys(4), "cosine").nearest(keys(4), 10)
    assert similarity.shape == index.shape == (4, 4)
    assert (similarity.diff(dim=1) <= 0).all()


def test_recall_is_the_share_of_exact_neighbours_that_was_found():
    found, exact = torch.tensor([[1, 2], [3, 9]]), torch.tensor([[2, 1], [3, 4]])
    assert recall(found, exact) == 0.75

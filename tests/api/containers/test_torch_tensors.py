"""Tensors come back as tensors."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import latentfill
from latentfill import Imputer, InputError


@pytest.fixture
def tensor() -> torch.Tensor:
    """Lines in 40 steps of three columns, with gaps that linear interpolation fills exactly."""
    lines = torch.arange(40.0, dtype=torch.float64)[:, None] * torch.tensor([0.5, 1, -2])
    lines[10:13, 0] = torch.nan
    lines[20, 2] = torch.nan
    return lines


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64], ids=str)
def test_the_type_is_kept_and_no_gradient_is_needed(tensor: torch.Tensor, dtype: torch.dtype):
    given = torch.nn.Parameter(tensor.to(dtype))
    before = given.detach().clone()
    filled = latentfill.impute(given, strategy="linear")
    assert type(filled) is torch.Tensor
    assert (filled.dtype, filled.device, filled.requires_grad) == (dtype, given.device, False)
    expected = torch.arange(40.0)[:, None] * torch.tensor([0.5, 1, -2])
    torch.testing.assert_close(filled.float(), expected, rtol=0.01, atol=0)
    observed = ~before.isnan()
    assert (filled[observed] == before[observed]).all()
    assert (given.detach().isnan() == before.isnan()).all()  # the given tensor is not changed


def test_many_series_are_three_dimensions(tensor: torch.Tensor):
    many = torch.stack([tensor, 2 * tensor])
    filled = latentfill.impute(many, strategy="linear")
    assert filled.shape == many.shape
    np.testing.assert_array_equal(filled, latentfill.impute(many.numpy(), strategy="linear"))


def test_the_imputer_gives_a_tensor(tensor: torch.Tensor):
    imputer = Imputer(strategy="linear")
    filled = imputer.fit_transform(tensor.float())
    assert filled.dtype == torch.float32
    torch.testing.assert_close(filled, imputer.transform(tensor.float()))
    assert list(imputer.get_feature_names_out()) == ["x0", "x1", "x2"]
    with pytest.raises(InputError, match=r"array of shape \(1, 40, 3\).*latentfill.impute"):
        imputer.fit(tensor[None])


def test_whole_numbers_stay_whole_and_have_no_gaps():
    counts = torch.from_numpy(np.random.default_rng(0).integers(0, 100, (120, 2)))
    assert latentfill.impute(counts) is not counts
    assert torch.equal(latentfill.impute(counts), counts)
    gappy = counts.float()
    gappy[40:45, 0] = torch.nan
    filled = latentfill.impute(gappy, strategy="linear")
    assert torch.equal(filled, filled.round())


def test_what_holds_no_dense_numbers_is_refused(tensor: torch.Tensor):
    with pytest.raises(InputError, match=r"layout torch.sparse_coo.*to_dense"):
        latentfill.impute(tensor.nan_to_num().to_sparse())
    with pytest.raises(InputError, match="bool of shape"):
        latentfill.impute(tensor > 0)


def test_scores_are_those_of_the_array(tensor: torch.Tensor):
    of_tensor = latentfill.evaluate(tensor, strategies=["linear"], rates=[0.2])
    assert of_tensor.equals(latentfill.evaluate(tensor.numpy(), strategies=["linear"], rates=[0.2]))

"""Outputs of encoders: which outputs are valid embeddings."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.external.outputs import OutputReader

TOGETHER, BY_COLUMN = OutputReader("the encoder", False), OutputReader("the encoder", True)


@pytest.mark.parametrize(
    "output",
    [
        torch.ones(2, 3),
        np.ones((2, 3), np.float32),
        (torch.ones(2, 3),),
        {"vectors": torch.ones(2, 3), "about": "them"},
    ],
)
def test_a_single_tensor_is_found_in_any_container(output: object):
    torch.testing.assert_close(TOGETHER.tensor_in(output), torch.ones(2, 3))


@pytest.mark.parametrize("output", [(torch.ones(2), torch.ones(2)), 3.0, None])
def test_an_output_without_exactly_one_tensor_is_refused(output: object):
    with pytest.raises(InputError, match=rf"returns a {type(output).__name__} with (2|0) tensors instead of one"):
        TOGETHER.tensor_in(output)


def test_outputs_with_a_vector_per_window_or_per_column_are_accepted():
    assert TOGETHER.embeddings(torch.ones(2, 5), windows=2, columns=3).shape == (2, 1, 5)
    assert TOGETHER.embeddings(torch.ones(2, 3, 5), windows=2, columns=3).shape == (2, 3, 5)
    assert BY_COLUMN.embeddings(torch.ones(6, 5), windows=2, columns=3).shape == (2, 3, 5)


def test_patches_are_averaged():
    output = torch.arange(2 * 3 * 4 * 5.0).reshape(2, 3, 4, 5)
    torch.testing.assert_close(TOGETHER.embeddings(output, windows=2, columns=3), output.mean(dim=2))
    found = BY_COLUMN.embeddings(output.reshape(6, 4, 5), windows=2, columns=3)
    torch.testing.assert_close(found, output.mean(dim=2))


@pytest.mark.parametrize("shape", [(2,), (3, 5), (2, 2, 5), (2, 3, 0), (2, 3, 4, 5, 6)])
def test_other_shapes_are_refused_with_the_accepted_shapes(shape: tuple[int, ...]):
    with pytest.raises(InputError, match=r"returns shape .* for 2 windows of 3 columns.*\(B, C, D\).*B=2, C=3"):
        TOGETHER.embeddings(torch.ones(shape), windows=2, columns=3)

"""Any torch module or function as an embedder: valid outputs, and encoders that are refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from latentfill.core.errors import InputError
from latentfill.embeddings.external.opened import OpenedEncoder
from latentfill.embeddings.external.torch_module import ModuleEmbedder
from latentfill.embeddings.protocols.embedder import RawWindows

CPU = torch.device("cpu")


class Mixing(nn.Module):
    """(B, L, C) -> (B, C, size): a linear layer over the steps of each column."""

    def __init__(self, length: int = 4, size: int = 3, dropout: float = 0.5) -> None:
        super().__init__()
        self.mix = nn.Linear(length, size)
        self.drop = nn.Dropout(dropout)

    def forward(self, values: Tensor) -> Tensor:
        return self.drop(self.mix(values.transpose(1, 2)))


def embedder(call: Callable[..., object], inputs: str | None = None) -> ModuleEmbedder:
    return ModuleEmbedder(OpenedEncoder(call, {"module": "tests.call"}), "module", CPU, inputs)


def test_several_views_are_passed_in_order(raw: RawWindows):
    found = embedder(lambda filled, observed: filled.sum(2) - observed.sum(2), " filled , observed : bcl ").embed(raw)
    np.testing.assert_allclose(found[:, 0], [[10 - 3, 0], [0.8 - 4, 0.8 - 4]], rtol=1e-6)


@pytest.mark.parametrize(
    ("inputs", "call", "shape"),
    [
        ("filled:BLC", lambda x: x.mean(1), (2, 1, 2)),
        ("filled:BCL", lambda x: x, (2, 2, 4)),
        ("filled:BCL", lambda x: x.flatten(1)[:, None], (2, 1, 8)),
        ("filled:BCL", lambda x: x[..., None].expand(-1, 2, 4, 5), (2, 2, 5)),
        ("filled:BCL", lambda x: x.reshape(-1, 1, 8, 1), (2, 1, 1)),
        ("filled:NL", lambda x: x[:, :3], (2, 2, 3)),
        ("filled:NL1", lambda x: x, (2, 2, 1)),
        ("filled:NL", lambda x: (x[:, :3],), (2, 2, 3)),
        ("filled:NL", lambda x: {"vectors": x[:, :3], "about": "them"}, (2, 2, 3)),
        ("filled:NL", lambda x: np.asarray(x)[:, :3], (2, 2, 3)),
        ("filled:NL", lambda x: x.double(), (2, 2, 4)),
        ("filled:NL", lambda x: x.bfloat16(), (2, 2, 4)),
        ("observed:NL", lambda x: x.long(), (2, 2, 4)),
    ],
)
def test_pooled_and_per_column_vectors_are_accepted(
    raw: RawWindows, inputs: str, call: Callable[..., object], shape: tuple[int, ...]
):
    found = embedder(call, inputs).embed(raw)
    assert (found.shape, found.dtype, found.flags["C_CONTIGUOUS"]) == (shape, np.float32, True)


def test_patches_are_averaged(raw: RawWindows):
    found = embedder(lambda x: x.reshape(-1, 2, 2, 2), "filled:BCL").embed(raw)
    np.testing.assert_allclose(found[0, 0], [(1 + 3) / 2, (2 + 4) / 2])
    np.testing.assert_array_equal(found, embedder(lambda x: x.reshape(-1, 2, 2), "filled:NL").embed(raw))


@pytest.mark.parametrize(
    ("call", "inputs", "message"),
    [
        (
            lambda x: x[:, 0, 0],
            "filled:BLC",
            r"encoder module:tests.call returns shape \(2,\) for 2 windows of 2 columns",
        ),
        (lambda x: x, "filled:BLC", r"shape \(2, 4, 2\).*\(B, D\), \(B, C, D\) or \(B, C, patches, D\) with B=2, C=2"),
        (lambda x: x.flatten(0, 1), "filled:BLC", r"shape \(8, 2\)"),
        (lambda x: x.mean(), "filled:BLC", r"shape \(1,\)"),
        (lambda x: x[:, :0], "filled:BCL", r"shape \(2, 0, 4\)"),
        (lambda x: x[:3], "filled:NL", r"shape \(3, 4\).*\(N, D\) or \(N, patches, D\) with N=4, B=2, C=2"),
        (lambda x: x.to(torch.complex64), "filled:NL", r"must return real numbers"),
        (lambda x: (x, x), "filled:BCL", r"returns a tuple with 2 tensors instead of one"),
        (lambda x: x.mean().item(), "filled:BCL", r"returns a float with 0 tensors"),
    ],
)
def test_invalid_outputs_are_refused(raw: RawWindows, call: Callable[..., object], inputs: str, message: str):
    with pytest.raises(InputError, match=message):
        embedder(call, inputs).embed(raw)


def test_values_that_are_not_finite_are_refused_with_the_number_of_windows(raw: RawWindows):
    with pytest.raises(InputError, match=r"not finite for 1 of 2 windows.*--inputs filled:BLC"):
        embedder(lambda x: x.sum(1), "raw:BLC").embed(raw)


def test_an_encoder_that_fails_is_reported_with_its_error(raw: RawWindows):
    with pytest.raises(InputError, match=r"cannot take filled \(2, 2, 4\): RuntimeError: mat1 and mat2.*--inputs"):
        embedder(Mixing(4), "filled:BCL").embed(raw)


def test_a_random_encoder_is_refused(many: RawWindows):
    for dropout in (0.1, 0.5):
        with pytest.raises(InputError, match=r"returns other vectors in a second call, because of dropout"):
            embedder(Mixing(dropout=dropout).train(), "filled:BLC").embed(many)


def test_an_encoder_that_depends_on_other_windows_is_refused(many: RawWindows):
    with pytest.raises(InputError, match=r"depend on the other windows"):
        embedder(lambda x: x.mean(1) - x.mean((0, 1))).embed(many)
    encoder = embedder(lambda x: x.mean(1) - x.mean((0, 1)))
    encoder.embed(many.take(slice(0, 1)))  # a single window cannot show a dependence
    with pytest.raises(InputError, match=r"depend on the other windows"):
        encoder.embed(many)


def test_a_windows_vector_does_not_depend_on_the_batch(many: RawWindows, monkeypatch: pytest.MonkeyPatch):
    encoder = embedder(Mixing().eval())
    whole = encoder.embed(many)
    assert whole.shape == (30, 3, 3)
    monkeypatch.setattr("latentfill.embeddings.external.torch_module.CELLS", 4 * 3 * 7)  # seven windows at a time
    np.testing.assert_allclose(encoder.embed(many), whole, rtol=1e-5, atol=1e-6)

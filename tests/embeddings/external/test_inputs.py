"""Inputs of encoders: views of a window, and the order of their axes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.external.inputs import Inputs
from latentfill.embeddings.protocols.embedder import FilledWindows, RawWindows

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("view", "first", "second"),
    [
        ("filled", [[1, 2, 3, 4], [0, 0, 0, 0]], [[0, 0, 0, 0.8], [0.1, 0.1, 0.3, 0.3]]),
        ("scaled", [[1, 0, 3, 4], [0, 0, 0, 0]], [[0, 0, 0, 0.8], [0.1, 0.1, 0.3, 0.3]]),
        ("raw", [[10, np.nan, 30, 40], [np.nan] * 4], [[0, 0, 0, 8], [1, 1, 3, 3]]),
        ("observed", [[1, 0, 1, 1], [0, 0, 0, 0]], [[1, 1, 1, 1], [1, 1, 1, 1]]),
    ],
)
def test_views_of_a_window(raw: RawWindows, view: str, first: list[list[float]], second: list[list[float]]):
    (tensor,) = Inputs.parse(f"{view}:BCL").tensors(raw, CPU)
    assert tensor.dtype == torch.float32
    np.testing.assert_allclose(tensor.numpy(), np.array([first, second]), rtol=1e-6)


def test_the_smoothed_view_holds_the_smoothed_series_in_scaled_units(raw: RawWindows):
    smoothed = FilledWindows(np.full(raw.values.shape, 70.0), np.full(raw.values.shape, 7.0))
    (tensor,) = Inputs.parse("smoothed").tensors(replace(raw, smoothed=smoothed), CPU)
    assert (tensor == 7).all()
    with pytest.raises(InputError, match="the input filled"):
        Inputs.parse("smoothed").tensors(raw, CPU)


def test_orders_of_axes(raw: RawWindows):
    tensors = {order: Inputs.parse(f":{order}").tensors(raw, CPU)[0] for order in ("BLC", "BCL", "NL", "N1L", "NL1")}
    assert {order: tuple(tensor.shape) for order, tensor in tensors.items()} == {
        "BLC": (2, 4, 2),
        "BCL": (2, 2, 4),
        "NL": (4, 4),
        "N1L": (4, 1, 4),
        "NL1": (4, 4, 1),
    }
    assert tensors["NL"][0].tolist() == [1, 2, 3, 4]
    torch.testing.assert_close(tensors["NL"][3], tensors["BLC"][1, :, 1])
    torch.testing.assert_close(tensors["NL1"][:, :, 0], tensors["NL"])
    torch.testing.assert_close(tensors["N1L"].reshape(2, 2, 4), tensors["BCL"])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fillde:BLC", r"unknown view 'fillde': did you mean 'filled'\? .*Write for example filled,observed:BLC"),
        ("filled:CBL", r"unknown order of axes 'CBL'.*\(known: BLC, BCL, NL, N1L, NL1\)"),
        ("nothing:XYZ", r"unknown view 'nothing'.*unknown order of axes 'XYZ'"),
    ],
)
def test_unknown_inputs_are_refused(text: str, message: str):
    with pytest.raises(InputError, match=message):
        Inputs.parse(text)

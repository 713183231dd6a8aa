from __future__ import annotations

import pytest
import torch

from latentfill.core.errors import InputError
from latentfill.embeddings.timekd.student_net import StudentShape, VariableForecaster

SHAPE = StudentShape(length=10, pred_len=4, dim=8, layers=2, heads=2)


def forecaster(inputs: int = 10) -> VariableForecaster:
    return VariableForecaster(inputs, SHAPE).eval()


def test_a_forecaster_gives_an_encoding_for_each_column_an_attention_map_and_a_forecast():
    found = forecaster()(torch.randn(3, 5, 10))
    assert found.encoding.shape == (3, 5, 8)
    assert found.forecast.shape == (3, 4, 5)
    torch.testing.assert_close(found.attention.sum(2), torch.ones(3, 5))  # the attention of each column sums to 1


def test_weights_do_not_depend_on_the_number_or_order_of_columns():
    net, tokens = forecaster(), torch.randn(2, 4, 10)
    order = torch.tensor([2, 0, 3, 1])
    found, moved = net(tokens), net(tokens[:, order])
    torch.testing.assert_close(moved.encoding, found.encoding[:, order])
    torch.testing.assert_close(moved.forecast, found.forecast[:, :, order])
    torch.testing.assert_close(moved.attention, found.attention[:, order][:, :, order])


def test_columns_attend_to_each_other():
    net, tokens = forecaster(), torch.randn(1, 3, 10)
    other = tokens.clone()
    other[0, 2] += 1
    assert not torch.allclose(net(tokens).encoding[0, 0], net(other).encoding[0, 0])


def test_all_invalid_sizes_are_reported_at_once():
    with pytest.raises(InputError, match=r"length must be .*got 0; dim must be .*got 8\.0; layers must be .*got True"):
        StudentShape(length=0, pred_len=4, dim=8.0, layers=True)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"multiple of heads \(4\), got 6"):
        StudentShape(length=4, pred_len=4, dim=6)

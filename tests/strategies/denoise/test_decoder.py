import torch

from latentfill.strategies.denoise.decoder import KNOTS, UNFAMILIAR, familiarity, knot_weights


def test_trust_is_interpolated_between_two_knots():
    halfway = torch.tensor([KNOTS[1] ** 0.5 * KNOTS[2] ** 0.5, 1e-9, 100.0])
    expected = [[0, 0.5, 0.5, 0, 0], [1, 0, 0, 0, 0], [0, 0, 0, 0, 1]]
    torch.testing.assert_close(knot_weights(halfway), torch.tensor(expected), rtol=0, atol=1e-5)


def test_trust_falls_with_the_distance_of_a_level_from_the_usual_range():
    beyond = torch.tensor([0.0, UNFAMILIAR, -UNFAMILIAR, 100.0])
    torch.testing.assert_close(familiarity(beyond), torch.tensor([1.0, 0.5, 0.5, 1 / 40001]))

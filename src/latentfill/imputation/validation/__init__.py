"""Validation on held-out cells: weights of the candidates, their errors, and prediction intervals."""

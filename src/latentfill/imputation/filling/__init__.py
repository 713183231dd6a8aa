"""Filling the gaps of a series with a fitted model."""

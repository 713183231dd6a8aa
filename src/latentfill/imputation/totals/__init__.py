"""Sums and means of a filled table over periods, with intervals from its samples."""

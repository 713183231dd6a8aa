"""Kriging: the best linear estimate from all observed cells of a window."""

"""Kinds of columns: how methods that know only real numbers work on directions, meters, counts, flags and codes."""

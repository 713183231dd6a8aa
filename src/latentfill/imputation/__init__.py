"""Fitting strategies to a table, and filling its gaps."""

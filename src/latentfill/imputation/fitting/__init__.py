"""Fitting the encoder and all candidates to one series."""

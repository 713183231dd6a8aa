"""State space: an autoregression of all columns, observed with noise and smoothed over the whole series."""

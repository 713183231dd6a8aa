"""Measuring accuracy: hide known cells, fill them, score the estimates, and report the scores."""

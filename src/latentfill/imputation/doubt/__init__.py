"""Readings that are probably wrong: spikes, stuck runs, level shifts, and values that contradict the other columns."""

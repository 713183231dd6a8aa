"""Simple imputers that are well known, one subject a file; all have the interface `Baseline`."""

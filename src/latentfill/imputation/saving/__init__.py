"""Saving a fitted model as a folder, and loading it."""

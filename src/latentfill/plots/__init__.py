"""Figures of filled tables and of scores, as altair charts."""

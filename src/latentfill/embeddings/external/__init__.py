"""Encoders from other packages: Chronos models, and any torch module or function."""

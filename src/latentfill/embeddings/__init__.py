"""Embeddings of windows: made by an encoder, or read from files."""

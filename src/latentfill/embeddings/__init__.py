"""Vectors for windows: read from files, or made by an encoder."""

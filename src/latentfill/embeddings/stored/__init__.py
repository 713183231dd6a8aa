"""Embeddings that lie in files: TimeKD folders, `.h5` files, packed files."""

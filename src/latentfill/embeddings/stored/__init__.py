"""Embeddings stored in files: TimeKD folders, `.h5` files and packed files."""

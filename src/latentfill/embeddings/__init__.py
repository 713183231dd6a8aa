"""From windows to vectors: read from files, or made by an encoder."""

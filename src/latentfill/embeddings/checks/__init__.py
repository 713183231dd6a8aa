"""Whether stored embeddings belong to the windows of a table."""

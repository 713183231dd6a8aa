"""Windows that are nearest in embedding space."""

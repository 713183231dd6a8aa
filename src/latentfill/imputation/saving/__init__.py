"""A fitted model as a folder, and back."""

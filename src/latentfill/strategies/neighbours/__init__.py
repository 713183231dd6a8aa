"""Nearest windows in embedding space, as a strategy and as input of the denoising decoder."""

"""The denoising decoder from embedding to window."""

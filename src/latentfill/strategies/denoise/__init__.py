"""The denoising decoder: from a window's embedding and its observed cells to all of its cells."""

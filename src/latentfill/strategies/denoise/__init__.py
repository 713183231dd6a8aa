"""The denoising decoder: estimates all cells of a window from its embedding and its observed cells."""

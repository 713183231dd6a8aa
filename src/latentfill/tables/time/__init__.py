"""Time stamps: their formats, their column, and the grid that they lie on."""

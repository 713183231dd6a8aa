"""A series and its windows: scaling, cutting, blending, gaps, cycles, and cells that are hidden on purpose."""

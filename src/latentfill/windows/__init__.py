"""Series and windows: scaling, cutting, blending, gaps, cycles, and hiding observed cells on purpose."""

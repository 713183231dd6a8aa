"""A series and its windows: scaling, cutting, blending, gaps, and what is hidden on purpose."""

"""Reports of scores as HTML pages."""

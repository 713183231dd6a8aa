"""Large files as streams of rows: a few are in memory at a time."""

"""From a file or a frame to a series, and back: reading, understanding and writing tables."""

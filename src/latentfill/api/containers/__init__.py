"""Data that are no tables: what is read of them, and how the same kind comes back; one file for each library."""

"""The two interfaces of strategies: those that fill a series as it is, and those that work window by window."""

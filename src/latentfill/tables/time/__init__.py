"""Time stamps: their formats, their columns, and the grid that they lie on.

A stamp is a time as a table writes it, a moment the same time as datetime64[ns] in UTC.
"""

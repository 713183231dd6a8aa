"""Time stamps: their formats, the columns that contain them, and their regular grid.

A stamp is a time as it is written in a table; a moment is the same time as datetime64[ns] in UTC.
"""

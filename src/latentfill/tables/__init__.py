"""Reading a file or data frame as a series, and writing it back with its gaps filled."""

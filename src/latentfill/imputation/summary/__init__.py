"""What was done to a table, as JSON values."""

"""The summary of a filled table as JSON values."""

"""The encoder that is trained on the table itself."""

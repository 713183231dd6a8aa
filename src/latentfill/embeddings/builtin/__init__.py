"""The built-in encoder, which is trained on the table to fill."""

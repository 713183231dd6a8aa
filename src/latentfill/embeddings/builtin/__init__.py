"""The built-in encoder: trained on the table whose gaps it helps to fill."""

"""Descriptions of tables, stored embeddings, models and students as JSON values."""

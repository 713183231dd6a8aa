"""Shared by all other folders: errors, settings, messages, files, seeds, strategy names and the `Series` record."""

"""Strategies: ways to estimate the missing cells of a series, most of them from its windows and their embeddings."""

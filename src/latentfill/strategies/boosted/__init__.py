"""Boosting: regression trees correct the linear estimates of a first stage."""

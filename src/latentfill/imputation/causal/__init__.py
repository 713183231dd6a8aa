"""Filling from the past alone: no value depends on readings of later steps."""

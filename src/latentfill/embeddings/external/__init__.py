"""Other people's encoders: torch modules, saved programs, Chronos."""

"""Latent optimisation: the embedding whose decoded window agrees with the observed cells."""

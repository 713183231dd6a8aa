"""Latent optimisation: finds the embedding whose decoded window agrees with the observed cells."""

"""What every embedding, encoder and embedder looks like."""

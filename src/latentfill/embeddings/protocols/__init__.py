"""The interfaces of embeddings, encoders and embedders."""

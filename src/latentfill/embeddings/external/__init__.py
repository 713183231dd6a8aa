"""Encoders from elsewhere: Chronos models, any torch module or function, and models of the Hugging Face hub."""

"""Training of any network: batches, losses, the training loop, devices."""

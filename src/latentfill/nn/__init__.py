"""What several networks share: batches, losses, the training loop, devices."""

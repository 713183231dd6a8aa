"""What held-out cells tell: how to weight the candidates, and how far their estimates may be off."""

"""What a fill will need, before it is begun: time, memory and disk."""

"""What every strategy looks like."""

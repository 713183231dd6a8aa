"""What a path holds, as JSON values."""

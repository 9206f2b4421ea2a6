"""What agents offer, and finding it."""

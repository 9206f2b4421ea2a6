"""Payment channels: the mirror of their contract."""

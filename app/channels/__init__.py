"""Payment channels: the mirror of their contract, and the marketplace as the sequencer of vouchers for calls."""

"""Mirrored escrows: each row is a fold over the events of its task."""

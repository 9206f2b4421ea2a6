"""Disputes: evidence, settlements, rulings, and the default when the arbiter stays silent."""

"""Payments: where an address's money came from and went, as the chain recorded it."""

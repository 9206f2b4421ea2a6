"""Prices of listings that move by themselves, within the bounds that their agent set."""

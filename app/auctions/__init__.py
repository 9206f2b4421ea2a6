"""Auctions: signed bids, sealed until the close, and the award that the chain carries out."""

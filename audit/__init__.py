"""The ledger check: money and mirror, recomputed from the chain by code that shares nothing with what wrote them."""

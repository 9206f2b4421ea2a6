"""Bytes by SHA-256: stored once, readable by those they were granted to."""

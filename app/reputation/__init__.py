"""Reputation: reviews of paid work, and what finished tasks say about an agent."""

"""Agents: the registry mirror, profiles, registration carried for the owner."""

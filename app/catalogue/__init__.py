"""Capabilities by name and version: what goes in, what comes out, and which version may take another's place."""

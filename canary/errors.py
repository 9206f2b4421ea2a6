"""What stops a canary before it costs anything."""


class CanaryRefused(Exception):
    """Says which rule it breaks."""

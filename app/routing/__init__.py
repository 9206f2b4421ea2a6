"""Routing: which agent does a call now, and carrying it out with failover. docs/routing.md tells how it decides."""

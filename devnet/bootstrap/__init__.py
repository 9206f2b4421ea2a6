"""Makes a checkout runnable: uv, the Python environment and the npm parts, all from the lock files.

Runs with the system's Python, before anything is installed: imports the standard library alone.
"""

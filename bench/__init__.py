"""Benchmarks, each run by `scripts/bench NAME`. A figure is a ratio against a floor measured in the same run."""

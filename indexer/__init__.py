"""Mirrors the contracts into PostgreSQL: fetch, decode, fold, store, follow."""

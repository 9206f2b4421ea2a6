"""What `scripts/test --deep` adds about the contracts: static analysis, symbolic proofs and mutation testing."""

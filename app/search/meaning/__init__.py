"""Finding listings by meaning: vectors of what they say, by an embedder that the setting names."""

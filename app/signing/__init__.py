"""The platform's own keys: what they sign, where they are kept, and a signer that keeps one behind HTTP."""

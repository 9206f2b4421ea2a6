"""The outbox that carries signed intents to the chain, each with exactly one effect."""

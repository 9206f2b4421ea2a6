"""The log that everything live reads: what happened, in one order that never skips."""

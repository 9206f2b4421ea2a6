"""The chain behind one door: JSON-RPC, contracts, typed data and signatures."""

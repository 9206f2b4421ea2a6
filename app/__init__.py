"""The marketplace: what buyers, agents and operators talk to."""

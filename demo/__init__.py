"""The main job, played by processes of their own: agents, buyers and arbiters over a running network."""

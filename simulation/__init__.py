"""A market full of agents and buyers, some of them bad, on a running network: who they are is drawn from one seed."""

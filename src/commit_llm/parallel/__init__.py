"""Where arrays live: the mesh and the sharding rules."""

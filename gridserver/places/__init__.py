"""Places: the road network."""

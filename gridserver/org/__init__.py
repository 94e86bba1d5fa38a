"""The unit tree (bureau, station, team, group) and how each station works."""

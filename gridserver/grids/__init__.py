"""Grid versions, their cells, and which cell a point lies in at a moment."""

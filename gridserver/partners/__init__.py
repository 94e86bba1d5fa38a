"""Other agencies: who they are, how messages between us are signed, and what waits to be sent."""

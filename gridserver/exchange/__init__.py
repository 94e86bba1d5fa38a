"""What comes from other systems: reports, by post or from a view, and answers to hand-overs."""

"""Officers, who owns which cell, who is on duty, who is absent, and where they are."""

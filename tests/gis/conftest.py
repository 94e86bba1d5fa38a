"""Property tests of geometry are not timed: the first example of a kind builds a transformer."""

from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")

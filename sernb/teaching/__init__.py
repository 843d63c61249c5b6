"""Exercises, self-checks, slides, the starter folder."""

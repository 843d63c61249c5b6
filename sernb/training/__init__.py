"""The loop every recipe runs on, and one file a recipe."""
